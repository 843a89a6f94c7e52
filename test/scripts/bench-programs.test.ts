import { expect, test } from 'vitest';
import { measureColdPayment } from '../../scripts/bench/function-rows.ts';

test('what the bench compares with the paying function gets its answers, for as many requests', async () => {
  const rows = await measureColdPayment(1);
  expect(rows.map(({ id }) => id)).toEqual(['P7', 'P7']);
}, 60_000);
