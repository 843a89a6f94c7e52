import { KMSClient } from '@aws-sdk/client-kms';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createAwsEndpoint, type AwsEndpointOptions } from '../../lib/local/aws-endpoint/endpoint.ts';
import { AwsError } from '../../lib/local/aws-endpoint/aws-error.ts';
import { toEpochMs } from '../../lib/domain/time.ts';
import type { PaymentConnector } from '../../lib/domain/tenants/resources.ts';
import { createProvisioners } from '../../lib/wallets/provisioners.ts';

export const REGION = 'eu-west-1';
export const ACCOUNT = '111122223333';
export const PAYING_ROLE = `arn:aws:iam::${ACCOUNT}:role/bursar-process-payment`;
export const KEY_ADMIN_ROLE = `arn:aws:iam::${ACCOUNT}:role/bursar-key-admin`;
export const NOW = toEpochMs(1_760_000_000_000);

/** A local KMS and Secrets Manager with clients and provisioners that talk to it over HTTP. */
export interface TestAws {
  readonly kms: KMSClient;
  readonly secrets: SecretsManagerClient;
  /** What makes the lean calls talk to it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly provisioners: ReturnType<typeof createProvisioners>;
  /** Actions that reached the endpoint, such as `Sign`. */
  readonly calls: string[];
  /** While true, every request is answered as throttled. */
  throttling: boolean;
  close(): Promise<void>;
}

export async function startAws(options: Partial<AwsEndpointOptions> = {}): Promise<TestAws> {
  const calls: string[] = [];
  const endpoint = await createAwsEndpoint({
    dataDir: null,
    region: REGION,
    account: ACCOUNT,
    now: () => NOW,
    verify: ({ headers }) => {
      calls.push(String(headers['x-amz-target']).split('.')[1] ?? '');
      return aws.throttling ? new AwsError('ThrottlingException', 'Rate exceeded') : null;
    },
    ...options,
  });
  const config = clientConfig(endpoint.url);
  const kms = new KMSClient(config);
  const secrets = new SecretsManagerClient(config);
  const aws: TestAws = {
    kms,
    secrets,
    environment: {
      AWS_REGION: REGION,
      AWS_ENDPOINT_URL: endpoint.url,
      AWS_ACCESS_KEY_ID: 'AKIDTEST',
      AWS_SECRET_ACCESS_KEY: 'not-a-secret',
    },
    provisioners: createProvisioners({
      walletKeys: {
        client: kms,
        deploymentTag: 'test',
        payingRoleArn: PAYING_ROLE,
        keyAdminRoleArn: KEY_ADMIN_ROLE,
        partition: 'aws',
        account: ACCOUNT,
        clock: { sleep: () => Promise.resolve() },
      },
      walletSecrets: { client: secrets, secretNamePrefix: 'bursar/test' },
    }),
    calls,
    throttling: false,
    close: async () => {
      kms.destroy();
      secrets.destroy();
      await endpoint.close();
    },
  };
  return aws;
}

export function clientConfig(endpoint: string, accessKeyId = 'AKIDTEST') {
  return {
    endpoint,
    region: REGION,
    credentials: { accessKeyId, secretAccessKey: 'not-a-secret' },
    maxAttempts: 1,
  };
}

/** A connector as the registry would hold it. */
export function makeConnector(material: PaymentConnector['material']): PaymentConnector {
  return {
    managerId: 'tests-0000000001',
    connectorId: 'wallets-0000000001',
    name: 'wallets',
    description: null,
    status: 'READY',
    material,
    ignored: null,
    createdAt: NOW,
    updatedAt: NOW,
    revision: 1,
  };
}
