import { expect, test } from 'vitest';
import { checkHistories } from './history/histories.ts';
import { simulate } from './simulate.ts';

/** `npm run simulate` takes as many as one likes. */
const SEEDS = 200;

async function simulateAll(policed: boolean) {
  const totals: Record<string, number> = {};
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { counts, sessions, exchanges } = await simulate(seed, { policed });
    for (const [name, count] of Object.entries({ ...counts, ...checkHistories(sessions, exchanges) })) {
      totals[name] = (totals[name] ?? 0) + count;
    }
  }
  return totals;
}

test(`keeps the books in ${SEEDS} seeds of many sessions, handlers and faults`, { timeout: 120_000 }, async () => {
  const totals = await simulateAll(false);
  expect(totals['signed']).toBeGreaterThan(SEEDS);
  expect(totals['payments']! - totals['signed']!).toBeGreaterThan(SEEDS / 10);
  expect(totals['undecided']).toBe(0);
});

test(
  `keeps policies, freezes of parts and ceilings in ${SEEDS} seeds, in which all of them happen`,
  { timeout: 120_000 },
  async () => {
    const totals = await simulateAll(true);
    for (const what of ['signed', 'grants', 'frozenOut']) expect(totals[what], what).toBeGreaterThan(SEEDS);
    for (const what of ['overLimit', 'givenBack', 'stealBacks', 'signedAfterThaw']) {
      expect(totals[what], what).toBeGreaterThan(SEEDS / 10);
    }
    expect(totals['undecided']).toBe(0);
  },
);

test.each([false, true])(
  'does the same for the same seed, and something else for another (policies: %s)',
  async (policed) => {
    const [first, again, other] = [
      await simulate(7, { policed }),
      await simulate(7, { policed }),
      await simulate(8, { policed }),
    ];
    expect(again.trace).toBe(first.trace);
    expect(other.trace).not.toBe(first.trace);
  },
);
