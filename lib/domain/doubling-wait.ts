export interface WaitBounds {
  readonly minMs: number;
  /** @default - the wait goes on doubling: for callers whose number of steps is the bound */
  readonly maxMs?: number;
}

/**
 * The wait before a repetition: `minMs` at step 0, twice as long at each further step, never more than `maxMs`. Neither waits
 * nor counts the steps; callers that may meet one another spread it.
 */
export function doublingWaitMs(step: number, { minMs, maxMs = Number.POSITIVE_INFINITY }: WaitBounds): number {
  return Math.min(maxMs, minMs * 2 ** step);
}

/**
 * Spreads a wait over its upper half, so that callers that met once do not meet again.
 * @param fraction random, from 0 up to 1
 */
export function spreadWaitMs(waitMs: number, fraction: number): number {
  return Math.round(waitMs * (0.5 + fraction / 2));
}
