import { toEpochMs } from '../../domain/time.ts';
import { AwsError } from '../aws-endpoint/aws-error.ts';
import type { AwsEndpointOptions } from '../aws-endpoint/endpoint.ts';
import type { AccessPolicies } from './access-policies.ts';
import type { CredentialStore } from './credentials.ts';
import type { Environment } from '../template/environment.ts';
import { verifySignature, type SignatureRefusal } from '../../sigv4/verification.ts';

export type AwsHooks = Required<Pick<AwsEndpointOptions, 'authorize' | 'verify'>>;

export interface AwsHooksOptions {
  readonly environment: Environment;
  readonly credentials: CredentialStore;
  readonly accessPolicies: AccessPolicies;
}

/** What AWS's JSON services call it. */
export const ERROR_NAMES: Readonly<Record<SignatureRefusal['reason'], string>> = {
  missing: 'MissingAuthenticationTokenException',
  incomplete: 'IncompleteSignatureException',
  'unknown-key': 'UnrecognizedClientException',
  'wrong-scope': 'InvalidSignatureException',
  expired: 'InvalidSignatureException',
  invalid: 'InvalidSignatureException',
};

/** Puts the templates' roles in front of the embedded KMS and Secrets Manager: who signed, and whether that role may. */
export function createAwsHooks({ environment, credentials, accessPolicies }: AwsHooksOptions): AwsHooks {
  // Before a key exists it has no policy to ask: the caller's own permissions decide.
  const delegating = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: `arn:${environment.partition}:iam::${environment.account}:root` },
        Action: 'kms:*',
        Resource: '*',
      },
    ],
  };
  return {
    verify: ({ method, url, rawHeaders, body, service }) => {
      const verified = verifySignature(
        { method, target: url, headers: toPairs(rawHeaders), body },
        {
          region: environment.region,
          service,
          findCredential: credentials.find,
          now: toEpochMs(Date.now()),
        },
      );
      if (verified.ok) return null;
      return new AwsError(ERROR_NAMES[verified.error.reason], verified.error.message);
    },
    authorize: async ({ accessKeyId, service, action, resourceArn, context, keyPolicy }) => {
      const caller = credentials.find(accessKeyId);
      if (caller === null) return false;
      const { roleName, sessionName } = caller;
      return accessPolicies.isAllowed({
        caller: { roleName, sessionName },
        action: `${service}:${action}`,
        resource: resourceArn,
        context,
        ...(service === 'kms' ? { resourcePolicy: keyPolicy ?? delegating } : {}),
      });
    },
  };
}

/** Node gives names and values in turn. */
export function toPairs(rawHeaders: readonly string[]): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) pairs.push([rawHeaders[i]!, rawHeaders[i + 1]!]);
  return pairs;
}
