import { expect, test } from 'vitest';
import { firstFreeIndex } from '../../lib/domain/tenants/key-index.ts';
import { addMs, toEpochMs } from '../../lib/domain/time.ts';

const FLOOR = toEpochMs(Date.UTC(2026, 10, 28));

test('an index that was taken before an instant is below the first that is free after it', () => {
  for (const beforeMs of [0, 1, 59_999, 60_000, 86_400_000]) {
    const taken = firstFreeIndex(toEpochMs(FLOOR - beforeMs)) - 1;
    expect(taken).toBeLessThan(firstFreeIndex(FLOOR));
  }
});

test('it stays below the number of indexes until the year 2040', () => {
  expect(firstFreeIndex(toEpochMs(Date.UTC(2040, 0, 1)))).toBeLessThan(2 ** 31);
  expect(firstFreeIndex(addMs(FLOOR, 60_000)) - firstFreeIndex(FLOOR)).toBe(256);
});

test('it is the second of all, 1, until the time at which the indexes begin', () => {
  expect([0, Date.UTC(2025, 0, 1)].map((instant) => firstFreeIndex(toEpochMs(instant)))).toEqual([1, 1]);
  expect(firstFreeIndex(toEpochMs(Date.UTC(2025, 0, 1) + 60_000))).toBe(257);
});
