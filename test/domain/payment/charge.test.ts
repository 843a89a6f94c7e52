import { describe, expect, test } from 'vitest';
import {
  bears,
  countersWith,
  shortCharges,
  toHeldCharge,
  type SessionCharge,
  type SessionCounters,
  type WindowCharge,
  type WindowGrant,
} from '../../../lib/domain/payment/charge.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { NOW } from '../../support/payments.ts';

const closesAt = addMs(NOW, 3_600_000);
const grant: WindowGrant = { free: 10n, used: 5n, number: 1, limit: 100n, closesAt };
const day: WindowCharge = { kind: 'window', key: 'day', opensAt: NOW, closesAt, quantity: 10n, max: 100n };
const tool: SessionCharge = { kind: 'session', key: 'tool', quantity: 4n, max: 10n };

describe('a grant', () => {
  test('bears what is free of it, and not one more', () => {
    expect(bears(grant, day)).toBe(true);
    expect(bears(grant, { ...day, quantity: 11n })).toBe(false);
    expect(bears(undefined, { ...day, quantity: 0n })).toBe(false);
  });

  test('bears nothing under a lower limit than it was granted by', () => {
    expect(bears(grant, { ...day, max: 99n })).toBe(false);
    expect(bears(grant, { ...day, max: 101n })).toBe(true);
  });
});

describe('the charges that a session cannot bear', () => {
  const holding = (used: bigint, granted: WindowGrant = grant): SessionCounters => ({
    counters: new Map([['tool', used]]),
    windows: new Map([['day', granted]]),
  });

  test('are none up to the maximum of a counter, and that one above it', () => {
    expect(shortCharges(holding(6n), [day, tool])).toEqual([]);
    expect(shortCharges(holding(7n), [day, tool])).toEqual([tool]);
  });

  test('count from nothing where there is no counter yet', () => {
    const none: SessionCounters = { counters: new Map(), windows: new Map() };
    expect(shortCharges(none, [{ ...tool, quantity: 10n }])).toEqual([]);
    expect(shortCharges(none, [{ ...tool, quantity: 11n }])).toHaveLength(1);
    expect(shortCharges(none, [day])).toEqual([day]);
  });

  test('stand in their order', () => {
    const bare = holding(10n, { ...grant, free: 9n });
    expect(shortCharges(bare, [day, tool])).toEqual([day, tool]);
    expect(shortCharges(bare, [tool, day])).toEqual([tool, day]);
  });
});

test('a session would have each counter once, with those of new charges and without windows that are removed', () => {
  const has: SessionCounters = {
    counters: new Map([['tool', 1n]]),
    windows: new Map([
      ['day', grant],
      ['yesterday', grant],
    ]),
  };
  expect(countersWith(has, [], new Set())).toBe(3);
  expect(countersWith(has, [day, tool], new Set())).toBe(3);
  expect(countersWith(has, [{ ...day, key: 'week' }], new Set())).toBe(4);
  expect(countersWith(has, [], new Set(['yesterday']))).toBe(2);
  expect(countersWith(has, [{ ...day, key: 'yesterday' }], new Set(['yesterday']))).toBe(3);
});

test('an entry holds of a charge what gives it back, and nothing of its limit', () => {
  expect([toHeldCharge(day), toHeldCharge(tool)]).toEqual([
    { kind: 'window', key: 'day', quantity: 10n },
    { kind: 'session', key: 'tool', quantity: 4n },
  ]);
});
