/** What happens between two starts of the stack. All times are drawn from the seed. */
export interface Round {
  /** From when on the whole stack is killed after `afterMs`: from its being ready, or from its start. */
  readonly killedWhile: 'paying' | 'starting';
  readonly afterMs: number;
  /** When single workers are killed, in milliseconds after the stack is ready. */
  readonly workerKillsAtMs: readonly number[];
  /** When single workers are stopped, and for how long: they go on as if no time had passed. */
  readonly workerStops: readonly { readonly atMs: number; readonly forMs: number }[];
}

/** Numbers in [0, 1) from a seed. */
export type Draw = () => number;

const PAYING_MIN_MS = 400;
const PAYING_MAX_MS = 2_500;
const STARTING_MIN_MS = 300;
const STARTING_MAX_MS = 3_500;
/** Every so many rounds the stack is killed before it is up. */
const STARTING_EVERY = 4;

/** Every so many rounds workers are stopped for longer than the lease of a payment, while its repetition is taken over. */
const STOPPED_EVERY = 6;
const LEASE_MS = 17_000;
const STOPPED_ROUND_MS = 24_000;
const STOPS_MAX = 3;

/** Mulberry32: small, well distributed, the same on every machine. Not for secrets. */
export function createDraw(seed: number): Draw {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The same rounds for the same seed. What is in flight at those times is up to the machine. */
export function planRounds(seed: number, kills: number): readonly Round[] {
  const draw = createDraw(seed);
  const between = (min: number, max: number): number => Math.round(min + draw() * (max - min));
  return Array.from({ length: kills }, (_, index): Round => {
    if (index % STARTING_EVERY === STARTING_EVERY - 1) {
      const afterMs = between(STARTING_MIN_MS, STARTING_MAX_MS);
      return { killedWhile: 'starting', afterMs, workerKillsAtMs: [], workerStops: [] };
    }
    if (index % STOPPED_EVERY === 1) {
      const workerStops = Array.from({ length: STOPS_MAX }, () => ({
        atMs: between(PAYING_MIN_MS, PAYING_MAX_MS),
        forMs: LEASE_MS + between(500, 3_000),
      }));
      return { killedWhile: 'paying', afterMs: STOPPED_ROUND_MS, workerKillsAtMs: [], workerStops };
    }
    const afterMs = between(PAYING_MIN_MS, PAYING_MAX_MS);
    const workerKills = Math.floor(draw() * 3);
    const workerKillsAtMs = Array.from({ length: workerKills }, () => between(0, afterMs)).toSorted((a, b) => a - b);
    const stops = Math.floor(draw() * STOPS_MAX);
    const workerStops = Array.from({ length: stops }, () => ({
      atMs: between(0, afterMs),
      forMs: between(100, PAYING_MAX_MS),
    }));
    return { killedWhile: 'paying', afterMs, workerKillsAtMs, workerStops };
  });
}
