import { expect, test } from 'vitest';
import { addMs, floorToSeconds, formatInstant, toEpochMs, toEpochSeconds } from '../../lib/domain/time.ts';

test.each([toEpochMs, toEpochSeconds])('%o takes whole numbers from the epoch on', (parse) => {
  const instants = [0, 1, Number.MAX_SAFE_INTEGER];
  expect(instants.map((instant) => parse(instant))).toEqual(instants);
});

test.each([toEpochMs, toEpochSeconds])('%o throws on what is no instant', (parse) => {
  for (const wrong of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER + 1]) {
    expect(() => parse(wrong)).toThrow(RangeError);
  }
});

test('an instant is rounded down to its second, and printed in UTC with milliseconds', () => {
  const instant = addMs(toEpochMs(1_760_000_000_000), 999);
  expect(floorToSeconds(instant)).toBe(1_760_000_000);
  expect(formatInstant(instant)).toBe('2025-10-09T08:53:20.999Z');
});
