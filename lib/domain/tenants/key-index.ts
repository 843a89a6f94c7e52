import { KEY_INDEXES_PER_MINUTE } from '../limits.ts';
import type { EpochMs } from '../time.ts';

// Before the first release, so that every key was derived after it.
const START_MS = Date.UTC(2025, 0, 1);

/**
 * The first index of a derived key that cannot have been taken before an instant, whatever was taken: a connector gives no index
 * that is not below this for the time at which it is taken. So books that were restored to an earlier state can go on from here
 * without knowing what was lost; from then on they give `KEY_INDEXES_PER_MINUTE` at most. Reaches the last index, 2^31 - 1, in
 * the year 2040.
 */
export function firstFreeIndex(instant: EpochMs): number {
  return Math.floor((Math.max(0, instant - START_MS) * KEY_INDEXES_PER_MINUTE) / 60_000) + 1;
}
