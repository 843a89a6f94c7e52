import type { HeldCharge, WindowGrant } from '../../../lib/domain/payment/charge.ts';
import { describe, expect, test } from 'vitest';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import { newSession } from '../../../lib/domain/payment/new-session.ts';
import { assertSessionBalances, sessionStatus, type Session } from '../../../lib/domain/payment/session.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { makeSession, NOW } from '../../support/payments.ts';

describe('a session', () => {
  test('is active until the millisecond before its expiry, and expired at it', () => {
    const session = makeSession();
    expect(sessionStatus(session, addMs(session.expiresAt, -1))).toBe('ACTIVE');
    expect(sessionStatus(session, session.expiresAt)).toBe('EXPIRED');
  });

  test('opens with its whole limit, and lasts as many minutes as it says', () => {
    const { managerId, sessionId, userId, createdAt } = makeSession();
    const opened = newSession({ managerId, sessionId, userId, createdAt, limit: toMicroUsd(7n), expiryMinutes: 90 });
    expect(opened).toEqual({
      managerId,
      sessionId,
      userId,
      createdAt,
      deleted: false,
      updatedAt: createdAt,
      expiryMinutes: 90,
      expiresAt: createdAt + 5_400_000,
      limit: 7n,
      budget: { available: 7n, reserved: 0n, spent: 0n },
      inFlight: 0,
      open: new Map(),
      counters: new Map(),
      windows: new Map(),
    });
    expect(() => assertSessionBalances(opened)).not.toThrow();
  });

  test('is deleted whatever the time', () => {
    const session = makeSession({ deleted: true });
    expect(sessionStatus(session, session.expiresAt)).toBe('DELETED');
  });
});

describe('the balance check', () => {
  const usd = toMicroUsd;

  test('accepts books that add up', () => {
    const session = makeSession({
      limit: usd(10n),
      budget: { available: usd(5n), reserved: usd(3n), spent: usd(2n) },
      inFlight: 1,
      open: new Map([['p#1', { amount: usd(3n), leaseUntil: addMs(makeSession().createdAt, 1), charges: [] }]]),
    });
    expect(() => assertSessionBalances(session)).not.toThrow();
  });

  test('accepts a session without a limit, whatever was spent in it', () => {
    const budget = { available: null, reserved: usd(0n), spent: usd(7n) };
    expect(() => assertSessionBalances(makeSession({ limit: null, budget }))).not.toThrow();
  });

  // A negative amount is what a broken store could bring; no function of ours makes one.
  const broken = (available: bigint | null, reserved: bigint, spent: bigint) =>
    ({ budget: { available, reserved, spent } }) as Partial<Session>;

  test.each<[string, Partial<Session>]>([
    ['I1 sum', { limit: usd(9n) }],
    ['I1 limit', broken(null, 0n, 10n)],
    ['I1 limit', { limit: null }],
    ['I2 open entries', { inFlight: 1 }],
    ['I2 open entries', broken(5n, 5n, 0n)],
    ['I3 negative counter', broken(-1n, 0n, 11n)],
    ['I3 negative counter', broken(11n, 0n, -1n)],
    ['I2 open entries, I3 negative counter', broken(11n, -1n, 0n)],
  ])('refuses books that break %s, and says by how much', (rules, overrides) => {
    const session = { ...makeSession({ limit: usd(10n) }), ...overrides };
    const { available, reserved, spent } = session.budget;
    expect(() => assertSessionBalances(session)).toThrow(
      `the books of session ${session.sessionId} do not balance (${rules}): limit ${session.limit}, available ${available}, ` +
        `reserved ${reserved}, spent ${spent}, open 0 worth 0, in flight ${session.inFlight}`,
    );
  });

  const window = (used: bigint, free = 0n): WindowGrant => ({
    free,
    used,
    number: 1,
    limit: 100n,
    closesAt: addMs(makeSession().createdAt, 1),
  });
  /** Two entries of one unit each, both of which took 2 of each key. */
  const counted = (charges: readonly HeldCharge[], rest: Partial<Session>): Session =>
    makeSession({
      limit: usd(10n),
      budget: { available: usd(8n), reserved: usd(2n), spent: usd(0n) },
      inFlight: 2,
      open: new Map((['p#1', 'q#1'] as const).map((key) => [key, { amount: usd(1n), leaseUntil: NOW, charges }])),
      ...rest,
    });
  const tool: HeldCharge = { kind: 'session', key: 'tool', quantity: 2n };
  const day: HeldCharge = { kind: 'window', key: 'day', quantity: 2n };

  test('accepts counters that hold as much as the open entries took of them, and more', () => {
    for (const used of [4n, 5n]) {
      const counters = new Map([['tool', used]]);
      expect(() => assertSessionBalances(counted([tool], { counters }))).not.toThrow();
      const windows = new Map([['day', window(used)]]);
      expect(() => assertSessionBalances(counted([day], { windows }))).not.toThrow();
    }
    expect(() => assertSessionBalances(counted([], { counters: new Map([['tool', 0n]]) }))).not.toThrow();
    expect(() => assertSessionBalances(counted([], { windows: new Map([['day', window(0n)]]) }))).not.toThrow();
  });

  test('accepts an entry whose window has closed and is gone', () => {
    expect(() => assertSessionBalances(counted([day], {}))).not.toThrow();
  });

  test.each<[string, Session]>([
    ['(I2 counter tool)', counted([tool], { counters: new Map([['tool', 3n]]) })],
    ['(I2 no counter tool, I2 no counter tool)', counted([tool], {})],
    ['(I3 negative counter tool, I2 counter tool)', counted([], { counters: new Map([['tool', -1n]]) })],
    ['(I2 window day)', counted([day], { windows: new Map([['day', window(3n)]]) })],
    ['(I3 negative window day)', counted([], { windows: new Map([['day', window(0n, -1n)]]) })],
    ['(I3 negative window day, I2 window day)', counted([], { windows: new Map([['day', window(-1n)]]) })],
  ])('refuses counters that break %s', (rules, session) => {
    expect(() => assertSessionBalances(session)).toThrow(`do not balance ${rules}: `);
  });

  test.each<[bigint, bigint, boolean]>([
    [2n, 2n, true],
    [3n, 2n, false],
    [0n, 0n, true],
  ])('of %s that may come back and %s that is spent', (due, spent, fits) => {
    const session = makeSession({
      limit: usd(10n),
      budget: { available: usd(10n - spent), reserved: usd(0n), spent: usd(spent) },
      returns: { due: new Map([['p#1', usd(due)]]), givenBack: usd(0n) },
    });
    const check = () => assertSessionBalances(session);
    if (fits) expect(check).not.toThrow();
    else expect(check).toThrow('(I3 more may come back than is spent)');
  });
});
