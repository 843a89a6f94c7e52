import { expect, test } from 'vitest';
import { checkHistories } from './histories.ts';
import { simulate } from './simulate.ts';

/** `npm run simulate` takes as many as one likes. */
const SEEDS = 200;

test(`keeps the books in ${SEEDS} seeds of many sessions, handlers and faults`, { timeout: 120_000 }, async () => {
  const totals = { signed: 0, refused: 0, undecided: 0 };
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { counts, sessions, exchanges } = await simulate(seed);
    totals.signed += counts.signed;
    totals.refused += counts.payments - counts.signed;
    totals.undecided += checkHistories(sessions, exchanges).undecided;
  }
  expect(totals.signed).toBeGreaterThan(SEEDS);
  expect(totals.refused).toBeGreaterThan(SEEDS / 10);
  expect(totals.undecided).toBe(0);
});

test('does the same for the same seed, and something else for another', async () => {
  const [first, again, other] = [await simulate(7), await simulate(7), await simulate(8)];
  expect(again.trace).toBe(first.trace);
  expect(other.trace).not.toBe(first.trace);
});
