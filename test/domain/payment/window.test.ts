import { describe, expect, test } from 'vitest';
import type { WindowCharge, WindowGrant } from '../../../lib/domain/payment/charge.ts';
import {
  assertWindowBalances,
  neededOf,
  planGrant,
  planStealBack,
  richestFirst,
  type Asking,
  type Sibling,
  type Window,
  type WindowChange,
} from '../../../lib/domain/payment/window.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { MANAGER_ID, NOW } from '../../support/payments.ts';

const closesAt = addMs(NOW, 3_600_000);
const charge: WindowCharge = { kind: 'window', key: 'day', opensAt: NOW, closesAt, quantity: 10n, max: 1_000n };
const grantOf = (free: bigint): WindowGrant => ({ free, used: 3n, number: 4, limit: 1_000n, closesAt });
const asking = (free?: bigint): Asking => ({
  sessionId: 'asking',
  grant: free === undefined ? undefined : grantOf(free),
});
const sibling = (sessionId: string, free: bigint): Sibling => ({ sessionId, grant: grantOf(free) });

/** One that balances. */
function windowOf(available: bigint, { limit = 1_000n, spent = 0n } = {}): Window {
  const grants = new Map([['other', { amount: limit - available - spent, number: 1 }]]);
  return { managerId: MANAGER_ID, key: 'day', limit, available, spent, version: 7, closesAt, grants };
}

function planned(...[window, who, wanted]: Parameters<typeof planGrant>): WindowChange {
  const plan = planGrant(window, who, wanted);
  if (plan.kind !== 'change') throw new Error(`short by ${plan.deficit}`);
  return plan.change;
}

describe('a window', () => {
  test('balances where all of its limit is available, granted or spent', () => {
    for (const window of [windowOf(0n), windowOf(400n, { spent: 100n }), windowOf(-50n)])
      expect(() => assertWindowBalances(window)).not.toThrow();
  });

  test.each<[string, Partial<Window>, string]>([
    ['with less than its limit', { available: 399n }, 'available 399, granted 500, spent 100'],
    ['with more than its limit', { available: 401n }, 'available 401, granted 500, spent 100'],
    ['of another limit', { limit: 999n }, 'limit 999'],
    ['that spent less than nothing', { spent: -1n, available: 501n }, 'spent -1'],
  ])('does not balance %s, and says by how much', (_what, broken, says) => {
    const window = { ...windowOf(400n, { spent: 100n }), ...broken };
    expect(() => assertWindowBalances(window)).toThrow(/^window day of .* does not balance \(I11\): limit /);
    expect(() => assertWindowBalances(window)).toThrow(says);
  });
});

describe('a grant out of what is available', () => {
  test('makes the window where there is none, with its limit and end, for a session that had nothing', () => {
    expect(planned(null, asking(), charge)).toEqual({
      seenLimit: null,
      limit: 1_000n,
      closesAt,
      sessionId: 'asking',
      seenNumber: null,
      by: 125n,
      takings: [],
      settles: true,
    });
  });

  test.each([
    ['an eighth of the limit, where there is plenty', 1_000n, 10n, 125n],
    ['a quarter of what is left, where that is less', 400n, 10n, 100n],
    ['a quarter at the boundary to scarcity', 250n, 10n, 62n],
    ['half of that below it, so that others find something', 249n, 10n, 31n],
    ['what is missing, where that is more', 249n, 40n, 40n],
    ['all that there is, for a charge of that', 249n, 249n, 249n],
  ])('is %s', (_what, available, quantity, by) => {
    expect(planned(windowOf(available), asking(0n), { ...charge, quantity })).toMatchObject({
      seenLimit: 1_000n,
      seenNumber: 4,
      by,
      settles: true,
    });
  });

  test('is nothing more for a session that has enough: it writes the limit alone', () => {
    expect(planned(windowOf(500n), asking(10n), charge)).toMatchObject({ by: 0n, settles: true });
    expect(planned(windowOf(500n), asking(9n), charge)).toMatchObject({ by: 125n });
  });

  test('says how much is wanting where there is less', () => {
    expect(planGrant(windowOf(5n), asking(2n), charge)).toEqual({ kind: 'short', deficit: 3n });
    expect(planGrant(windowOf(8n), asking(2n), charge).kind).toBe('change');
    expect(planGrant(windowOf(0n), asking(), charge)).toEqual({ kind: 'short', deficit: 10n });
    expect(planGrant(null, asking(), { ...charge, max: 9n })).toEqual({ kind: 'short', deficit: 1n });
  });
});

describe('under another limit', () => {
  test('that is higher, what it adds is there to grant', () => {
    const raised = planned(windowOf(0n), asking(0n), { ...charge, max: 1_400n });
    expect(raised).toMatchObject({ seenLimit: 1_000n, limit: 1_400n, by: 100n, settles: true });
    expect(neededOf(raised)).toBe(-300n);
  });

  test('that is lower, what is still available pays for the difference', () => {
    expect(planned(windowOf(500n), asking(20n), { ...charge, max: 500n })).toMatchObject({ by: 0n, settles: true });
    expect(planned(windowOf(500n), asking(20n), { ...charge, max: 499n })).toMatchObject({ by: -1n, settles: true });
  });

  test('that is lower than all that was granted, the session gives back what is free, and pays no more of it', () => {
    const lowered = planGrant(windowOf(0n), asking(20n), { ...charge, max: 985n });
    expect(lowered).toEqual({ kind: 'short', deficit: 5n });
    const enough = planned(windowOf(0n), asking(25n), { ...charge, max: 985n });
    expect(enough).toMatchObject({ limit: 985n, by: -15n, takings: [], settles: true });
    expect(neededOf(enough)).toBe(0n);
  });

  test('that is lower by more than the session has free, it gives back all of that', () => {
    expect(planGrant(windowOf(0n), asking(20n), { ...charge, max: 900n })).toEqual({ kind: 'short', deficit: 90n });
    const settled = planned(windowOf(0n), asking(20n), { ...charge, quantity: 0n, max: 980n });
    expect(settled).toMatchObject({ by: -20n, settles: true });
  });
});

describe('what a change needs', () => {
  const change = { ...planned(windowOf(500n), asking(0n), charge), by: 100n };

  test('is what is granted, less what is taken from others and what the limit grows by', () => {
    expect(neededOf(change)).toBe(100n);
    expect(neededOf({ ...change, takings: [{ sessionId: 'a', amount: 30n }] })).toBe(70n);
    expect(neededOf({ ...change, limit: 1_040n })).toBe(60n);
    expect(neededOf({ ...change, limit: 940n })).toBe(160n);
    expect(neededOf({ ...change, seenLimit: null, limit: 940n })).toBe(100n);
  });
});

describe('taking back from others', () => {
  test('begins with the richest, and leaves it half of what it has free', () => {
    const siblings = [sibling('poor', 4n), sibling('rich', 100n), sibling('middle', 40n)];
    expect(planStealBack(windowOf(0n), asking(0n), charge, siblings)).toMatchObject({
      by: 50n,
      takings: [{ sessionId: 'rich', amount: 50n }],
      settles: true,
    });
  });

  test('takes more than half where the charge needs it, and all that one has at the most', () => {
    expect(planStealBack(windowOf(0n), asking(0n), charge, [sibling('a', 12n)]).takings).toEqual([
      { sessionId: 'a', amount: 10n },
    ]);
    expect(planStealBack(windowOf(0n), asking(0n), charge, [sibling('a', 4n), sibling('b', 7n)])).toMatchObject({
      by: 10n,
      takings: [
        { sessionId: 'b', amount: 7n },
        { sessionId: 'a', amount: 3n },
      ],
      settles: true,
    });
  });

  test('stops at the one with whom it is enough', () => {
    const even = planStealBack(windowOf(0n), asking(5n), charge, [sibling('a', 5n), sibling('b', 5n)]);
    expect(even).toMatchObject({ by: 5n, takings: [{ sessionId: 'a', amount: 5n }] });
  });

  test('adds what the window itself still has', () => {
    expect(planStealBack(windowOf(6n), asking(0n), charge, [sibling('a', 4n)])).toMatchObject({
      by: 10n,
      takings: [{ sessionId: 'a', amount: 4n }],
      settles: true,
    });
  });

  test('gives the session nothing of its own while a lowered limit is not paid for', () => {
    const change = planStealBack(windowOf(0n), asking(20n), { ...charge, max: 900n }, [sibling('a', 30n)]);
    expect(change).toMatchObject({ limit: 900n, by: -20n, takings: [{ sessionId: 'a', amount: 30n }], settles: false });
    expect(neededOf(change)).toBe(50n);
  });
});

test('sessions stand by what they have free, the richest first, and equal ones as they came', () => {
  const [a, b, c] = [sibling('a', 1n), sibling('b', 2n), sibling('c', 1n)];
  expect([a, b, c].toSorted(richestFirst)).toEqual([b, a, c]);
  expect([richestFirst(a, b), richestFirst(b, a), richestFirst(a, c)]).toEqual([1, -1, 0]);
});
