import { GetItemCommand, PutItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { beforeAll, describe, expect, test } from 'vitest';
import { CONNECTORS_MAX, CREATE_LEASE_MS, INSTRUMENTS_MAX } from '../../lib/domain/limits.ts';
import { PageTokenRefused } from '../../lib/domain/ports/services.ts';
import type { Registry } from '../../lib/domain/ports/registry.ts';
import { discoveryUrlOf } from '../../lib/domain/tenants/jwt-authorizer.ts';
import type { SolanaInstrument } from '../../lib/domain/tenants/resources.ts';
import type { SolanaAddress } from '../../lib/domain/tenants/solana.ts';
import { createIssuerIndex } from '../../lib/ledger/dynamodb/registry/issuer-index.ts';
import { createStoreClient } from '../../lib/ledger/dynamodb/store/sdk-client.ts';
import { formatPageToken } from '../../lib/ledger/dynamodb/store/page-token.ts';
import { createRegistry } from '../../lib/ledger/dynamodb/registry/registry.ts';
import { registryListContract } from '../contracts/registry-lists.ts';
import { registryContract } from '../contracts/registry.ts';
import { withDatabase } from '../support/database.ts';
import { NOW } from '../support/payments.ts';
import { makeJwtAuthorizer } from '../support/principals.ts';
import { activate, createParents, makeConnector, makeInstrument, makeManager } from '../support/registry.ts';

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
    const parents = await createParents(registry);
    const instrument = makeInstrument({ ...parents, instrumentId: 'payment-instrument-mmmmmmmmmmmmmmm' });
    await registry.beginInstrument(instrument, 'h1', NOW);
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

describe('a place where there are as many as there may be', () => {
  const setCount = async (pk: string, sk: string, name: string, count: number) =>
    overwrite({ ...(await readStored(pk, sk)), [name]: { N: `${count}` } });

  test('is refused to a connector one above the bound, before it is begun and when it is completed', async () => {
    const registry = await makeRegistry();
    const { managerId } = makeManager();
    await registry.createManager(makeManager({ managerId }), null);
    const [first, second, third] = [1, 2, 3].map(() => makeConnector({ managerId }));
    const begin = ({ connectorId }: { connectorId: string }) =>
      registry.beginConnector(managerId, connectorId, 'h1', NOW);
    await setCount(`MGR#${managerId}`, 'MGR', 'connectors', CONNECTORS_MAX - 1);
    expect([await begin(first!), await begin(second!)]).toEqual([{ kind: 'begun' }, { kind: 'begun' }]);
    expect(await registry.completeConnector(first!, 'h1', null)).toBe('completed');
    expect(await registry.completeConnector(second!, 'h1', null)).toBe('manager_full');
    expect(await begin(third!)).toEqual({ kind: 'no_place', why: 'full' });
    // What is there keeps its answer.
    expect(await begin(first!)).toMatchObject({ kind: 'exists', resource: first });
  });

  test('is refused to an instrument one above the bound, and not to a repetition', async () => {
    const registry = await makeRegistry();
    const parents = await createParents(registry);
    await setCount(`MGR#${parents.managerId}`, `CON#${parents.connectorId}`, 'instruments', INSTRUMENTS_MAX - 1);
    const [first, second] = [makeInstrument(parents), makeInstrument(parents)];
    expect(await registry.beginInstrument(first, 'h1', NOW)).toEqual({ kind: 'begun' });
    expect(await registry.beginInstrument(second, 'h1', NOW)).toEqual({ kind: 'no_place', why: 'full' });
    expect(await registry.readInstrument(second, second.instrumentId)).toBeNull();
    expect(await registry.beginInstrument(first, 'h1', NOW)).toMatchObject({ kind: 'in_progress' });
    expect(await registry.deleteInstrument(first, first.instrumentId, NOW)).not.toBeNull();
    expect(await registry.beginInstrument(second, 'h1', NOW)).toEqual({ kind: 'begun' });
  });
});

describe('what the registry stores', () => {
  test('has the documented keys and a version, and no draft once completed', async () => {
    const registry = await makeRegistry();
    const manager = makeManager();
    const connector = makeConnector({ managerId: manager.managerId });
    const { managerId, connectorId } = connector;
    const instrument = makeInstrument({ managerId, connectorId, userId: 'a#b' });
    await registry.createManager(manager, null);
    await registry.beginConnector(connector.managerId, connector.connectorId, 'h1', NOW);
    await registry.completeConnector(connector, 'h1', null);
    await registry.beginInstrument(instrument, 'h1', NOW);
    const begun = await readStored(`INS#${manager.managerId}#a#b`, instrument.instrumentId);
    expect(begun).toMatchObject({ v: { N: '1' }, claimedUntil: { N: `${NOW + CREATE_LEASE_MS}` } });
    await registry.completeInstrument(activate(instrument));

    const items = [
      await readStored(`MGR#${manager.managerId}`, 'MGR'),
      await readStored(`MGR#${manager.managerId}`, `CON#${connector.connectorId}`),
      await readStored(`INS#${manager.managerId}#a#b`, instrument.instrumentId),
    ];
    expect(items[1]).toMatchObject({ requestHash: { S: 'h1' } });
    for (const item of items) {
      expect(item).toMatchObject({ v: { N: '1' } });
      expect(Object.keys(item)).not.toContain('claimedUntil');
      expect(Object.keys(item)).not.toContain('claimMark');
    }
  });

  test('is a tombstone of a deleted manager, with no identity and no issuer left of it', async () => {
    const registry = await makeRegistry();
    const issuer = 'https://tombstone.example';
    const authorizer = {
      type: 'CUSTOM_JWT',
      jwt: makeJwtAuthorizer({ discoveryUrl: discoveryUrlOf(issuer) }),
    } as const;
    const manager = makeManager({ authorizer });
    const { managerId } = manager;
    const issuers = createIssuerIndex({
      tableName: database.registryTable,
      client: createStoreClient({ maxAttempts: 3 }),
    });
    expect(await issuers.findDiscoveryUrl(issuer)).toBeNull();
    await registry.createManager(manager, null);
    expect(await issuers.findDiscoveryUrl(issuer)).toBe(authorizer.jwt.discoveryUrl);
    expect(await readStored(`WLI#${managerId}`, 'WLI')).toMatchObject({ manager: { S: managerId } });
    expect(await registry.deleteManager(manager, null, NOW)).toBe('changed');
    expect(await readStored(`WLI#${managerId}`, 'WLI')).toEqual({});
    expect(await issuers.findDiscoveryUrl(issuer)).toBeNull();
    const tombstone = await readStored(`MGR#${managerId}`, 'MGR');
    expect(tombstone['status']).toEqual({ S: 'DELETED' });
    expect(Object.keys(tombstone)).not.toContain('lk');
  });

  test('follows the authorizer of a manager among the issuers, and keeps those of others', async () => {
    const registry = await makeRegistry();
    const issuers = createIssuerIndex({
      tableName: database.registryTable,
      client: createStoreClient({ maxAttempts: 3 }),
    });
    const trusting = (issuer: string) =>
      ({ type: 'CUSTOM_JWT', jwt: makeJwtAuthorizer({ discoveryUrl: discoveryUrlOf(issuer) }) }) as const;
    const [a, b] = ['https://a.example', 'https://b.example'];
    const one = makeManager({ authorizer: trusting(a) });
    const two = makeManager({ authorizer: trusting(a) });
    await registry.createManager(one, null);
    await registry.createManager(two, null);
    const moved = { ...one, authorizer: trusting(b), revision: 2 };
    expect(await registry.replaceManager(moved, one, null)).toBe('changed');
    expect(await issuers.findDiscoveryUrl(b)).toBe(discoveryUrlOf(b));
    expect(await issuers.findDiscoveryUrl(a)).toBe(discoveryUrlOf(a));
    expect(await registry.deleteManager(two, null, NOW)).toBe('changed');
    expect(await issuers.findDiscoveryUrl(a)).toBeNull();
    const signed = { ...moved, authorizer: { type: 'AWS_IAM' }, revision: 3 } as const;
    expect(await registry.replaceManager(signed, moved, null)).toBe('changed');
    expect(await issuers.findDiscoveryUrl(b)).toBeNull();
  });

  test('is refused when a later release wrote it, and read when this one did', async () => {
    const registry = await makeRegistry();
    const manager = makeManager();
    await registry.createManager(manager, null);
    const item = await readStored(`MGR#${manager.managerId}`, 'MGR');
    expect(await registry.readManager(manager.managerId)).toEqual(manager);
    await overwrite({ ...item, v: { N: '2' } });
    await expect(registry.readManager(manager.managerId)).rejects.toThrow(/schema version 2/);
  });

  test('is a wallet of Solana as it was written', async () => {
    const registry = await makeRegistry();
    const { network: _evm, wallet: _none, ...rest } = makeInstrument(await createParents(registry));
    const begun: SolanaInstrument = { ...rest, network: 'SOLANA', wallet: null };
    await registry.beginInstrument(begun, 'h1', NOW);
    expect(await registry.readInstrument(begun, begun.instrumentId)).toEqual(begun);
    const address = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v' as SolanaAddress;
    const key = { type: 'CoinbaseCDP', connector: 'manager/connector', endUserId: null } as const;
    const active: SolanaInstrument = { ...begun, status: 'ACTIVE', wallet: { address, key } };
    await registry.completeInstrument(active);
    expect(await registry.readInstrument(begun, begun.instrumentId)).toEqual(active);
  });

  test.each([
    ['status', { S: 'PAUSED' }],
    ['network', { S: 'BITCOIN' }],
    // Its address is none of Solana.
    ['network', { S: 'SOLANA' }],
    ['linkedAccounts', { S: '[{"email":"a@example.com"}]' }],
    ['walletType', { S: 'Paper' }],
    ['address', { S: '0x12' }],
  ])('is refused with a %s that no release writes', async (name, value) => {
    const registry = await makeRegistry();
    const instrument = makeInstrument(await createParents(registry));
    await registry.beginInstrument(instrument, 'h1', NOW);
    await registry.completeInstrument(activate(instrument));
    const item = await readStored(`INS#${instrument.managerId}#user#1`, instrument.instrumentId);
    await overwrite({ ...item, [name]: value });
    await expect(registry.readInstrument(instrument, instrument.instrumentId)).rejects.toThrow(/unknown|malformed/);
  });
});
