import { describe, expect, test } from 'vitest';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import { assertSessionBalances, sessionStatus, type Session } from '../../../lib/domain/payment/session.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { makeSession } from '../../support/payments.ts';

describe('a session', () => {
  test('is active until the millisecond before its expiry, and expired at it', () => {
    const session = makeSession();
    expect(sessionStatus(session, addMs(session.expiresAt, -1))).toBe('ACTIVE');
    expect(sessionStatus(session, session.expiresAt)).toBe('EXPIRED');
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

  test.each<[string, Partial<Session>]>([
    ['I1', { limit: usd(9n) }],
    ['I2', { inFlight: 1 }],
    ['I2', { budget: { available: usd(5n), reserved: usd(5n), spent: usd(0n) }, limit: usd(10n) }],
    ['I1', { budget: { available: null, reserved: usd(0n), spent: usd(0n) }, limit: usd(10n) }],
  ])('refuses books that break %s', (rule, overrides) => {
    const base = makeSession({ limit: usd(10n) });
    expect(() => assertSessionBalances({ ...base, ...overrides })).toThrow(rule);
  });
});
