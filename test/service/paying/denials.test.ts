import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import { toEntryKey, type Payment } from '../../../lib/domain/payment/payment.ts';
import { assertSessionBalances, type Session } from '../../../lib/domain/payment/session.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { createPayerCache } from '../../../lib/service/paying/payer.ts';
import { processPayment, type ProcessPaymentRequest } from '../../../lib/service/paying/process-payment.ts';
import { sweepOnce } from '../../../lib/service/sweeping/sweep.ts';
import { withDatabase } from '../../support/database.ts';
import { denied, PRICE, PROCESSES, shortSession, TOO_LITTLE } from '../../support/denials.ts';
import { sweepTwice } from '../../support/faults.ts';
import { createPayingWorld, createTestClock, paid, type PayingWorld, type TestClock } from '../../support/paying.ts';
import { makePayment } from '../../support/payments.ts';
import { startStoreHop, type SeenCall, type StoreHop } from '../../support/store-hop.ts';

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
  hop.setFaults(null);
  hop.countRounds(false);
});

async function booksOf(session: Session): Promise<Session> {
  const books = await world.ledger.readSession(session);
  assertSessionBalances(books!);
  return books!;
}

/** The id of a request's payment, learnt from a call that dies where it would write it. */
async function idOf(request: ProcessPaymentRequest): Promise<Payment['id']> {
  let id: Payment['id'] | undefined;
  const observer = { offered: (of: Pick<Payment, 'id'>) => (id = of.id), begin: () => () => undefined };
  const deps = {
    ...world.deps,
    observer: { ...observer, stated: () => undefined, replayed: () => undefined, signed: () => undefined },
  };
  await processPayment(deps, { ...request, sessionId: 'payment-session-aaaaaaaaaaaaaaa' });
  return id!;
}

const isWrite = ({ operation }: SeenCall) => operation === 'PutItem' || operation === 'UpdateItem';

describe.each(PROCESSES)('a denial that the session shows as it is read (%s process)', (process) => {
  test('is written in one write after the reads, and no reserve is sent', async () => {
    const session = await shortSession(world, process);
    hop.countRounds(true);
    hop.forget();
    expect(await processPayment(world.deps, world.request(session))).toEqual(denied(TOO_LITTLE));
    expect(new Set(hop.calls.map(({ round }) => round)).size).toBe(2);
    const operations = process === 'cold' ? ['PutItem'] : ['PutItem', 'UpdateItem'];
    expect(hop.calls.filter(isWrite).map(({ operation }) => operation)).toEqual(operations);
    expect(hop.calls.filter(isWrite).reduce((sum, { units }) => sum + units, 0)).toBe(process === 'cold' ? 2 : 4);
  });

  test('is on record before it is answered, and final although the money comes back', async () => {
    const session = await shortSession(world, process);
    const request = world.request(session);
    const answer = await processPayment(world.deps, request);
    expect(answer).toEqual(denied(TOO_LITTLE));
    const stored = await world.ledger.readPayment(await idOf(request));
    expect(stored).toMatchObject({ status: 'DENIED', denial: denied(TOO_LITTLE).error, decidedAt: clock.now() });
    await world.open({
      ...session,
      limit: toMicroUsd(9_000_000n),
      budget: { ...session.budget, available: toMicroUsd(9_000_000n) },
    });
    expect(await processPayment(world.deps, request)).toEqual(answer);
    expect(await processPayment({ ...world.deps, payers: createPayerCache() }, request)).toEqual(answer);
    paid(await processPayment(world.deps, world.request(session)));
  });

  test('leaves the sweeper nothing to finish', async () => {
    const session = await shortSession(world, process);
    await sweepTwice(clock, world.sweepDeps);
    await processPayment(world.deps, world.request(session, { deadline: addMs(clock.now(), 15_000) }));
    const before = await booksOf(session);
    clock.advance(20_000);
    const visited = process === 'cold' ? 0 : 1;
    expect(await sweepOnce(world.sweepDeps)).toMatchObject({ visited, settled: 0, released: 0, failed: 0 });
    expect(await booksOf(session)).toEqual(before);
  });
});

describe('too little money is no denial yet', () => {
  /** A payment that holds half a dollar and whose lease ends after so long. */
  async function hold(session: Session, leaseMs: number): Promise<Payment> {
    const payment = makePayment(session, { leaseUntil: addMs(clock.now(), leaseMs) });
    await world.ledger.putIntent(payment);
    const { id, attempt, amount, leaseUntil } = payment;
    const entry = toEntryKey(id, attempt);
    const at = { now: clock.now(), inFlightMax: 64, floor: null } as const;
    expect((await world.ledger.reserve({ session, entry, amount, leaseUntil, ...at })).kind).toBe('reserved');
    return payment;
  }

  test.each(PROCESSES)('where a dead payment holds some (%s process)', async (process) => {
    const session = await world.open({ limit: toMicroUsd(3n * PRICE - 1n) });
    if (process === 'warm') paid(await processPayment(world.deps, world.request(session)));
    else await hold(session, 1_000_000);
    await hold(session, 1_000);
    const atWork = await processPayment(world.deps, world.request(session));
    expect(atWork).toEqual(denied(PRICE - 1n, process === 'warm' ? PRICE : 2n * PRICE));
    clock.advance(1_000);
    paid(await processPayment(world.deps, world.request(session, { deadline: addMs(clock.now(), 15_000) })));
  });

  test('where the session is full, and closing what is decided makes room', async () => {
    const session = await world.open({ limit: PRICE });
    const held = await hold(session, 1_000_000);
    await world.ledger.decide(held.id, 1, { status: 'ABORTED', at: clock.now() });
    paid(await processPayment({ ...world.deps, inFlightMax: 1 }, world.request(session)));
  });

  test('where an earlier attempt of the same payment holds it', async () => {
    const session = await world.open({ limit: PRICE });
    const request = world.request(session);
    const fails = { type: 'SeedVault', sign: () => Promise.reject(new Error('no signature')) } as const;
    hop.setFaults((call) => (String(call.body['UpdateExpression']).includes('av = av + :a') ? 'throttle' : null));
    const broken = { ...world.deps, signers: { ...world.deps.signers, SeedVault: fails } };
    await expect(processPayment(broken, request)).rejects.toThrow('no signature');
    hop.setFaults(null);
    expect((await booksOf(session)).budget).toMatchObject({ available: 0n, reserved: PRICE });
    expect(paid(await processPayment(world.deps, request)).attempt).toBe(2);
  });
});

describe('two calls with one token, of which one finds too little and the other enough', () => {
  test('come to one outcome: what was signed first is replayed, not denied', async () => {
    const session = await world.open({ limit: TOO_LITTLE });
    const request = world.request(session);
    let proof: Payment | undefined;
    const putIntent = async (payment: Payment) => {
      expect(payment.status).toBe('DENIED');
      await world.open({ ...session, limit: PRICE, budget: { ...session.budget, available: PRICE } });
      proof = paid(await processPayment(world.deps, request));
      return world.ledger.putIntent(payment);
    };
    const slow = { ...world.deps, payers: createPayerCache(), ledger: { ...world.ledger, putIntent } };
    expect(paid(await processPayment(slow, request))).toEqual(proof);
    expect((await booksOf(session)).budget).toEqual({ available: 0n, reserved: 0n, spent: PRICE });
  });

  test('come to one outcome: what was denied first stays denied', async () => {
    const session = await world.open({ limit: PRICE });
    const request = world.request(session);
    const putIntent = async (payment: Payment) => {
      expect(payment.status).toBe('PENDING');
      await world.open({ ...session, limit: TOO_LITTLE, budget: { ...session.budget, available: TOO_LITTLE } });
      expect(await processPayment(world.deps, request)).toEqual(denied(TOO_LITTLE));
      return world.ledger.putIntent(payment);
    };
    const slow = { ...world.deps, payers: createPayerCache(), ledger: { ...world.ledger, putIntent } };
    expect(await processPayment(slow, request)).toEqual(denied(TOO_LITTLE));
    expect((await booksOf(session)).budget.spent).toBe(0n);
  });
});

describe('what is refused for another reason than money is no denial, however little is left', () => {
  test.each<[string, Partial<Session>, Partial<ProcessPaymentRequest>, string]>([
    ['a session that is deleted', { deleted: true }, {}, 'session_not_found'],
    ['one that has expired', { expiresAt: createTestClock().now() }, {}, 'session_expired'],
    [
      'an instrument that is not there',
      {},
      { instrumentId: 'payment-instrument-aaaaaaaaaaaaaaa' },
      'instrument_not_found',
    ],
  ])('%s', async (_what, overrides, named, reason) => {
    const session = await world.open({ limit: TOO_LITTLE, ...overrides });
    const request = world.request(session, named);
    const result = await processPayment(world.deps, request);
    expect(result).toMatchObject({ ok: false, error: { reason } });
    expect(await world.ledger.readPayment(await idOf(request))).toBeNull();
  });
});
