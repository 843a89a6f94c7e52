import { GetItemCommand, PutItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { beforeAll, describe, expect, test } from 'vitest';
import { CREATE_LEASE_MS } from '../../lib/domain/limits.ts';
import { PageTokenRefused, type Registry } from '../../lib/domain/ports.ts';
import { createStoreClient } from '../../lib/ledger/dynamodb/client.ts';
import { formatPageToken } from '../../lib/ledger/dynamodb/page-token.ts';
import { createRegistry } from '../../lib/ledger/dynamodb/registry.ts';
import { registryListContract } from '../contracts/registry-lists.ts';
import { registryContract } from '../contracts/registry.ts';
import { withDatabase } from '../support/database.ts';
import { NOW } from '../support/payments.ts';
import { activate, makeConnector, makeInstrument, makeManager } from '../support/registry.ts';

const database = withDatabase();
beforeAll(() => {
  Object.assign(process.env, database.environment);
});

async function makeRegistry(): Promise<Registry> {
  // Hundreds of requests go through one client at once.
  const client = createStoreClient({ maxAttempts: 3, timeoutMs: 20_000 });
  return createRegistry({ tableName: database.registryTable, client });
}

async function readStored(pk: string, sk: string): Promise<Record<string, AttributeValue>> {
  const Key = { pk: { S: pk }, sk: { S: sk } };
  const command = new GetItemCommand({ TableName: database.registryTable, Key, ConsistentRead: true });
  return (await database.client.send(command)).Item ?? {};
}

async function overwrite(item: Record<string, AttributeValue>): Promise<void> {
  await database.client.send(new PutItemCommand({ TableName: database.registryTable, Item: item }));
}

registryContract('the registry on DynamoDB', makeRegistry);
registryListContract('the registry on DynamoDB', makeRegistry);

describe('a token with a position of another making', () => {
  test('begins the page there if it is an instrument id, and is refused otherwise', async () => {
    const registry = await makeRegistry();
    const instrument = makeInstrument({ instrumentId: 'payment-instrument-mmmmmmmmmmmmmmm' });
    await registry.claimInstrument(instrument, 'h1', NOW);
    const read = (position: string) => {
      const nextToken = formatPageToken(['instruments', instrument.managerId, instrument.userId, ''], position);
      return registry.listInstruments(instrument, { maxResults: 10, nextToken });
    };
    expect(await read('payment-instrument-aaaaaaaaaaaaaaa')).toEqual({ items: [instrument] });
    expect(await read('payment-instrument-zzzzzzzzzzzzzzz')).toEqual({ items: [] });
    for (const position of ['', 'payment-instrument-aaaaaaaaaaaaaa', 'MGR', 'payment-instrument-aaaaaaaaaaaaaa#']) {
      await expect(read(position), position).rejects.toThrow(PageTokenRefused);
    }
  });
});

describe('what the registry stores', () => {
  test('has the documented keys and a version, and no claim once completed', async () => {
    const registry = await makeRegistry();
    const manager = makeManager();
    const connector = makeConnector({ managerId: manager.managerId });
    const instrument = makeInstrument({ managerId: manager.managerId, userId: 'a#b' });
    await registry.createManager(manager, 'h1');
    await registry.claimConnector(connector.managerId, connector.connectorId, 'h1', NOW);
    await registry.completeConnector(connector, 'h1');
    await registry.claimInstrument(instrument, 'h1', NOW);
    const claimed = await readStored(`INS#${manager.managerId}#a#b`, instrument.instrumentId);
    expect(claimed).toMatchObject({ v: { N: '1' }, claimedUntil: { N: `${NOW + CREATE_LEASE_MS}` } });
    await registry.completeInstrument(activate(instrument));

    const items = [
      await readStored(`MGR#${manager.managerId}`, 'MGR'),
      await readStored(`MGR#${manager.managerId}`, `CON#${connector.connectorId}`),
      await readStored(`INS#${manager.managerId}#a#b`, instrument.instrumentId),
    ];
    for (const item of items) {
      expect(item).toMatchObject({ v: { N: '1' }, requestHash: { S: 'h1' } });
      expect(Object.keys(item)).not.toContain('claimedUntil');
      expect(Object.keys(item)).not.toContain('claimMark');
    }
  });

  test('is refused when a later release wrote it, and read when this one did', async () => {
    const registry = await makeRegistry();
    const manager = makeManager();
    await registry.createManager(manager, 'h1');
    const item = await readStored(`MGR#${manager.managerId}`, 'MGR');
    expect(await registry.readManager(manager.managerId)).toEqual(manager);
    await overwrite({ ...item, v: { N: '2' } });
    await expect(registry.readManager(manager.managerId)).rejects.toThrow(/schema version 2/);
  });

  test.each([
    ['status', { S: 'PAUSED' }],
    ['network', { S: 'SOLANA' }],
    ['linkedAccounts', { S: '[{"email":"a@example.com"}]' }],
    ['walletType', { S: 'Paper' }],
    ['address', { S: '0x12' }],
  ])('is refused with a %s that no release writes', async (name, value) => {
    const registry = await makeRegistry();
    const instrument = makeInstrument();
    await registry.claimInstrument(instrument, 'h1', NOW);
    await registry.completeInstrument(activate(instrument));
    const item = await readStored(`INS#${instrument.managerId}#user#1`, instrument.instrumentId);
    await overwrite({ ...item, [name]: value });
    await expect(registry.readInstrument(instrument, instrument.instrumentId)).rejects.toThrow(/unknown|malformed/);
  });
});
