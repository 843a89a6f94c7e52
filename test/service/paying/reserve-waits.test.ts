import { signersOf } from '../../support/wallet-lists.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SIGN_BUDGET_MS } from '../../../lib/domain/limits.ts';
import type { Ledger } from '../../../lib/domain/ports/books.ts';
import { NotNow, OutcomeUnknown } from '../../../lib/domain/ports/services.ts';
import { toEntryKey } from '../../../lib/domain/payment/payment.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { processPayment, type ProcessPaymentDeps } from '../../../lib/service/paying/process-payment.ts';
import { sweepTwice } from '../../support/faults.ts';
import { withDatabase } from '../../support/database.ts';
import { createPayingWorld, createTestClock, paid, type PayingWorld, type TestClock } from '../../support/paying.ts';
import { makePayment } from '../../support/payments.ts';
import { startStoreHop, type SeenCall, type StoreHop } from '../../support/store-hop.ts';

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
  world = await createPayingWorld(database, { clock, endpoint: hop.endpoint });
  hop.setFaults(null);
});

const isReserve = ({ body }: SeenCall) => String(body['UpdateExpression']).includes('o.#e = :v');
const entryOf = ({ body }: SeenCall) => (body['ExpressionAttributeNames'] as Record<string, string>)['#e'];

/** Somebody else's reservation, still at work. */
async function reserveOther(session: Session): Promise<void> {
  const { id, amount, attempt } = makePayment(session);
  const now = clock.now();
  const leaseUntil = addMs(now, 17_000);
  await world.ledger.putIntent(makePayment(session, { id, leaseUntil }));
  const entry = toEntryKey(id, attempt);
  await world.ledger.reserve({ session, entry, amount, leaseUntil, now, inFlightMax: 64, floor: null });
}

describe('a payment that waits for a place in its session', () => {
  let full: ProcessPaymentDeps;
  beforeEach(() => {
    full = { ...world.deps, inFlightMax: 1 };
  });

  test('gives up while there is still time to answer, where its process may be stopped soon', async () => {
    const session = await world.open();
    await reserveOther(session);
    const deadline = addMs(clock.now(), SIGN_BUDGET_MS + 500);
    const result = await processPayment(full, world.request(session, { deadline }));
    expect(result).toMatchObject({ ok: false, error: { reason: 'busy', what: 'session' } });
    expect(clock.now()).toBeLessThanOrEqual(deadline - SIGN_BUDGET_MS);
  });

  test('says that the session has expired as soon as it has, and not that it is busy', async () => {
    const session = await world.open({ expiresAt: addMs(clock.now(), 1_000) });
    await reserveOther(session);
    const result = await processPayment(full, world.request(session));
    expect(result).toMatchObject({ ok: false, error: { reason: 'session_expired' } });
    expect(clock.now() - session.expiresAt).toBeLessThan(500);
  });

  test('does not begin to wait in a session that has expired since it was read', async () => {
    const session = await world.open({ expiresAt: addMs(clock.now(), 1_000) });
    await reserveOther(session);
    const reserve: Ledger['reserve'] = (request) => {
      clock.advance(Math.max(0, session.expiresAt - clock.now()));
      return world.ledger.reserve({ ...request, now: clock.now() });
    };
    const result = await processPayment({ ...full, ledger: { ...world.ledger, reserve } }, world.request(session));
    expect(result).toMatchObject({ ok: false, error: { reason: 'session_expired' } });
    expect(clock.now()).toBe(session.expiresAt);
  });
});

test('a duplicate stops waiting for the first while there is still time to answer', async () => {
  const session = await world.open();
  const request = world.request(session);
  const signer = { type: 'SeedVault' as const, sign: () => new Promise<never>(() => undefined) };
  void processPayment({ ...world.deps, signers: signersOf(signer) }, request);
  for (; ((await world.ledger.readSession(session))?.inFlight ?? 0) === 0;);
  const deadline = addMs(clock.now(), SIGN_BUDGET_MS + 500);
  expect(await processPayment(world.deps, { ...request, deadline })).toMatchObject({
    ok: false,
    error: { reason: 'busy', what: 'payment' },
  });
  expect(clock.now()).toBeLessThanOrEqual(deadline - SIGN_BUDGET_MS);
});

test('a reserve that was throttled is sent again under the same attempt: it had no effect', async () => {
  const session = await world.open();
  let throttled = 0;
  hop.setFaults((call) => (isReserve(call) && throttled++ < 2 ? 'throttle' : null));
  hop.forget();
  const payment = paid(await processPayment(world.deps, world.request(session)));
  expect(payment.attempt).toBe(1);
  const entries = hop.calls.filter(isReserve).map(entryOf);
  expect(entries).toEqual(Array.from({ length: 3 }, () => toEntryKey(payment.id, 1)));
});

test('a reserve whose outcome is unknown is never sent again: the next one is of the next attempt', async () => {
  const session = await world.open();
  let lost = 0;
  hop.setFaults((call) => (isReserve(call) && lost++ === 0 ? 'lose_request' : null));
  hop.forget();
  const payment = paid(await processPayment(world.deps, world.request(session)));
  const entries = hop.calls.filter(isReserve).map(entryOf);
  expect(entries).toEqual([toEntryKey(payment.id, 1), toEntryKey(payment.id, 2)]);
});

test.each([
  ['did not arrive', new OutcomeUnknown('planted'), false],
  ['arrived, and whose answer was lost', new OutcomeUnknown('planted'), true],
  ['was throttled', new NotNow('planted'), false],
] as const)('a decision that %s is sent once more, and the proof leaves at once', async (_, failure, arrives) => {
  const session = await world.open();
  let failed = false;
  const decide: Ledger['decide'] = async (...args) => {
    if (failed || args[2].status !== 'SIGNED') return world.ledger.decide(...args);
    failed = true;
    if (arrives) await world.ledger.decide(...args);
    throw failure;
  };
  const deps = { ...world.deps, ledger: { ...world.ledger, decide } };
  const payment = paid(await processPayment(deps, world.request(session)));
  expect([failed, payment.attempt]).toEqual([true, 1]);
  expect((await world.ledger.readSession(session))?.budget.spent).toBe(payment.amount);
});

test('money that is held for a payment of which nothing is left goes to the next one that needs it', async () => {
  const session = await world.open({ limit: makePayment(await world.open()).amount });
  const { id, amount, leaseUntil } = makePayment(session);
  const entry = toEntryKey(id, 1);
  const reserved = { session, entry, amount, leaseUntil, now: clock.now(), inFlightMax: 64, floor: null };
  expect((await world.ledger.reserve(reserved)).kind).toBe('reserved');
  clock.advance(20_000);
  paid(await processPayment(world.deps, world.request(session)));
  await sweepTwice(clock, world.sweepDeps);
  expect((await world.ledger.readSession(session))?.budget).toEqual({ available: 0n, reserved: 0n, spent: amount });
});

test('nobody is denied for want of money that a dead payment holds and the store is too busy to give back', async () => {
  const session = await world.open({ limit: makePayment(await world.open()).amount });
  const dead = makePayment(session);
  const { id, amount, leaseUntil } = dead;
  await world.ledger.putIntent(dead);
  const entry = toEntryKey(id, 1);
  await world.ledger.reserve({ session, entry, amount, leaseUntil, now: clock.now(), inFlightMax: 64, floor: null });
  clock.advance(20_000);
  const request = world.request(session);
  const release = () => Promise.reject(new NotNow('planted'));
  const busy = processPayment({ ...world.deps, ledger: { ...world.ledger, release } }, request);
  await expect(busy).rejects.toThrow(NotNow);
  paid(await processPayment(world.deps, request));
});
