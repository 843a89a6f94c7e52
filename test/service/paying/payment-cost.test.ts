import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import { createPayerCache } from '../../../lib/service/paying/payer.ts';
import { processPayment } from '../../../lib/service/paying/process-payment.ts';
import { sweepOnce } from '../../../lib/service/sweeping/sweep.ts';
import { sizeOfItem } from '../../support/item-size.ts';
import { startStoreHop, type SeenCall, type StoreHop } from '../../support/store-hop.ts';
import { withDatabase } from '../../support/database.ts';
import { createPayingWorld, createTestClock, paid, type PayingWorld, type TestClock } from '../../support/paying.ts';

const WRITE_UNITS_MAX = 8;
const ITEM_BYTES_MAX = 1_024;
const database = withDatabase();
let hop: StoreHop;
let world: PayingWorld;
let clock: TestClock;

beforeAll(async () => {
  hop = await startStoreHop(database.endpoint);
});
afterAll(() => hop.close());
beforeEach(async () => {
  clock = createTestClock();
  world = await createPayingWorld(database, { clock, endpoint: hop.endpoint });
  hop.countRounds(true);
  hop.forget();
});

const serialTrips = (calls: readonly SeenCall[]) => new Set(calls.map(({ round }) => round)).size;

const writes = (calls: readonly SeenCall[]) => calls.filter(({ operation }) => /^(Put|Update)Item$/.test(operation));
const units = (calls: readonly SeenCall[]) => writes(calls).reduce((sum, call) => sum + call.units, 0);

describe('what a payment costs', () => {
  test('is four serial round trips to the store, once the process knows session and instrument', async () => {
    const session = await world.open();
    paid(await processPayment(world.deps, world.request(session)));
    hop.forget();
    paid(await processPayment(world.deps, world.request(session)));
    expect(hop.calls.map(({ operation }) => operation).toSorted()).toEqual([
      'GetItem',
      'GetItem',
      'GetItem',
      'GetItem',
      'GetItem',
      'PutItem',
      'UpdateItem',
      'UpdateItem',
      'UpdateItem',
    ]);
    expect(serialTrips(hop.calls)).toBe(4);
  });

  test('is one round trip more for the first payment that a process makes in a session', async () => {
    const session = await world.open();
    paid(await processPayment(world.deps, world.request(session)));
    expect(serialTrips(hop.calls)).toBe(5);
  });

  test('is one round trip for a replay', async () => {
    const session = await world.open();
    const request = world.request(session);
    paid(await processPayment(world.deps, request));
    for (const deps of [world.deps, { ...world.deps, payers: createPayerCache() }]) {
      hop.forget();
      paid(await processPayment(deps, request));
      expect(serialTrips(hop.calls)).toBe(1);
    }
  });

  test('is two round trips for a denial, in any process: it is read, and recorded before it is answered', async () => {
    const session = await world.open({ limit: toMicroUsd(600_000n) });
    paid(await processPayment(world.deps, world.request(session)));
    for (const deps of [world.deps, { ...world.deps, payers: createPayerCache() }]) {
      hop.forget();
      expect((await processPayment(deps, world.request(session))).ok).toBe(false);
      expect(serialTrips(hop.calls)).toBe(2);
    }
  });

  test(`is at most ${WRITE_UNITS_MAX} write units, indexes and the sweeper's visit included`, async () => {
    const session = await world.open();
    paid(await processPayment(world.deps, world.request(session)));
    const paying = units(hop.calls);
    hop.forget();
    clock.advance(20_000);
    expect(await sweepOnce(world.sweepDeps)).toMatchObject({ visited: 1, settled: 0, released: 0, failed: 0 });
    const total = paying + units(hop.calls);
    expect(paying).toBeGreaterThanOrEqual(6);
    expect(total).toBeLessThanOrEqual(WRITE_UNITS_MAX);
  });

  test(`leaves items under ${ITEM_BYTES_MAX} bytes`, async () => {
    const session = await world.open({ userId: world.instrument.userId });
    const payment = paid(await processPayment(world.deps, world.request(session, { agentName: 'research-assistant' })));
    for (const pk of [`PAY#${payment.id}`, `SES#${session.managerId}#${session.sessionId}`]) {
      const { Item } = await database.client.send(
        new GetItemCommand({ TableName: world.booksTable, Key: { pk: { S: pk } }, ConsistentRead: true }),
      );
      expect(sizeOfItem(Item!)).toBeLessThan(ITEM_BYTES_MAX);
      expect(sizeOfItem(Item!)).toBeGreaterThan(200);
    }
  });

  test('grows linearly with the payments that run at once', async () => {
    // One process sends for hundreds here, through one client: its requests queue, which is no fault of the store.
    const crowd = await createPayingWorld(database, { clock, endpoint: hop.endpoint, timeoutMs: 60_000 });
    const callsFor = async (count: number): Promise<number> => {
      const session = await crowd.open({ limit: toMicroUsd(BigInt(count) * 5_000n) });
      const deps = { ...crowd.deps, inFlightMax: 10_000 };
      hop.countRounds(false);
      hop.forget();
      const results = await Promise.all(
        Array.from({ length: count }, () => processPayment(deps, crowd.request(session, { amount: '10000' }))),
      );
      expect(results.filter(({ ok }) => ok)).toHaveLength(count / 2);
      return hop.calls.length;
    };
    const few = await callsFor(64);
    const many = await callsFor(256);
    expect(many / few).toBeLessThanOrEqual(4.2);
    expect(many / few).toBeGreaterThan(3.5);
  });
});
