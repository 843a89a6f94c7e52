import { expect, test } from 'vitest';
import { ourSpending } from '../../scripts/bench/overspend/index.ts';
import { measureColdPayment } from '../../scripts/bench/function-rows.ts';

test('what the bench compares with the paying function gets its answers, for as many requests', async () => {
  const rows = await measureColdPayment(1);
  expect(rows.map(({ id }) => id)).toEqual(['P7', 'P7']);
}, 60_000);

test('what is held against the peers spends the cap, and no more, in two processes at once', async () => {
  expect(await ourSpending(2)).toBe(0.3);
}, 60_000);
