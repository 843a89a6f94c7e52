import { makersOf, provisionersOf } from './wallet-lists.ts';
import { randomBytes } from 'node:crypto';
import { GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { WalletProvisioner } from '../../lib/domain/ports/services.ts';
import { signedCaller } from '../../lib/domain/tenants/principal.ts';
import { createClientTokens } from '../../lib/ledger/dynamodb/registry/client-tokens.ts';
import type { Item } from '../../lib/ledger/dynamodb/store/client.ts';
import { createStoreClient } from '../../lib/ledger/dynamodb/store/sdk-client.ts';
import { createIdentityStore } from '../../lib/ledger/dynamodb/registry/identity-store.ts';
import { providerKey } from '../../lib/ledger/dynamodb/registry/identity-items.ts';
import { createRegistry } from '../../lib/ledger/dynamodb/registry/registry.ts';
import { connectorKey } from '../../lib/ledger/dynamodb/registry/connector-items.ts';
import { managerKey } from '../../lib/ledger/dynamodb/registry/manager-items.ts';
import { createConnector } from '../../lib/service/tenants/connectors.ts';
import { createManager } from '../../lib/service/tenants/managers.ts';
import type { TestDatabase } from './database.ts';
import { PAYER, wallClock } from './paying.ts';

const deployment = { partition: 'aws', region: 'us-east-1', account: '111122223333' };
export const roleArn = 'arn:aws:iam::111122223333:role/service';
export const user = signedCaller('user-1');

/** A face that shows resources as they are. */
export const plain = <T extends object>(resource: T): T => resource;

const provisioner: WalletProvisioner = {
  type: 'AwsKms',
  findProblem: () => Promise.resolve(null),
  createConnector: async () => ({ type: 'AwsKms' }),
  createKey: async () => ({ address: PAYER, key: { type: 'AwsKms', keyArn: 'arn:aws:kms:key/1' } }),
};

/**
 * The use cases of managers, connectors and instruments over a real store, and a look at what they left there.
 * @param endpoint a hop in front of the database
 */
export function createResourceWorld(database: TestDatabase, endpoint = database.endpoint) {
  Object.assign(process.env, database.environment, { AWS_ENDPOINT_URL_DYNAMODB: endpoint });
  const table = {
    tableName: database.registryTable,
    client: createStoreClient({ maxAttempts: 3, timeoutMs: 20_000 }),
  };
  const deps = {
    registry: createRegistry(table),
    identities: createIdentityStore(table),
    tokens: createClientTokens(table),
    provisioners: provisionersOf(provisioner),
    makers: makersOf(provisioner),
    gate: { find: async () => null },
    deployment,
    trustedIssuers: null,
    signerOrigins: [],
    signerFunctions: [],
    clock: wallClock,
    random: { bytes: (length: number) => Uint8Array.from(randomBytes(length)), fraction: () => 0.5 },
  };

  async function read(key: Item): Promise<Item | null> {
    const command = new GetItemCommand({ TableName: table.tableName, Key: key, ConsistentRead: true });
    return (await database.client.send(command)).Item ?? null;
  }

  async function query(pk: string): Promise<readonly Item[]> {
    const command = new QueryCommand({
      TableName: table.tableName,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: pk } },
      ConsistentRead: true,
    });
    return (await database.client.send(command)).Items ?? [];
  }

  return {
    deps,
    newManager: async (): Promise<string> => {
      const input = { name: 'demo', authorizer: { type: 'AWS_IAM' }, roleArn } as const;
      return valueOf(await createManager(deps, input, plain)).managerId;
    },
    newConnector: async (managerId: string): Promise<string> => {
      const made = await createConnector(deps, { managerId, name: 'kms', type: 'AwsKms' }, plain);
      return valueOf(made).connectorId;
    },
    arnOf: (managerId: string) => ({ deployment, resource: managerId }),
    manager: (managerId: string) => read(managerKey(managerId)),
    connector: (managerId: string, connectorId: string) => read(connectorKey(managerId, connectorId)),
    provider: (name: string) => read(providerKey(name)),
    /** Everything stored of a manager's connectors, deleted and begun ones too. */
    connectorsOf: async (managerId: string) =>
      (await query(`MGR#${managerId}`)).filter((item) => item['sk']?.S?.startsWith('CON#')),
    instrumentsOf: (managerId: string) => query(`INS#${managerId}#${user.userId}`),
  };
}

export type ResourceWorld = ReturnType<typeof createResourceWorld>;

export function valueOf<T>(result: { readonly ok: boolean; readonly value?: T; readonly error?: unknown }): T {
  if (!result.ok || result.value === undefined) throw new Error(`refused: ${JSON.stringify(result.error)}`);
  return result.value;
}
