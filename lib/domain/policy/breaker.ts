import { addMs, type EpochMs } from '../time.ts';
import type { RememberedFacts } from './facts.ts';

/** Failures in a row from which on an origin is left alone. */
export const BREAKER_FAILURES_MIN = 3;
/** How long after the third; it doubles with each further failure. */
export const BREAKER_PAUSE_MIN_MS = 60_000;
export const BREAKER_PAUSE_MAX_MS = 3_600_000;
/** Failures that are older than this say nothing any more. */
export const BREAKER_FORGET_MS = 86_400_000;

/** What clients reported of a user's payments at an origin. */
export interface Failures {
  /** Since the last success. */
  readonly inARow: number;
  readonly lastAt: EpochMs;
}

/** Whether an origin is left alone after what was reported. When the pause is over, it is tried again: a success ends it, a failure doubles it. */
export function breakerOf(failures: Failures | null): NonNullable<RememberedFacts['breaker']> {
  if (failures === null || failures.inARow < BREAKER_FAILURES_MIN) return 'closed';
  const doublings = Math.min(failures.inARow - BREAKER_FAILURES_MIN, 16);
  const pauseMs = Math.min(BREAKER_PAUSE_MIN_MS * 2 ** doublings, BREAKER_PAUSE_MAX_MS);
  return { openUntil: addMs(failures.lastAt, pauseMs) };
}
