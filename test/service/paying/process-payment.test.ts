import { signersOf } from '../../support/wallet-lists.ts';
import { beforeEach, describe, expect, test } from 'vitest';
import { IN_FLIGHT_MAX, PAYMENT_ATTEMPTS_MAX } from '../../../lib/domain/limits.ts';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import { parseEntryKey } from '../../../lib/domain/payment/payment.ts';
import type { Ledger } from '../../../lib/domain/ports/books.ts';
import { NotNow } from '../../../lib/domain/ports/services.ts';
import { signedCaller } from '../../../lib/domain/tenants/principal.ts';
import { assertSessionBalances, type Session } from '../../../lib/domain/payment/session.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { processPayment, type ProcessPaymentDeps } from '../../../lib/service/paying/process-payment.ts';
import { withDatabase } from '../../support/database.ts';
import { createPayingWorld, createTestClock, paid, type PayingWorld, type TestClock } from '../../support/paying.ts';

const database = withDatabase();
let world: PayingWorld;
let clock: TestClock;

beforeEach(async () => {
  clock = createTestClock();
  world = await createPayingWorld(database, { clock });
});

async function booksOf(session: Session): Promise<Session> {
  const stored = await world.ledger.readSession(session);
  if (stored === null) throw new Error('the session is gone');
  assertSessionBalances(stored);
  return stored;
}

const NOTHING_SPENT = { reserved: toMicroUsd(0n), spent: toMicroUsd(0n) };
const usd = (dollars: number) => toMicroUsd(BigInt(dollars) * 1_000_000n);

describe('a payment', () => {
  test('spends its amount and returns a signed authorization', async () => {
    const session = await world.open();
    const payment = paid(await processPayment(world.deps, world.request(session)));
    expect(payment).toMatchObject({ status: 'SIGNED', amount: 500_000n, attempt: 1 });
    expect(payment.signatures).toEqual([expect.stringMatching(/^0x[0-9a-f]{130}$/)]);
    const { budget, open } = await booksOf(session);
    expect(budget).toEqual({ available: 9_500_000n, reserved: 0n, spent: 500_000n });
    expect(open.size).toBe(0);
  });

  test('is replayed under the same token, identical and without another debit', async () => {
    const session = await world.open();
    const request = world.request(session);
    const first = paid(await processPayment(world.deps, request));
    clock.advance(400_000);
    const again = paid(await processPayment(world.deps, { ...request, deadline: addMs(clock.now(), 15_000) }));
    expect(again).toEqual(first);
    expect((await booksOf(session)).budget.spent).toBe(500_000n);
  });

  test('is replayed after its session and its instrument are gone', async () => {
    const session = await world.open();
    const request = world.request(session);
    const first = paid(await processPayment(world.deps, request));
    await world.open({ ...session, deleted: true });
    expect(paid(await processPayment(world.deps, request))).toEqual(first);
  });

  test('is refused under a token that paid something else', async () => {
    const session = await world.open();
    const request = world.request(session);
    const payment = paid(await processPayment(world.deps, request));
    const other = { ...world.request(session, { amount: '500001' }), clientToken: request.clientToken };
    expect(await processPayment(world.deps, other)).toEqual({ ok: false, error: { reason: 'other_terms', payment } });
    expect((await booksOf(session)).budget.spent).toBe(500_000n);
  });

  test('counts as a retry whatever name the agent goes by', async () => {
    const session = await world.open();
    const request = world.request(session, { agentName: 'one' });
    const first = paid(await processPayment(world.deps, request));
    expect(paid(await processPayment(world.deps, { ...request, agentName: 'two' }))).toEqual(first);
    const resource = { url: 'https://api.example.com/report', description: null };
    expect(paid(await processPayment(world.deps, { ...request, resource }))).toEqual(first);
  });

  test('buys the same thing forty times under forty tokens', async () => {
    const session = await world.open({ limit: usd(20) });
    for (let i = 0; i < 40; i += 1) paid(await processPayment(world.deps, world.request(session)));
    expect((await booksOf(session)).budget).toEqual({ available: 0n, reserved: 0n, spent: 20_000_000n });
  });

  test('that fits exactly is paid, and one millionth more is denied for good', async () => {
    const session = await world.open({ limit: toMicroUsd(500_000n) });
    const tooMuch = world.request(session, { amount: '500001' });
    const denial = { reason: 'budget_exceeded', requested: 500_001n, available: 500_000n, reserved: 0n };
    expect(await processPayment(world.deps, tooMuch)).toEqual({ ok: false, error: denial });
    paid(await processPayment(world.deps, world.request(session)));
    expect(await processPayment(world.deps, tooMuch)).toEqual({ ok: false, error: denial });
    expect((await booksOf(session)).budget.spent).toBe(500_000n);
  });

  test('has no limit where its session has none', async () => {
    const session = await world.open({ limit: null });
    paid(await processPayment(world.deps, world.request(session, { amount: '123456789000000' })));
    expect((await booksOf(session)).budget).toMatchObject({ available: null, spent: 123_456_789_000_000n });
  });
});

describe('a payment is refused and reserves nothing', () => {
  test.each([
    ['another user', { principal: signedCaller('user-2') }, { reason: 'session_not_found' }],
    ['another manager', { managerId: 'other-0000000001' }, { reason: 'not_found', resource: 'manager' }],
    ['an unknown session', { sessionId: 'payment-session-000000000000000' }, { reason: 'session_not_found' }],
    [
      'an unknown instrument',
      { instrumentId: 'payment-instrument-000000000000000' },
      { reason: 'instrument_not_found' },
    ],
  ])('for %s', async (_what, overrides, error) => {
    const session = await world.open();
    const result = await processPayment(world.deps, world.request(session, overrides));
    expect(result).toEqual({ ok: false, error });
    expect((await booksOf(session)).budget.spent).toBe(0n);
  });

  test('on a deleted session', async () => {
    const session = await world.open({ deleted: true });
    const result = await processPayment(world.deps, world.request(session));
    expect(result).toEqual({ ok: false, error: { reason: 'session_not_found' } });
  });

  test('on an expired session, and a token that met it works on no other terms later', async () => {
    const session = await world.open();
    clock.advance(3_600_000);
    const result = await processPayment(world.deps, world.request(session));
    expect(result).toMatchObject({ ok: false, error: { reason: 'session_expired' } });
  });

  test('when the session was deleted after this process had come to know it', async () => {
    const session = await world.open();
    paid(await processPayment(world.deps, world.request(session)));
    await world.open({ ...session, deleted: true });
    const result = await processPayment(world.deps, world.request(session));
    expect(result).toEqual({ ok: false, error: { reason: 'session_not_found' } });
  });

  test('for a challenge that is not one of ours', async () => {
    const session = await world.open();
    const request = world.request(session, { amount: '1e3' });
    expect(await processPayment(world.deps, request)).toMatchObject({
      ok: false,
      error: { reason: 'invalid_challenge' },
    });
    expect((await booksOf(session)).budget.spent).toBe(0n);
  });
});

describe('a signer that fails', () => {
  const failing = (error: Error) => ({
    type: 'SeedVault' as const,
    sign: async () => {
      throw error;
    },
  });

  test('gives the money back, and the token works once the signer does', async () => {
    const session = await world.open();
    const request = world.request(session);
    const broken = failing(new Error('no key'));
    const deps = { ...world.deps, signers: signersOf(broken) };
    await expect(processPayment(deps, request)).rejects.toThrow('no key');
    expect((await booksOf(session)).budget).toEqual({ available: 10_000_000n, reserved: 0n, spent: 0n });
    expect(paid(await processPayment(world.deps, request)).attempt).toBe(2);
    expect((await booksOf(session)).budget.spent).toBe(500_000n);
  });

  test('that fails sixty-four times is asked no more under this token, and at once under another', async () => {
    const session = await world.open();
    const request = world.request(session);
    const broken = failing(new NotNow('slow down'));
    const deps = { ...world.deps, signers: signersOf(broken) };
    for (let attempt = 1; attempt <= PAYMENT_ATTEMPTS_MAX; attempt += 1) {
      expect(await processPayment(deps, request)).toMatchObject({ ok: false, error: { reason: 'busy' } });
    }
    const exhausted = { ok: false, error: { reason: 'attempts_exhausted' } };
    expect(await processPayment(world.deps, request)).toEqual(exhausted);
    expect((await booksOf(session)).budget).toEqual({ available: 10_000_000n, reserved: 0n, spent: 0n });
    expect(paid(await processPayment(world.deps, world.request(session))).status).toBe('SIGNED');
  });

  test('that is throttled answers busy and gives the money back', async () => {
    const session = await world.open();
    const broken = failing(new NotNow('slow down'));
    const deps = { ...world.deps, signers: signersOf(broken) };
    const result = await processPayment(deps, world.request(session));
    expect(result).toEqual({ ok: false, error: { reason: 'busy', what: 'signer' } });
    expect((await booksOf(session)).budget.reserved).toBe(0n);
  });

  test('is not asked when too little time is left', async () => {
    const session = await world.open();
    const asked: string[] = [];
    const signer = { type: 'SeedVault' as const, sign: async () => (asked.push('asked'), '0x' as const) };
    const deps = { ...world.deps, signers: signersOf(signer) };
    const request = world.request(session, { deadline: addMs(clock.now(), 3_999) });
    expect(await processPayment(deps, request)).toEqual({ ok: false, error: { reason: 'busy', what: 'payment' } });
    expect(asked).toEqual([]);
    expect((await booksOf(session)).budget.reserved).toBe(0n);
  });
});

describe('a session with as many payments in flight as it may have', () => {
  test('answers busy after a bounded wait, and the token works later', async () => {
    const session = await world.open();
    const deps = { ...world.deps, inFlightMax: 0 };
    const request = world.request(session);
    const before = clock.now();
    expect(await processPayment(deps, request)).toEqual({ ok: false, error: { reason: 'busy', what: 'session' } });
    expect(clock.now() - before).toBeLessThanOrEqual(3_000);
    expect(paid(await processPayment(world.deps, world.request(session, request))).status).toBe('SIGNED');
  });
});

test('what dead handlers hold is given back before anything is denied for want of it, up to a session that is full of them', async () => {
  const session = await world.open({ limit: usd(10), budget: { ...NOTHING_SPENT, available: usd(10) } });
  await new Promise<void>((everyoneSigns) => {
    let signing = 0;
    const sign = () => {
      signing += 1;
      if (signing === IN_FLIGHT_MAX) everyoneSigns();
      return new Promise<never>(() => {});
    };
    const dying = {
      ...world.deps,
      signers: { ...world.deps.signers, SeedVault: { type: 'SeedVault' as const, sign } },
    };
    for (let handler = 0; handler < IN_FLIGHT_MAX; handler += 1) {
      void processPayment(dying, world.request(session, { amount: '150000' }));
    }
  });
  expect((await booksOf(session)).budget.available).toBe(400_000n);
  clock.advance(17_000);
  paid(await processPayment(world.deps, world.request(session, { amount: '9500000' })));
  expect((await booksOf(session)).budget).toEqual({ available: 500_000n, reserved: 0n, spent: 9_500_000n });
});

describe('a failure before anything is reserved leaves the token free for the next call', () => {
  const FITS = '10000000';
  const TOO_MUCH = '10000001';
  const throttledGuard = () => ({ repetitions: { guard: { take: throttled }, windowSeconds: 30 } });

  test.each<[string, string, () => Partial<ProcessPaymentDeps>]>([
    ['the guard against repetitions is throttled', FITS, throttledGuard],
    ['the session cannot be read again', FITS, () => ({ inFlightMax: 0, ledger: failingAfter(1, 'readSession') })],
    ['the denial cannot be written', TOO_MUCH, () => ({ ledger: failingAfter(0, 'putIntent', 1) })],
  ])('%s', async (_what, amount, broken) => {
    const session = await world.open({ limit: usd(10), budget: { ...NOTHING_SPENT, available: usd(10) } });
    const request = world.request(session, { amount });
    await expect(processPayment({ ...world.deps, ...broken() }, request)).rejects.toThrow(NotNow);
    const before = clock.now();
    const { ok } = await processPayment(world.deps, request);
    expect(clock.now()).toBe(before);
    const spent = amount === FITS ? usd(10) : 0n;
    expect({ ok, ...(await booksOf(session)).budget }).toEqual({
      ok: amount === FITS,
      available: usd(10) - spent,
      reserved: 0n,
      spent,
    });
  });

  const throttled = async (): Promise<never> => {
    throw new NotNow('slow down');
  };

  /** The ledger, of which one call is throttled once the first so many went through. */
  function failingAfter(calls: number, name: 'readSession' | 'putIntent', times = Infinity): Ledger {
    let seen = 0;
    const call = world.ledger[name] as (...input: readonly unknown[]) => Promise<unknown>;
    const failing = (...input: readonly unknown[]) => {
      seen += 1;
      return seen > calls && seen <= calls + times ? throttled() : call(...input);
    };
    return { ...world.ledger, [name]: failing };
  }
});

test('the last attempt of a token is given up before its token is called used up', async () => {
  const session = await world.open();
  const request = world.request(session);
  const deadline = () => addMs(clock.now(), 15_000);
  const broken = { type: 'SeedVault' as const, sign: async () => Promise.reject(new NotNow('slow down')) };
  const failing = { ...world.deps, signers: signersOf(broken) };
  for (let attempt = 1; attempt < PAYMENT_ATTEMPTS_MAX; attempt += 1) {
    await processPayment(failing, { ...request, deadline: deadline() });
  }
  await new Promise<void>((signing) => {
    const sign = () => {
      signing();
      return new Promise<never>(() => {});
    };
    const dying = {
      ...world.deps,
      signers: { ...world.deps.signers, SeedVault: { type: 'SeedVault' as const, sign } },
    };
    void processPayment(dying, { ...request, deadline: deadline() });
  });
  clock.advance(17_000);
  expect(await processPayment(world.deps, { ...request, deadline: deadline() })).toMatchObject({
    error: { reason: 'attempts_exhausted' },
  });
  const [entry] = [...(await booksOf(session)).open.keys()];
  const payment = await world.ledger.readPayment(parseEntryKey(entry!).paymentId);
  expect(payment).toMatchObject({ status: 'ABORTED', attempt: PAYMENT_ATTEMPTS_MAX });
});
