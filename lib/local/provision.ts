import { createBursarClient, type BursarClient } from '../client/index.ts';
import type { LocalInfo } from './info.ts';
import type { LocalServices } from './services.ts';

/** Tokens of our own, so that a restart finds what an earlier start made. */
const token = (what: string): string => `local-stack-${what}-000000000000000000000000`;

/** Makes the payment manager and a connector of each type through the API, or finds the ones of an earlier start. */
export async function provision(
  services: Pick<LocalServices, 'endpoint' | 'region' | 'credentials'>,
): Promise<Pick<LocalInfo, 'paymentManagerArn' | 'paymentConnectorIds'>> {
  const client = createBursarClient({
    endpoint: services.endpoint,
    region: services.region,
    credentials: services.credentials.controlPlane,
  });
  const manager = await client.call<{ paymentManagerArn: string; paymentManagerId: string }>({
    method: 'POST',
    path: '/payments/managers',
    body: {
      name: 'local',
      authorizerType: 'AWS_IAM',
      roleArn: 'arn:aws:iam::000000000000:role/unused',
      clientToken: token('manager'),
    },
  });
  const [seedVault, awsKms] = await Promise.all([
    createConnector(client, manager.paymentManagerId, 'SeedVault'),
    createConnector(client, manager.paymentManagerId, 'AwsKms'),
  ]);
  return {
    paymentManagerArn: manager.paymentManagerArn,
    paymentConnectorIds: { SeedVault: seedVault, AwsKms: awsKms },
  };
}

async function createConnector(client: BursarClient, managerId: string, type: 'SeedVault' | 'AwsKms'): Promise<string> {
  const { paymentConnectorId } = await client.call<{ paymentConnectorId: string }>({
    method: 'POST',
    path: `/payments/managers/${managerId}/connectors`,
    body: { name: type.toLowerCase(), type, clientToken: token(type), credentialProviderConfigurations: [] },
  });
  return paymentConnectorId;
}
