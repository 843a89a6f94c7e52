import { signersOf } from '../../support/wallet-lists.ts';
import { beforeEach, describe, expect, test } from 'vitest';
import { SESSION_COUNTERS_MAX, WINDOW_PRUNE_DELAY_MS } from '../../../lib/domain/limits.ts';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import type { Charge, WindowCharge } from '../../../lib/domain/payment/charge.ts';
import { toEntryKey } from '../../../lib/domain/payment/payment.ts';
import { assertSessionBalances, type Session } from '../../../lib/domain/payment/session.ts';
import { NotNow } from '../../../lib/domain/ports/services.ts';
import { addMs, type EpochMs } from '../../../lib/domain/time.ts';
import { processPayment, type ProcessPaymentDeps } from '../../../lib/service/paying/process-payment.ts';
import { auditSession } from '../../../lib/service/sweeping/session-audit.ts';
import { withDatabase } from '../../support/database.ts';
import { sweepTwice } from '../../support/faults.ts';
import {
  createPayingWorld,
  createTestClock,
  paid,
  testSigner,
  type PayingWorld,
  type TestClock,
} from '../../support/paying.ts';
import { chargingBy } from '../../support/policies.ts';

const database = withDatabase();
const PRICE = 500_000n;
let world: PayingWorld;
let clock: TestClock;
let opensAt: EpochMs;

beforeEach(async () => {
  clock = createTestClock();
  opensAt = clock.now();
  world = await createPayingWorld(database, { clock });
});

const cap = (max: bigint): Charge => ({ kind: 'session', key: 'payeeCap', quantity: PRICE, max });
const day = (max: bigint, closesAfterMs = 3_600_000): WindowCharge => ({
  kind: 'window',
  key: 'userDay0',
  opensAt,
  closesAt: addMs(opensAt, closesAfterMs),
  quantity: PRICE,
  max,
});

function pay(
  session: Session,
  charges: readonly Charge[],
  overrides: Partial<ProcessPaymentDeps> = {},
  clientToken?: string,
) {
  const request = world.request(session, clientToken === undefined ? {} : { clientToken });
  return processPayment({ ...world.deps, policies: chargingBy(() => charges), ...overrides }, request);
}

async function stored(session: Session): Promise<Session> {
  const found = (await world.ledger.readSession(session))!;
  assertSessionBalances(found);
  return found;
}

const windowOf = async () =>
  (await world.deps.windows.readWindow({ managerId: world.manager.managerId, key: 'userDay0' }))!;

describe('a limit within a session', () => {
  test('is counted by each payment, and denies the one above it with its figures, for good', async () => {
    const session = await world.open();
    paid(await pay(session, [cap(900_000n)]));
    const token = 'w'.repeat(33);
    const denial = { reason: 'policy_exceeded', key: 'payeeCap', max: 900_000n, used: 500_000n, asked: 500_000n };
    expect(await pay(session, [cap(900_000n)], {}, token)).toMatchObject({ ok: false, error: denial });
    // Final for its token, whatever the policy says by now.
    expect(await pay(session, [cap(9_000_000n)], {}, token)).toMatchObject({ ok: false, error: denial });
    paid(await pay(session, [cap(1_000_000n)]));
    expect((await stored(session)).counters.get('payeeCap')).toBe(1_000_000n);
  });

  test('is given back by a payment that is not signed', async () => {
    const session = await world.open();
    const signers = throttled();
    const charges = [cap(500_000n), day(500_000n)];
    expect(await pay(session, charges, { signers })).toMatchObject({ error: { reason: 'busy', what: 'signer' } });
    expect((await stored(session)).counters.get('payeeCap')).toBe(0n);
    paid(await pay(session, charges));
  });

  test('is charged by the attempt that is made, and what a dead one took comes back whatever the policy says by then', async () => {
    const session = await world.open();
    const token = 't'.repeat(33);
    const signers = signersOf({ ...testSigner, sign: () => new Promise<never>(() => undefined) });
    void pay(session, [cap(500_000n), day(500_000n)], { signers }, token);
    await expect.poll(async () => (await stored(session)).inFlight).toBe(1);
    clock.advance(20_000);
    const other: Charge = { kind: 'session', key: 'toolCap0', quantity: PRICE, max: 500_000n };
    const payment = paid(await pay(session, [other], {}, token));
    expect(payment.attempt).toBe(2);
    const { counters, windows, open } = await stored(session);
    expect([counters.get('payeeCap'), counters.get('toolCap0'), open.size]).toEqual([0n, 500_000n, 0]);
    expect(windows.get('userDay0')).toMatchObject({ free: 500_000n, used: 0n });
  });

  test('is finished by the sweeper for what its entry took', async () => {
    const session = await world.open();
    const signers = signersOf({ ...testSigner, sign: () => new Promise<never>(() => undefined) });
    void pay(session, [cap(500_000n), day(2_000_000n)], { signers });
    await expect.poll(async () => (await stored(session)).inFlight).toBe(1);
    await sweepTwice(clock, world.sweepDeps);
    const { counters, windows, inFlight } = await stored(session);
    expect([counters.get('payeeCap'), windows.get('userDay0')?.used, inFlight]).toEqual([0n, 0n, 0]);
  });

  test('frees what a dead payment holds before it denies', async () => {
    const session = await world.open();
    const { ledger } = world;
    const dead = { session, entry: toEntryKey('dead' as never, 1), amount: toMicroUsd(PRICE) };
    await ledger.reserve({
      ...dead,
      leaseUntil: clock.now(),
      floor: null,
      now: clock.now(),
      inFlightMax: 64,
      charges: [cap(500_000n)],
    });
    paid(await pay(session, [cap(500_000n)]));
  });

  test('counts for so many subjects and no more, and says so without a denial', async () => {
    const counters = new Map(
      Array.from({ length: SESSION_COUNTERS_MAX }, (_, at) => [`payee${at.toString().padStart(3, '0')}`, 1n]),
    );
    const session = await world.open({ counters });
    const token = 'c'.repeat(33);
    const refused = { ok: false, error: { reason: 'too_many_counters', max: SESSION_COUNTERS_MAX } };
    expect(await pay(session, [cap(900_000n)], {}, token)).toEqual(refused);
    const known: Charge = { kind: 'session', key: 'payee000', quantity: PRICE, max: 900_000n };
    paid(await pay(session, [known], {}, token));
  });
});

describe('a window that sessions share', () => {
  test('is denied only when all sessions together have too little left', async () => {
    const [first, second] = [await world.open(), await world.open()];
    paid(await pay(first, [day(1_400_000n)]));
    paid(await pay(second, [day(1_400_000n)]));
    const denial = { reason: 'policy_exceeded', key: 'userDay0', max: 1_400_000n, used: 1_000_000n, asked: 500_000n };
    expect(await pay(second, [day(1_400_000n)])).toMatchObject({ ok: false, error: denial });
    expect(await pay(first, [day(1_400_000n)])).toMatchObject({ ok: false, error: denial });
    paid(await pay(first, [day(1_500_000n)]));
  });

  /** Grants a session all of a window, of which it spends nothing. */
  async function grantAll(session: Session, max: bigint): Promise<void> {
    const all = { ...day(max), quantity: max };
    expect(await pay(session, [all], { signers: throttled() })).toMatchObject({ error: { what: 'signer' } });
    expect((await stored(session)).windows.get('userDay0')).toMatchObject({ free: max, used: 0n });
  }

  test('is taken from a session that has more than it needs', async () => {
    const [rich, poor] = [await world.open(), await world.open()];
    await grantAll(rich, 2_000_000n);
    for (let paidFor = 0; paidFor < 2; paidFor += 1) paid(await pay(poor, [day(2_000_000n)]));
    for (let paidFor = 0; paidFor < 2; paidFor += 1) paid(await pay(rich, [day(2_000_000n)]));
    expect((await pay(rich, [day(2_000_000n)])).ok).toBe(false);
  });

  test('is not denied to a payment that read its session before another one of the session was granted the rest', async () => {
    const session = await world.open();
    const { windows } = world.deps;
    const other = Promise.withResolvers<void>();
    const late: ProcessPaymentDeps['windows'] = {
      ...windows,
      readWindow: async (ref) => {
        await other.promise;
        return windows.readWindow(ref);
      },
    };
    const first = pay(session, [day(500_000n)], { windows: late });
    // Has the whole window granted to the session, and gives it back to the session alone.
    expect(await pay(session, [day(500_000n)], { signers: throttled() })).toMatchObject({ error: { what: 'signer' } });
    other.resolve();
    paid(await first);
  });

  test('is put together from what several sessions have left', async () => {
    const sessions = [];
    for (let at = 0; at < 12; at += 1) sessions.push(await world.open());
    const poor = await world.open();
    for (const session of sessions) {
      const part = { ...day(600_000n), quantity: 50_000n };
      await pay(session, [part], { signers: throttled() });
    }
    paid(await pay(poor, [day(600_000n)]));
    expect(await pay(poor, [day(600_000n)])).toMatchObject({ error: { reason: 'policy_exceeded', used: 500_000n } });
  });

  test('gets back what a session has left by its audit, and counts what it spent', async () => {
    const [rich, poor] = [await world.open(), await world.open({ createdAt: addMs(opensAt, 1) })];
    await grantAll(rich, 2_000_000n);
    paid(await pay(rich, [day(2_000_000n)]));
    const { ledger, deps } = world;
    const sums = { sumSigned: async () => toMicroUsd(PRICE) };
    expect(await auditSession({ ledger, clock, sums, windows: deps.windows }, await stored(rich))).toEqual({
      kind: 'sound',
    });
    const window = await windowOf();
    expect([window.available, window.spent, window.grants.size]).toEqual([1_500_000n, 500_000n, 0]);
    for (let paidFor = 0; paidFor < 3; paidFor += 1) paid(await pay(poor, [day(2_000_000n)]));
    expect((await pay(poor, [day(2_000_000n)])).ok).toBe(false);
  });

  test('gets nothing back from a session that is over once it has closed itself', async () => {
    const session = await world.open();
    paid(await pay(session, [day(8_000_000n, 60_000)]));
    const before = await windowOf();
    clock.advance(60_000);
    const { ledger, deps } = world;
    const sums = { sumSigned: async () => toMicroUsd(PRICE) };
    await auditSession({ ledger, clock, sums, windows: deps.windows }, await stored(session));
    expect(await windowOf()).toEqual(before);
  });

  test('loses its counter in a session some time after it has closed, with the next payment', async () => {
    const session = await world.open();
    paid(await pay(session, [day(8_000_000n, 60_000)]));
    clock.advance(60_000 + WINDOW_PRUNE_DELAY_MS - 1);
    paid(await pay(session, []));
    expect((await stored(session)).windows.size).toBe(1);
    clock.advance(1);
    paid(await pay(session, []));
    expect((await stored(session)).windows.size).toBe(0);
  });

  test('leaves its place to the next window once it has closed, however many have', async () => {
    const closed = { free: 0n, used: 1n, number: 1, limit: 1n, closesAt: addMs(opensAt, -WINDOW_PRUNE_DELAY_MS) };
    const keys = Array.from({ length: SESSION_COUNTERS_MAX }, (_, at) => `minute-${at.toString().padStart(4, '0')}`);
    const session = await world.open({ windows: new Map(keys.map((key) => [key, closed])) });
    paid(await pay(session, [day(8_000_000n)]));
    expect([...(await stored(session)).windows.keys()]).toEqual(['userDay0']);
  });

  test('never grants anything once it has closed: the payment is busy, and its retry counts in the next', async () => {
    const session = await world.open();
    const token = 'x'.repeat(33);
    expect(await pay(session, [day(8_000_000n, 0)], {}, token)).toEqual({
      ok: false,
      error: { reason: 'busy', what: 'window' },
    });
    paid(await pay(session, [day(8_000_000n)], {}, token));
  });

  test('is no denial where it could not be told in time', async () => {
    const [rich, poor] = [await world.open(), await world.open()];
    await grantAll(rich, 2_000_000n);
    const slow = {
      ...world.deps.windows,
      change: async () => {
        clock.advance(1_000);
        throw new NotNow('the window is at work');
      },
    };
    const token = 'y'.repeat(33);
    const busy = { ok: false, error: { reason: 'busy', what: 'window' } };
    expect(await pay(poor, [day(2_000_000n)], { windows: slow }, token)).toEqual(busy);
    paid(await pay(poor, [day(2_000_000n)], {}, token));
  });
});

function throttled(): ProcessPaymentDeps['signers'] {
  const broken = { type: 'SeedVault', sign: () => Promise.reject(new NotNow('throttled')) } as const;
  return signersOf(broken);
}
