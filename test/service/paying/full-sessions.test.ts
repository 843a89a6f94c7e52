import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  IN_FLIGHT_MAX,
  IN_FLIGHT_WAIT_MAX_MS,
  SCRUB_LIVE_ENTRIES_MAX,
  SCRUB_ROUNDS_MAX,
} from '../../../lib/domain/limits.ts';
import { toEntryKey, type Payment } from '../../../lib/domain/payment/payment.ts';
import { assertSessionBalances, type Session } from '../../../lib/domain/payment/session.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { processPayment } from '../../../lib/service/paying/process-payment.ts';
import { withDatabase } from '../../support/database.ts';
import { outcomeOf } from '../../support/faults.ts';
import { createPayingWorld, createTestClock, paid, type PayingWorld, type TestClock } from '../../support/paying.ts';
import { makePayment } from '../../support/payments.ts';
import { startStoreHop, type SeenCall, type StoreHop } from '../../support/store-hop.ts';

const CENT = '10000';
const database = withDatabase();
let hop: StoreHop;
let clock: TestClock;
let world: PayingWorld;
beforeAll(async () => {
  hop = await startStoreHop(database.endpoint);
});
afterAll(() => hop.close());
beforeEach(async () => {
  clock = createTestClock();
  world = await createPayingWorld(database, { clock, endpoint: hop.endpoint, timeoutMs: 60_000 });
  hop.setFaults(null);
});

const isSettle = ({ body }: SeenCall) => String(body['UpdateExpression']).includes('sp = sp + :a');
const throttleSettles = () => hop.setFaults((call) => (isSettle(call) ? 'throttle' : null));
const pay = (session: Session) => processPayment(world.deps, world.request(session, { amount: CENT }));

async function booksOf(session: Session): Promise<Session> {
  const books = await world.ledger.readSession(session);
  assertSessionBalances(books!);
  return books!;
}

/** As many payments as may be in flight, all of them signed, whose settles the store had no time for. */
async function burst(session: Session): Promise<void> {
  throttleSettles();
  for (const payment of await Promise.all(Array.from({ length: IN_FLIGHT_MAX }, () => pay(session)))) paid(payment);
  expect((await booksOf(session)).inFlight).toBe(IN_FLIGHT_MAX);
}

/** A payment that a living handler has reserved for, and not signed. */
async function reserveFor(session: Session): Promise<Payment> {
  const payment = makePayment(session, { leaseUntil: addMs(clock.now(), 17_000) });
  const { id, amount, leaseUntil, attempt } = payment;
  await world.ledger.putIntent(payment);
  const entry = toEntryKey(id, attempt);
  const now = clock.now();
  await world.ledger.reserve({ session, entry, amount, leaseUntil, now, inFlightMax: IN_FLIGHT_MAX, floor: null });
  return payment;
}

describe('a session that is full of signed payments', () => {
  test('lets the next payment through at once, as soon as the store can settle again', async () => {
    const session = await world.open();
    await burst(session);
    hop.setFaults(null);
    const before = clock.now();
    paid(await pay(session));
    expect(clock.now()).toBe(before);
    const { budget, inFlight } = await booksOf(session);
    expect(inFlight).toBeLessThan(IN_FLIGHT_MAX);
    expect(budget.reserved + budget.spent).toBe(BigInt(CENT) * BigInt(IN_FLIGHT_MAX + 1));
    for (const payment of await Promise.all(Array.from({ length: 20 }, () => pay(session)))) paid(payment);
  }, 30_000);

  test('answers that it is busy while nothing can be settled, after a bounded number of tries', async () => {
    const session = await world.open();
    await burst(session);
    hop.setFaults((call) => {
      if (!isSettle(call)) return null;
      clock.advance(50);
      return 'throttle';
    });
    hop.forget();
    const outcome = await pay(session);
    expect(outcome).toMatchObject({ ok: false, error: { reason: 'busy', what: 'session' } });
    const settled = new Set(hop.calls.filter(isSettle).map(({ body }) => JSON.stringify(body)));
    expect(settled.size).toBeGreaterThan(0);
    hop.setFaults(null);
    expect((await booksOf(session)).budget.spent).toBe(0n);
  }, 30_000);
});

describe('a session that is full of payments at work', () => {
  test('lets a payment through once one of them is decided, also if it is not settled', async () => {
    const session = await world.open();
    const atWork = await Promise.all(Array.from({ length: 8 }, () => reserveFor(session)));
    const { id, amount } = atWork[3]!;
    const { budget } = await booksOf(session);
    const deps = { ...world.deps, inFlightMax: atWork.length };
    await world.ledger.decide(id, 1, { status: 'SIGNED', signatures: ['0x11'], budget, at: clock.now() });
    paid(await processPayment(deps, world.request(session, { amount: CENT })));
    const books = await booksOf(session);
    expect(books.open.has(toEntryKey(id, 1))).toBe(false);
    expect(books.inFlight).toBe(atWork.length - 1);
    expect(books.budget.spent).toBe(amount + BigInt(CENT));
  });

  test('keeps the others waiting, and touches none of them, for a bounded time', async () => {
    const session = await world.open();
    const atWork = await Promise.all(Array.from({ length: 8 }, () => reserveFor(session)));
    // The shortest waits, and so the most looks.
    const random = { ...world.deps.random, fraction: () => 0 };
    const deps = { ...world.deps, random, inFlightMax: atWork.length };
    const before = clock.now();
    hop.forget();
    const outcome = await outcomeOf(processPayment(deps, world.request(session, { amount: CENT })));
    expect(outcome).toMatchObject({ ok: false, error: { reason: 'busy', what: 'session' } });
    expect(clock.now() - before).toBeLessThanOrEqual(IN_FLIGHT_WAIT_MAX_MS);
    expect((await booksOf(session)).inFlight).toBe(atWork.length);
    for (const { id } of atWork) expect((await world.ledger.readPayment(id))?.status).toBe('PENDING');
    const reads = hop.calls.filter(({ body }) => JSON.stringify(body['Key'] ?? '').includes('PAY#'));
    expect(reads.length).toBeLessThanOrEqual(SCRUB_ROUNDS_MAX * SCRUB_LIVE_ENTRIES_MAX);
  });
});
