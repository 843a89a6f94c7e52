import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CONFLICT_ATTEMPTS_MAX } from '../../lib/domain/limits.ts';
import { NotNow, OutcomeUnknown } from '../../lib/domain/ports/services.ts';
import type { ClientTokens, Registry } from '../../lib/domain/ports/registry.ts';
import { addMs } from '../../lib/domain/time.ts';
import { createClientTokens } from '../../lib/ledger/dynamodb/registry/client-tokens.ts';
import { createStoreClient } from '../../lib/ledger/dynamodb/store/sdk-client.ts';
import { createRegistry } from '../../lib/ledger/dynamodb/registry/registry.ts';
import { countKinds, times } from '../contracts/parallel.ts';
import { makeRemembered } from '../contracts/registry-managers.ts';
import { withDatabase } from '../support/database.ts';
import { spoilCalls } from '../support/faults.ts';
import { NOW } from '../support/payments.ts';
import { makeJwtAuthorizer } from '../support/principals.ts';
import { activate, createParents, makeConnector, makeInstrument, makeManager } from '../support/registry.ts';
import { startStoreHop, type StoreHop } from '../support/store-hop.ts';

const database = withDatabase();
const LATER = addMs(NOW, 7);
let hop: StoreHop;
let registry: Registry;
let tokens: ClientTokens;

beforeAll(async () => {
  hop = await startStoreHop(database.endpoint);
  Object.assign(process.env, database.environment, { AWS_ENDPOINT_URL_DYNAMODB: hop.endpoint });
  const table = {
    tableName: database.registryTable,
    client: createStoreClient({ maxAttempts: 3, timeoutMs: 20_000 }),
  };
  registry = createRegistry(table);
  tokens = createClientTokens(table);
});
afterEach(() => hop.setFaults(null));
afterAll(() => hop.close());

const operationsSeen = () => hop.calls.map(({ operation }) => operation);

describe.each(['lose_reply', 'fail_after_apply', 'lose_request'] as const)(
  'a call of which the first try meets "%s"',
  (fault) => {
    test('claims a connector and completes it, and keeps its answer', async () => {
      const connector = makeConnector();
      const { managerId, connectorId } = connector;
      await registry.createManager(makeManager({ managerId }), null);
      const remembered = makeRemembered();
      await tokens.bind(remembered.tokenKey, 'h1');
      spoilCalls(hop, fault, 0, 'one');
      expect(await registry.beginConnector(managerId, connectorId, 'h1', NOW)).toEqual({ kind: 'begun' });
      spoilCalls(hop, fault, 0, 'one');
      expect(await registry.completeConnector(connector, 'h1', remembered)).toBe('completed');
      expect(await registry.readConnector(managerId, connectorId)).toEqual(connector);
      expect(await tokens.find(remembered.tokenKey)).toEqual({ requestHash: 'h1', answer: remembered.answer });
    });

    test('claims an instrument, completes and deletes it, and counts it once', async () => {
      const parents = await createParents(registry);
      const instrument = makeInstrument(parents);
      spoilCalls(hop, fault, 0, 'one');
      expect(await registry.beginInstrument(instrument, 'h1', NOW)).toEqual({ kind: 'begun' });
      spoilCalls(hop, fault, 0, 'one');
      await registry.completeInstrument(activate(instrument));
      spoilCalls(hop, fault, 0, 'one');
      const deleted = await registry.deleteInstrument(instrument, instrument.instrumentId, LATER);
      expect(deleted).toMatchObject({ status: 'DELETED', updatedAt: LATER });
      const connector = (await registry.readConnector(parents.managerId, parents.connectorId))!;
      expect(await registry.deleteConnector(connector, null, LATER)).toBe('changed');
    });

    test('creates, changes and deletes a manager', async () => {
      const manager = makeManager();
      const next = { ...manager, description: 'new', revision: 2 };
      spoilCalls(hop, fault, 0, 'one');
      expect(await registry.createManager(manager, makeRemembered())).toBe('changed');
      spoilCalls(hop, fault, 0, 'one');
      expect(await registry.replaceManager(next, manager, makeRemembered())).toBe('changed');
      expect(await registry.readManager(manager.managerId)).toEqual(next);
      spoilCalls(hop, fault, 0, 'one');
      expect(await registry.deleteManager(next, makeRemembered(), LATER)).toBe('changed');
      expect(await registry.readManager(manager.managerId)).toBeNull();
    });

    test('changes and deletes a connector, and counts it once', async () => {
      const { managerId, connectorId } = await createParents(registry);
      await createParents(registry, { managerId });
      const connector = (await registry.readConnector(managerId, connectorId))!;
      const next = { ...connector, description: 'new', revision: 2 };
      spoilCalls(hop, fault, 0, 'one');
      expect(await registry.replaceConnector(next, connector, makeRemembered())).toBe('changed');
      spoilCalls(hop, fault, 0, 'one');
      expect(await registry.deleteConnector(next, makeRemembered(), LATER)).toBe('changed');
      // The other connector still counts.
      const manager = (await registry.readManager(managerId))!;
      expect(await registry.deleteManager(manager, null, LATER)).toBe('in_use');
    });

    test('never gives a key index twice', async () => {
      const { managerId, connectorId } = await createParents(registry);
      const taken: number[] = [];
      for (let tries = 0; tries < 4; tries += 1) {
        spoilCalls(hop, fault, 0, 'one');
        taken.push(await registry.takeKeyIndex(managerId, connectorId, 0));
      }
      expect(new Set(taken).size).toBe(4);
      expect(taken).toEqual(taken.toSorted((a, b) => a - b));
    });
  },
);

describe('a registry that cannot reach its table', () => {
  const writesOf = (impatient: Registry) => {
    const manager = makeManager();
    const connector = makeConnector();
    const instrument = makeInstrument();
    return [
      () => impatient.createManager(manager, null),
      () => impatient.replaceManager({ ...manager, revision: 2 }, manager, makeRemembered()),
      () => impatient.deleteManager(manager, null, NOW),
      () => impatient.beginConnector(connector.managerId, connector.connectorId, 'h1', NOW),
      () => impatient.completeConnector(makeConnector(), 'h1', null),
      () => impatient.replaceConnector({ ...connector, revision: 2 }, connector, makeRemembered()),
      () => impatient.deleteConnector(connector, null, NOW),
      () => impatient.takeKeyIndex(connector.managerId, connector.connectorId, 0),
      () => impatient.beginInstrument(instrument, 'h1', NOW),
      () => impatient.completeInstrument(activate(makeInstrument())),
    ];
  };
  const readsOf = (impatient: Registry) => {
    const instrument = makeInstrument();
    return [
      () => impatient.readManager(instrument.managerId),
      () => impatient.readConnector(instrument.managerId, instrument.connectorId),
      () => impatient.listManagers({ maxResults: 1 }),
      () => impatient.listConnectors(instrument.managerId, { maxResults: 1 }),
      () => impatient.readInstrument(instrument, instrument.instrumentId),
      () => impatient.deleteInstrument(instrument, instrument.instrumentId, NOW),
      () => impatient.listInstruments(instrument, { maxResults: 1 }),
    ];
  };

  async function failuresOf(calls: readonly (() => Promise<unknown>)[]): Promise<readonly unknown[]> {
    const outcomes = await Promise.allSettled(calls.map((call) => call()));
    return outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason : 'an answer'));
  }

  test.each([
    ['lose_reply', OutcomeUnknown],
    ['fail_after_apply', OutcomeUnknown],
    ['throttle', NotNow],
    ['conflict', NotNow],
  ] as const)('says of the fault "%s" what it means for the call', async (fault, expected) => {
    const client = createStoreClient({ maxAttempts: 1 });
    const impatient = createRegistry({ tableName: database.registryTable, client });
    hop.setFaults(() => fault);
    const reads = fault === 'conflict' ? [] : readsOf(impatient);
    for (const failure of await failuresOf([...writesOf(impatient), ...reads])) {
      expect(failure).toBeInstanceOf(expected);
    }
  });

  test('writes nothing where another transaction has one of the items, and works afterwards', async () => {
    const { managerId, connectorId } = await createParents(registry);
    const connector = (await registry.readConnector(managerId, connectorId))!;
    const next = { ...connector, description: 'new', revision: 2 };
    const remembered = makeRemembered();
    hop.forget();
    hop.setFaults(({ operation }) => (operation === 'TransactWriteItems' ? 'conflict' : null));
    await expect(registry.replaceConnector(next, connector, remembered)).rejects.toThrow(NotNow);
    expect(operationsSeen()).toEqual(times(CONFLICT_ATTEMPTS_MAX, () => 'TransactWriteItems'));
    hop.setFaults(null);
    expect(await registry.readConnector(managerId, connectorId)).toEqual(connector);
    expect(await tokens.find(remembered.tokenKey)).toBeNull();
    expect(await registry.replaceConnector(next, connector, remembered)).toBe('changed');
  });

  test('waits for the transactions of others, and gives no key index twice over it', async () => {
    const { managerId, connectorId } = await createParents(registry);
    const instruments = times(2, () => makeInstrument({ managerId, connectorId }));
    spoilCalls(hop, 'conflict', 0, 'one');
    expect(await registry.beginInstrument(instruments[0]!, 'h1', NOW)).toEqual({ kind: 'begun' });
    spoilCalls(hop, 'conflict', 0, 'one');
    expect(await registry.takeKeyIndex(managerId, connectorId, 0)).toBe(0);
    expect(await registry.takeKeyIndex(managerId, connectorId, 0)).toBe(1);
    // A throttled call is the caller's to repeat: waiting here would make it worse.
    hop.forget();
    const client = createStoreClient({ maxAttempts: 1 });
    const impatient = createRegistry({ tableName: database.registryTable, client });
    spoilCalls(hop, 'throttle', 0, 'one');
    await expect(impatient.beginInstrument(instruments[1]!, 'h1', NOW)).rejects.toThrow(NotNow);
    expect(hop.calls).toHaveLength(1);
  });

  test('does not know what became of a transaction whose repetition meets the first try at work', async () => {
    const manager = makeManager();
    hop.setFaults((call) => (call.operation === 'TransactWriteItems' ? 'in_progress' : null));
    await expect(registry.createManager(manager, null)).rejects.toThrow(OutcomeUnknown);
    hop.setFaults(null);
    expect(await registry.readManager(manager.managerId)).toEqual(manager);
  });
});

/** DynamoDB refuses a transaction with an item in two places; the database of the tests lets it pass. */
test('no transaction names an item twice, whatever becomes of a manager', async () => {
  const jwt = (discoveryUrl: string) =>
    ({
      type: 'CUSTOM_JWT',
      jwt: makeJwtAuthorizer({ discoveryUrl: `${discoveryUrl}/.well-known/openid-configuration` }),
    }) as const;
  const issuers = [
    'https://a.example',
    'https://a.example/',
    'https://b.example',
    'https://b.example',
    null,
    'https://a.example/',
  ];
  let manager = makeManager();
  hop.forget();
  await registry.createManager(manager, makeRemembered());
  for (const issuer of issuers) {
    const authorizer = issuer === null ? ({ type: 'AWS_IAM' } as const) : jwt(issuer);
    const next = { ...manager, authorizer, revision: manager.revision + 1 };
    expect(await registry.replaceManager(next, manager, makeRemembered())).toBe('changed');
    manager = next;
  }
  await registry.deleteManager(manager, makeRemembered(), LATER);
  const transactions = hop.calls.filter(({ operation }) => operation === 'TransactWriteItems');
  expect(transactions).toHaveLength(issuers.length + 2);
  for (const { body } of transactions) {
    const keys = (body['TransactItems'] as Record<string, Written>[]).flatMap(Object.values<Written>).map(keyOf);
    expect(new Set(keys).size).toBe(keys.length);
  }
});

interface Written {
  readonly Key?: Keys;
  readonly Item?: Keys;
}
type Keys = Readonly<Record<'pk' | 'sk', { readonly S: string }>>;

function keyOf({ Key, Item }: Written): string {
  const { pk, sk } = (Key ?? Item)!;
  return `${pk.S} ${sk.S}`;
}

describe('the cost of the registry', () => {
  test('is one request for a creation that begins, and two for one that finds another', async () => {
    const instrument = makeInstrument(await createParents(registry));
    hop.forget();
    const outcomes = await Promise.all(times(20, () => registry.beginInstrument(instrument, 'h1', NOW)));
    expect(countKinds(outcomes)).toEqual({ begun: 1, in_progress: 19 });
    const seen = operationsSeen();
    expect(seen.filter((operation) => operation === 'TransactWriteItems')).toHaveLength(20);
    expect(seen.filter((operation) => operation === 'PutItem')).toHaveLength(19);
    expect(seen).toHaveLength(39);
  });

  test('is one query of one partition for a page', async () => {
    const instrument = makeInstrument(await createParents(registry));
    await registry.beginInstrument(instrument, 'h1', NOW);
    hop.forget();
    await registry.listInstruments(instrument, { maxResults: 10 });
    expect(hop.calls).toHaveLength(1);
    expect(hop.calls[0]?.body).toMatchObject({
      KeyConditionExpression: 'pk = :owner',
      ConsistentRead: true,
      Limit: 101,
    });
    hop.forget();
    await registry.listManagers({ maxResults: 1 });
    expect(hop.calls).toHaveLength(1);
    expect(hop.calls[0]?.body).toMatchObject({ IndexName: 'by-list', Limit: 2 });
  });
});
