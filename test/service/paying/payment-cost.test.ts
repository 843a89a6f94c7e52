import { signersOf } from '../../support/wallet-lists.ts';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import { createPayerCache } from '../../../lib/service/paying/payer.ts';
import type { Charge } from '../../../lib/domain/payment/charge.ts';
import { addMs, type EpochMs } from '../../../lib/domain/time.ts';
import { processPayment } from '../../../lib/service/paying/process-payment.ts';
import { sweepOnce } from '../../../lib/service/sweeping/sweep.ts';
import { sizeOfItem } from '../../support/item-size.ts';
import { startStoreHop, type SeenCall, type StoreHop } from '../../support/store-hop.ts';
import { withDatabase } from '../../support/database.ts';
import {
  createPayingWorld,
  createTestClock,
  paid,
  testSigner,
  type PayingWorld,
  type TestClock,
} from '../../support/paying.ts';
import { chargingBy } from '../../support/policies.ts';

const WRITE_UNITS_MAX = 8;
const POLICY_WRITE_UNITS_MAX = 9;
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
  world = await createPayingWorld(database, { clock, endpoint: hop.endpoint, reads: 'joint' });
  hop.countRounds(true);
  hop.forget();
});

const serialTrips = (calls: readonly SeenCall[]) => new Set(calls.map(({ round }) => round)).size;

const writes = (calls: readonly SeenCall[]) => calls.filter(({ operation }) => /^(Put|Update)Item$/.test(operation));
const units = (calls: readonly SeenCall[]) => writes(calls).reduce((sum, call) => sum + call.units, 0);

/** Four sums and four counts within the session, a day of the user and a month of the manager, with keys of ten characters. */
function tenRules(now: EpochMs): readonly Charge[] {
  const [quantity, max] = [500_000n, 9_000_000n];
  const sums = Array.from(
    { length: 4 },
    (_, at) => ({ kind: 'session', key: `sum-rule-${at}`, quantity, max }) as const,
  );
  const counts = Array.from(
    { length: 4 },
    (_, at) => ({ kind: 'session', key: `cnt-rule-${at}`, quantity: 1n, max: 50n }) as const,
  );
  const windows = Array.from({ length: 2 }, (_, at) => {
    const [opensAt, closesAt] = [now, addMs(now, 86_400_000)];
    return { kind: 'window', key: `win-rule-${at}`, opensAt, closesAt, quantity, max: 80_000_000n } as const;
  });
  return [...sums, ...counts, ...windows];
}

async function storedBytes(pk: string): Promise<number> {
  const key = { TableName: world.booksTable, Key: { pk: { S: pk } }, ConsistentRead: true };
  const { Item } = await database.client.send(new GetItemCommand(key));
  return sizeOfItem(Item!);
}

describe('what a payment costs', () => {
  test('is four serial round trips to the store, once the process knows session and instrument', async () => {
    const session = await world.open();
    paid(await processPayment(world.deps, world.request(session)));
    hop.forget();
    paid(await processPayment(world.deps, world.request(session)));
    expect(hop.calls.map(({ operation }) => operation).toSorted()).toEqual([
      'BatchGetItem',
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

  test(`is four serial round trips and at most ${POLICY_WRITE_UNITS_MAX} write units under ten rules, two of them windows`, async () => {
    const deps = { ...world.deps, policies: chargingBy(() => tenRules(clock.now())) };
    const session = await world.open({ userId: world.instrument.userId });
    const request = () => world.request(session, { agentName: 'research-assistant' });
    // The first payment of a session gets its part of each window.
    paid(await processPayment(deps, request()));
    hop.forget();
    const payment = paid(await processPayment(deps, request()));
    expect(serialTrips(hop.calls)).toBe(4);
    expect(hop.calls.filter(({ operation }) => operation === 'TransactWriteItems')).toEqual([]);
    const paying = units(hop.calls);
    for (const pk of [`PAY#${payment.id}`, `SES#${session.managerId}#${session.sessionId}`]) {
      expect(await storedBytes(pk)).toBeLessThan(ITEM_BYTES_MAX);
    }
    hop.forget();
    clock.advance(20_000);
    await sweepOnce(world.sweepDeps);
    // The sweeper visits both payments.
    const visit = units(hop.calls) / 2;
    expect(paying).toBeGreaterThanOrEqual(6);
    expect(paying + visit).toBeLessThanOrEqual(POLICY_WRITE_UNITS_MAX);
  });

  test('leaves an item under a policy within one write unit while two payments are in flight', async () => {
    const session = await world.open({ userId: world.instrument.userId });
    const stuck = { ...testSigner, sign: () => new Promise<never>(() => undefined) };
    hop.countRounds(false);
    const signers = signersOf(stuck);
    const deps = { ...world.deps, signers, policies: chargingBy(() => tenRules(clock.now())) };
    for (let count = 0; count < 2; count += 1) void processPayment(deps, world.request(session));
    await expect.poll(async () => (await world.ledger.readSession(session))?.inFlight).toBe(2);
    expect(await storedBytes(`SES#${session.managerId}#${session.sessionId}`)).toBeLessThan(ITEM_BYTES_MAX);
  });

  test('sends byte for byte what it did before there were charges, where a payment has none', async () => {
    const session = await world.open();
    paid(await processPayment(world.deps, world.request(session)));
    const expressions = hop.calls.flatMap(({ body }) =>
      typeof body['UpdateExpression'] === 'string' ? [[body['UpdateExpression'], body['ConditionExpression']]] : [],
    );
    expect(expressions).toEqual([
      [
        'SET av = av - :a, rs = rs + :a, n = n + :one, ua = :now, o.#e = :v',
        'st = :active AND ex > :now AND ca >= :floor AND n < :cap AND av >= :a AND attribute_not_exists(o.#e)',
      ],
      ['SET st = :st, da = :at, sg = :signatures, bg = :budget', 'st = :pending AND k = :k'],
      ['SET rs = rs - :a, sp = sp + :a, n = n - :one, ua = :now REMOVE o.#e', 'begins_with(o.#e, :held)'],
    ]);
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
