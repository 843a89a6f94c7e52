import { expect, test } from 'vitest';
import { doublingWaitMs, spreadWaitMs } from '../../lib/domain/doubling-wait.ts';

test('doubles from the shortest wait at step 0, and stops at the longest', () => {
  const waits = [0, 1, 2, 3, 40].map((step) => doublingWaitMs(step, { minMs: 25, maxMs: 100 }));
  expect(waits).toEqual([25, 50, 100, 100, 100]);
});

test('goes on doubling where no longest wait is named', () => {
  expect(doublingWaitMs(10, { minMs: 1 })).toBe(1_024);
});

test('a spread wait is at least half of the wait and never more than all of it', () => {
  expect([0, 0.5, 0.999_999].map((fraction) => spreadWaitMs(200, fraction))).toEqual([100, 150, 200]);
});
