import { DynamoDBClient, TransactWriteItemsCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { createRegistry } from '../../lib/ledger/dynamodb/registry/registry.ts';
import { createTagStore } from '../../lib/ledger/dynamodb/registry/tag-store.ts';
import { readAccess, type TableAccess } from '../../lib/local/iam/database-access.ts';
import { makeInstrument } from '../support/registry.ts';
import { NOW } from '../support/payments.ts';
import { app, onItem, whoMay, type Question } from './access.ts';
import { toStoreClient } from '../../lib/ledger/dynamodb/store/sdk-client.ts';

const MANAGER = 'acme-0123456789';
const onManager = (attributes: readonly string[]): Question => {
  const question = onItem('UpdateItem', 'Registry', `MGR#${MANAGER}`);
  return { ...question, context: { ...question.context, 'dynamodb:Attributes': ['pk', 'sk', ...attributes] } };
};

describe('of a manager and its connectors', () => {
  test.each([
    ['the authorizer', ['jwt', 'authorizerType']],
    ['the role', ['roleArn']],
    ['the name of its workload', ['workloadName']],
    ['key material', ['secretArn']],
    ['the public key that wallets derive from', ['extendedPublicKey']],
    ['the authorizer, beside tags', ['tags', 'revision', 'jwt']],
  ])('only manage-connectors changes %s', async (_what, attributes) => {
    expect(await whoMay(onManager(attributes))).toEqual(['manage-connectors']);
  });

  test('manage-identities changes tags, manage-instruments does not', async () => {
    expect(await whoMay(onManager(['tags']))).toEqual(['manage-connectors', 'manage-identities']);
  });

  test('manage-instruments counts instruments and keys, manage-identities does not', async () => {
    for (const counter of ['instruments', 'keysTaken']) {
      expect(await whoMay(onManager([counter]))).toEqual(['manage-connectors', 'manage-instruments']);
    }
  });
});

describe('what the stores really send', () => {
  const client = new DynamoDBClient({ region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
  const sent = mockClient(client);
  beforeEach(() => {
    sent.reset();
  });
  afterAll(() => client.destroy());

  const { TableName: tableName } = app.deployment.tables.find(({ TableName }) => TableName?.includes('Registry'))!;
  const table = { tableName: tableName!, client: toStoreClient(client) };

  function updates(): TableAccess[] {
    const commands = sent.calls().map(({ args: [command] }) => command);
    return commands
      .flatMap((command) =>
        readAccess(command.constructor.name.replace(/Command$/, ''), command.input, app.deployment.tables)!,
      )
      .filter(({ action, leadingKeys: [key] }) => action === 'UpdateItem' && key?.startsWith('MGR#'));
  }

  async function expectOnly(name: string): Promise<void> {
    expect(updates()).not.toEqual([]);
    for (const { attributes } of updates()) expect(await whoMay(onManager(attributes))).toContain(name);
  }

  test('manage-identities may replace tags', async () => {
    sent.on(UpdateItemCommand).resolves({ Attributes: {} });
    await createTagStore(table).replaceTags({ kind: 'manager', id: MANAGER }, { owner: 'me' }, 1, NOW);
    await expectOnly('manage-identities');
  });

  test('manage-instruments may claim an instrument and take the index of its key', async () => {
    sent.on(UpdateItemCommand).resolves({ Attributes: { keysTaken: { N: '1' } } });
    sent.on(TransactWriteItemsCommand).resolves({});
    const registry = createRegistry(table);
    const instrument = makeInstrument({ managerId: MANAGER, status: 'INITIATED', wallet: null });
    await registry.beginInstrument(instrument, 'h1', NOW);
    await registry.takeKeyIndex(MANAGER, instrument.connectorId, 0);
    expect(updates()).toHaveLength(2);
    await expectOnly('manage-instruments');
  });
});
