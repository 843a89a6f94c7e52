import type { Environment } from '../template/environment.ts';
import { AwsError } from './aws-error.ts';
import { ALGORITHM_OF, loadSigningKey, type KeySpec } from './kms-key.ts';
import type { Tag } from './members.ts';

/** A key as it is kept. */
export interface KeyRecord {
  readonly keyId: string;
  readonly arn: string;
  readonly spec: KeySpec;
  readonly description: string;
  /** The policy's JSON text, as it was given. */
  readonly policy: string;
  readonly tags: readonly Tag[];
  readonly createdAtSeconds: number;
  /** PKCS #8 in base64. */
  readonly material: string;
}

/** The key as KMS describes it. */
export function describeKey(environment: Environment, key: KeyRecord): object {
  return {
    AWSAccountId: environment.account,
    KeyId: key.keyId,
    Arn: key.arn,
    CreationDate: key.createdAtSeconds,
    Enabled: true,
    Description: key.description,
    KeyUsage: 'SIGN_VERIFY',
    KeyState: 'Enabled',
    Origin: 'AWS_KMS',
    KeyManager: 'CUSTOMER',
    CustomerMasterKeySpec: key.spec,
    KeySpec: key.spec,
    SigningAlgorithms: [ALGORITHM_OF[key.spec]],
    MultiRegion: false,
  };
}

/** Reads a policy's text. Throws MalformedPolicyDocumentException where it is none; looks no further than its form. */
export function parsePolicy(text: string): object {
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch {
    policy = null;
  }
  const isPolicy = typeof policy === 'object' && policy !== null && 'Statement' in policy;
  if (!isPolicy) throw new AwsError('MalformedPolicyDocumentException', 'Policy contains a syntax error');
  return policy as object;
}

/** What KMS attaches to a key that is made without a policy. */
export function defaultPolicy({ partition, account }: Environment): string {
  const root = `arn:${partition}:iam::${account}:root`;
  return JSON.stringify({
    Version: '2012-10-17',
    Id: 'key-default-1',
    Statement: [
      {
        Sid: 'Enable IAM User Permissions',
        Effect: 'Allow',
        Principal: { AWS: root },
        Action: 'kms:*',
        Resource: '*',
      },
    ],
  });
}

/** Reads a stored record; throws where its key or policy can't be read. Only this endpoint writes there. */
export function parseKeyRecord(value: unknown): KeyRecord {
  const record = value as KeyRecord;
  loadSigningKey(record.spec, Buffer.from(record.material, 'base64'));
  parsePolicy(record.policy);
  return record;
}
