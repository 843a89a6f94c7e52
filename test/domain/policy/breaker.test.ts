import { describe, expect, test } from 'vitest';
import { BREAKER_FAILURES_MIN, BREAKER_PAUSE_MAX_MS, breakerOf } from '../../../lib/domain/policy/breaker.ts';
import { addMs, toEpochMs } from '../../../lib/domain/time.ts';

const lastAt = toEpochMs(1_760_000_000_000);
const MINUTE_MS = 60_000;

describe('an origin', () => {
  test('is tried where nothing was reported, and after as many failures as may be chance', () => {
    expect(breakerOf(null)).toBe('closed');
    expect(breakerOf({ inARow: BREAKER_FAILURES_MIN - 1, lastAt })).toBe('closed');
  });

  test.each([
    [3, MINUTE_MS],
    [4, 2 * MINUTE_MS],
    [5, 4 * MINUTE_MS],
    [8, 32 * MINUTE_MS],
    [9, BREAKER_PAUSE_MAX_MS],
    [1_000_000, BREAKER_PAUSE_MAX_MS],
  ])('is left alone after %i failures in a row, for %i ms from the last', (inARow, pauseMs) => {
    expect(breakerOf({ inARow, lastAt })).toEqual({ openUntil: addMs(lastAt, pauseMs) });
  });
});
