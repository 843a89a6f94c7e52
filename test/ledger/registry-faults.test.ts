import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { NotNow, OutcomeUnknown, type Registry } from '../../lib/domain/ports.ts';
import { addMs } from '../../lib/domain/time.ts';
import { createStoreClient } from '../../lib/ledger/dynamodb/client.ts';
import { createRegistry } from '../../lib/ledger/dynamodb/registry.ts';
import { countKinds, times } from '../contracts/parallel.ts';
import { withDatabase } from '../support/database.ts';
import { spoilFirst } from '../support/first-fault.ts';
import { NOW } from '../support/payments.ts';
import { activate, makeConnector, makeInstrument, makeManager } from '../support/registry.ts';
import { startStoreHop, type StoreHop } from '../support/store-hop.ts';

const database = withDatabase();
let hop: StoreHop;
let registry: Registry;

beforeAll(async () => {
  hop = await startStoreHop(database.endpoint);
  Object.assign(process.env, database.environment, { AWS_ENDPOINT_URL_DYNAMODB: hop.endpoint });
  registry = createRegistry({
    tableName: database.registryTable,
    client: createStoreClient({ maxAttempts: 3, timeoutMs: 20_000 }),
  });
});
afterEach(() => hop.setFaults(null));
afterAll(() => hop.close());

describe.each(['lose_reply', 'fail_after_apply', 'lose_request'] as const)(
  'a call of which the first try meets "%s"',
  (fault) => {
    test('claims a connector and completes it', async () => {
      const connector = makeConnector();
      spoilFirst(hop, fault);
      const claimed = await registry.claimConnector(connector.managerId, connector.connectorId, 'h1', NOW);
      expect(claimed).toEqual({ kind: 'claimed' });
      spoilFirst(hop, fault);
      await registry.completeConnector(connector, 'h1');
      expect(await registry.readConnector(connector.managerId, connector.connectorId)).toEqual(connector);
    });

    test('claims an instrument, completes and deletes it', async () => {
      const instrument = makeInstrument();
      spoilFirst(hop, fault);
      expect(await registry.claimInstrument(instrument, 'h1', NOW)).toEqual({ kind: 'claimed' });
      spoilFirst(hop, fault);
      await registry.completeInstrument(activate(instrument));
      spoilFirst(hop, fault);
      const deleted = await registry.deleteInstrument(instrument, instrument.instrumentId, addMs(NOW, 7));
      expect(deleted).toMatchObject({ status: 'DELETED', updatedAt: addMs(NOW, 7) });
    });

    test('creates a manager, or finds its own creation', async () => {
      const manager = makeManager();
      spoilFirst(hop, fault);
      const outcome = await registry.createManager(manager, 'h1');
      const applied = fault === 'lose_reply' || fault === 'fail_after_apply';
      expect(outcome).toEqual(applied ? { kind: 'exists', resource: manager, requestHash: 'h1' } : { kind: 'created' });
    });

    test('never gives a key index twice', async () => {
      const connector = makeConnector();
      await registry.claimConnector(connector.managerId, connector.connectorId, 'h1', NOW);
      await registry.completeConnector(connector, 'h1');
      const taken: number[] = [];
      for (let tries = 0; tries < 4; tries += 1) {
        spoilFirst(hop, fault);
        taken.push(await registry.takeKeyIndex(connector.managerId, connector.connectorId));
      }
      expect(new Set(taken).size).toBe(4);
      expect(taken).toEqual(taken.toSorted((a, b) => a - b));
    });
  },
);

describe('a registry that cannot reach its table', () => {
  test.each([
    ['lose_reply', OutcomeUnknown],
    ['throttle', NotNow],
  ] as const)('says of the fault "%s" what it means for the call', async (fault, expected) => {
    const instrument = makeInstrument();
    const connector = makeConnector();
    const impatient = createRegistry({
      tableName: database.registryTable,
      client: createStoreClient({ maxAttempts: 1 }),
    });
    hop.setFaults(() => fault);
    const calls = [
      impatient.readManager(connector.managerId),
      impatient.createManager(makeManager(), 'h1'),
      impatient.claimConnector(connector.managerId, connector.connectorId, 'h1', NOW),
      impatient.completeConnector(makeConnector(), 'h1'),
      impatient.takeKeyIndex(connector.managerId, connector.connectorId),
      impatient.claimInstrument(instrument, 'h1', NOW),
      impatient.completeInstrument(activate(makeInstrument())),
      impatient.deleteInstrument(instrument, instrument.instrumentId, NOW),
      impatient.listInstruments(instrument, { maxResults: 1 }),
    ];
    const outcomes = await Promise.allSettled(calls);
    const failures = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason : 'an answer'));
    for (const failure of failures) expect(failure).toBeInstanceOf(expected);
  });
});

describe('the cost of the registry', () => {
  test('is one request for each claim, won or lost', async () => {
    const instrument = makeInstrument();
    hop.forget();
    const outcomes = await Promise.all(times(20, () => registry.claimInstrument(instrument, 'h1', NOW)));
    expect(countKinds(outcomes)).toEqual({ claimed: 1, in_progress: 19 });
    expect(hop.calls.map(({ operation }) => operation)).toEqual(times(20, () => 'PutItem'));
  });

  test('is one query of one partition for a page', async () => {
    const instrument = makeInstrument();
    await registry.claimInstrument(instrument, 'h1', NOW);
    hop.forget();
    await registry.listInstruments(instrument, { maxResults: 10 });
    expect(hop.calls).toHaveLength(1);
    expect(hop.calls[0]?.body).toMatchObject({
      KeyConditionExpression: 'pk = :owner',
      ConsistentRead: true,
      Limit: 101,
    });
  });
});
