import { signersOf } from '../../support/wallet-lists.ts';
import { GetItemCommand, PutItemCommand, UpdateItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, test } from 'vitest';
import { SWEEP_PAGE_ITEMS, SWEEP_RETRY_SECONDS } from '../../../lib/domain/limits.ts';
import { toEntryKey, type Payment } from '../../../lib/domain/payment/payment.ts';
import { NotNow } from '../../../lib/domain/ports/services.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { SCHEMA_VERSION } from '../../../lib/ledger/dynamodb/store/attributes.ts';
import { paymentPk, sweepShard } from '../../../lib/ledger/dynamodb/books/keys.ts';
import { toPaymentItem } from '../../../lib/ledger/dynamodb/books/payment-items.ts';
import { processPayment } from '../../../lib/service/paying/process-payment.ts';
import { sweep, sweepOnce } from '../../../lib/service/sweeping/sweep.ts';
import type { SweepDeps } from '../../../lib/service/sweeping/sweep-report.ts';
import { sweepTwice } from '../../support/faults.ts';
import { withDatabase } from '../../support/database.ts';
import { makePayment } from '../../support/payments.ts';
import { createPayingWorld, createTestClock, type PayingWorld, type TestClock } from '../../support/paying.ts';
import { wiring } from '../../support/wiring.ts';

const LEASE_MS = 17_000;
const INVOCATION_MS = 90_000;
const MINUTE_MS = 60_000;
const database = withDatabase();
let clock: TestClock;
let world: PayingWorld;
let slept: number[];

beforeEach(async () => {
  clock = createTestClock();
  slept = [];
  world = await createPayingWorld(database, { clock });
});

const run = (overrides: Partial<SweepDeps> = {}) =>
  sweep(
    {
      ...world.sweepDeps,
      clock: {
        now: clock.now,
        sleep: async (ms) => {
          slept.push(ms);
          clock.advance(ms);
        },
      },
      ...overrides,
    },
    { deadline: addMs(clock.now(), INVOCATION_MS), meanwhile: async () => undefined },
  );

/** A payment whose process died with money held. */
async function abandonPayment(): Promise<Session> {
  const session = await world.open();
  const dead = () => new Promise<never>(() => undefined);
  const signer = { type: 'SeedVault' as const, sign: dead };
  const request = world.request(session);
  void processPayment({ ...world.deps, signers: signersOf(signer) }, request);
  for (;;) {
    const stored = await world.ledger.readSession(session);
    if (stored !== null && stored.budget.reserved > 0n) return session;
  }
}

const reservedOf = async (session: Session) => (await world.ledger.readSession(session))?.budget.reserved;

test('ends after one pass, without waiting, where no payment waits for a visit', async () => {
  expect(await run()).toMatchObject({ visited: 0, failed: 0 });
  expect(slept).toEqual([]);
});

test('gives back in its second pass what was not due in the first', async () => {
  const session = await abandonPayment();
  expect(await run()).toMatchObject({ visited: 1, aborted: 1, released: 1 });
  expect(slept).toEqual([30_000]);
  expect(await reservedOf(session)).toBe(0n);
});

test('gives back within a minute and a half what was held just after a run that found nothing', async () => {
  await run();
  const startedAt = clock.now();
  const session = await abandonPayment();
  clock.advance(60_000);
  await run();
  expect(await reservedOf(session)).toBe(0n);
  expect(clock.now() - startedAt).toBeLessThanOrEqual(90_000);
  expect(addMs(startedAt, LEASE_MS)).toBeLessThan(clock.now());
});

test('goes on with the others where one payment cannot be finished, and finishes it as soon as it can be', async () => {
  const sessions = [await abandonPayment(), await abandonPayment()];
  clock.advance(LEASE_MS);
  const reported: string[] = [];
  let broken = true;
  const reads: SweepDeps['reads'] = {
    ...world.sweepDeps.reads,
    readSessions: async (keys) => {
      const read = await world.sweepDeps.reads.readSessions(keys);
      const isBroken = (at: number) => broken && keys[at]!.sessionId === sessions[0]!.sessionId;
      return read.map((each, at) => (isBroken(at) ? { status: 'rejected', reason: new NotNow('throttled') } : each));
    },
  };
  const report: SweepDeps['report'] = ({ event }) => void reported.push(event);
  expect((await run({ reads, report })).failed).toBeGreaterThan(0);
  expect(new Set(reported)).toEqual(new Set(['sweep.visit_failed']));
  expect(await reservedOf(sessions[1]!)).toBe(0n);
  broken = false;
  clock.advance(SWEEP_RETRY_SECONDS * 1_000);
  await run({ reads, report });
  expect(await reservedOf(sessions[0]!)).toBe(0n);
});

/** A payment whose handler died with its reserve applied, in the given shard. */
async function placeHeld(session: Session, shard: number): Promise<Payment> {
  const payment = placed(session, shard);
  const { id, amount, leaseUntil, attempt } = payment;
  await world.ledger.putIntent(payment);
  const entry = toEntryKey(id, attempt);
  const now = clock.now();
  await world.ledger.reserve({ session, entry, amount, leaseUntil, now, inFlightMax: 64, floor: null });
  return payment;
}

function placed(session: Session, shard: number, overrides: Partial<Payment> = {}): Payment {
  for (;;) {
    const payment = makePayment(session, { leaseUntil: addMs(clock.now(), LEASE_MS), ...overrides });
    if (sweepShard(payment.id) === shard) return payment;
  }
}

const write = (item: Record<string, AttributeValue>) =>
  database.client.send(new PutItemCommand({ TableName: world.booksTable, Item: item }));

describe('a hundred payments at the head of a shard that cannot be finished', () => {
  const SHARD = 5;
  /** Each retry with a fresh token in a session whose books do not balance leaves one of these. */
  const fillHead = async (): Promise<void> => {
    const bad = await world.open({ inFlight: 3 });
    for (let count = 0; count < SWEEP_PAGE_ITEMS; count += 1) {
      await write(toPaymentItem(placed(bad, SHARD, { status: 'ABORTED', decidedAt: clock.now() }), wiring.schemeOf));
    }
    clock.advance(1_000);
  };

  test('do not keep a healthy session in that shard from getting its money back', async () => {
    await fillHead();
    const healthy = await world.open();
    await placeHeld(healthy, SHARD);
    expect(await reservedOf(healthy)).toBe(500_000n);
    clock.advance(LEASE_MS);
    expect(await run()).toMatchObject({ failed: 2 * SWEEP_PAGE_ITEMS, aborted: 1, released: 1 });
    expect(await reservedOf(healthy)).toBe(0n);
  });

  test('are told by both alarms in every run: as failures, and by their true age', async () => {
    await fillHead();
    const overdueSince = addMs(clock.now(), LEASE_MS - 1_000);
    clock.advance(LEASE_MS);
    for (let minute = 0; minute < 4; minute += 1) {
      const startedAt = clock.now();
      const { failed, oldestOverdueMs } = await run();
      expect(failed).toBeGreaterThanOrEqual(SWEEP_PAGE_ITEMS);
      expect(oldestOverdueMs).toBeGreaterThanOrEqual(startedAt - overdueSince);
      clock.advance(startedAt + MINUTE_MS - clock.now());
    }
    expect((await run()).oldestOverdueMs).toBeGreaterThan(180_000);
  });
});

test('shows the true age of a payment that it cannot read, and finishes it once it can', async () => {
  const session = await world.open();
  const payment = await placeHeld(session, 2);
  const key = { TableName: world.booksTable, Key: { pk: { S: paymentPk(payment.id) } } };
  const setVersion = (version: number) =>
    database.client.send(
      new UpdateItemCommand({
        ...key,
        UpdateExpression: 'SET v = :v',
        ExpressionAttributeValues: { ':v': { N: String(version) } },
      }),
    );
  await setVersion(SCHEMA_VERSION + 1);
  for (let minute = 0; minute < 4; minute += 1) {
    const { failed } = await run();
    expect(failed).toBeGreaterThan(0);
    clock.advance(MINUTE_MS / 2);
  }
  const { oldestOverdueMs } = await run();
  expect(oldestOverdueMs).toBeGreaterThanOrEqual(clock.now() - payment.leaseUntil - MINUTE_MS / 2);
  expect(oldestOverdueMs).toBeGreaterThan(180_000);
  expect(await reservedOf(session)).toBe(500_000n);
  await setVersion(SCHEMA_VERSION);
  clock.advance(SWEEP_RETRY_SECONDS * 1_000);
  expect(await run()).toMatchObject({ failed: 0, aborted: 1, released: 1 });
  expect(await reservedOf(session)).toBe(0n);
  const { Item: item } = await database.client.send(new GetItemCommand(key));
  expect([item!['st'], item!['sh'], item!['sf']]).toEqual([{ S: 'A' }, undefined, undefined]);
});

test('looks a second time where it cannot tell whether a payment waits for a visit', async () => {
  const hasVisits = () => Promise.reject(new NotNow('planted'));
  expect(await run({ index: { ...world.sweepDeps.index, hasVisits } })).toMatchObject({ visited: 0 });
  expect(slept).toEqual([30_000]);
});

test('visits a payment again that is taken up after its last visit, and whose handler dies with money held', async () => {
  const session = await world.open();
  const request = world.request(session);
  const busy = { type: 'SeedVault' as const, sign: () => Promise.reject(new NotNow('planted')) };
  await processPayment({ ...world.deps, signers: signersOf(busy) }, request);
  await sweepTwice(clock, world.sweepDeps);
  expect(await run()).toMatchObject({ visited: 0 });
  const dead = { type: 'SeedVault' as const, sign: () => new Promise<never>(() => undefined) };
  const deadline = addMs(clock.now(), 15_000);
  void processPayment({ ...world.deps, signers: signersOf(dead) }, { ...request, deadline });
  for (; (await reservedOf(session)) === 0n;);
  await sweepTwice(clock, world.sweepDeps);
  expect(await reservedOf(session)).toBe(0n);
});

test('visits a payment a second time that was signed at a later attempt, for the reserve of the first', async () => {
  const session = await world.open();
  const first = makePayment(session, { leaseUntil: addMs(clock.now(), LEASE_MS) });
  const { id, amount, leaseUntil, owner, offer, terms } = first;
  const reserve = (attempt: number) => {
    const reserved = { session, entry: toEntryKey(id, attempt), amount, leaseUntil, floor: null };
    return world.ledger.reserve({ ...reserved, now: first.createdAt, inFlightMax: 64 });
  };
  await world.ledger.putIntent(first);
  await world.ledger.takeOver({ id, attempt: 1, owner, leaseUntil, offer, terms });
  await reserve(2);
  const { budget } = (await world.ledger.readSession(session))!;
  await world.ledger.decide(id, 2, { status: 'SIGNED', signatures: ['0x11'], budget, at: clock.now() });
  clock.advance(LEASE_MS);
  await sweepOnce(world.sweepDeps);
  await reserve(1);
  clock.advance(MINUTE_MS);
  await sweepOnce(world.sweepDeps);
  const books = (await world.ledger.readSession(session))!;
  expect(books.budget).toEqual({ available: 10_000_000n - amount, reserved: 0n, spent: amount });
});

test('two runs over the same payments at the same time settle and release each once', async () => {
  const session = await world.open();
  for (let count = 0; count < 12; count += 1) await placeHeld(session, count);
  clock.advance(LEASE_MS + MINUTE_MS);
  const reports = await Promise.all([sweepOnce(world.sweepDeps), sweepOnce(world.sweepDeps)]);
  expect(reports.map(({ failed }) => failed)).toEqual([0, 0]);
  const { budget, inFlight } = (await world.ledger.readSession(session))!;
  expect({ ...budget, inFlight }).toEqual({ available: 10_000_000n, reserved: 0n, spent: 0n, inFlight: 0 });
});

test('does what may wait between its passes, and after the only one', async () => {
  const order: string[] = [];
  const deps = { ...world.sweepDeps, index: { ...world.sweepDeps.index } };
  deps.index.dueVisits = async (shard, now, after) => {
    if (shard === 0) order.push('pass');
    return world.sweepDeps.index.dueVisits(shard, now, after);
  };
  const once = () =>
    sweep(deps, {
      deadline: addMs(clock.now(), INVOCATION_MS),
      meanwhile: async () => void order.push('meanwhile'),
    });
  await once();
  expect(order).toEqual(['pass', 'meanwhile']);
  await abandonPayment();
  order.length = 0;
  await once();
  expect(order).toEqual(['pass', 'meanwhile', 'pass']);
});
