import type { EpochMs } from '../time.ts';

/**
 * Names one counter: 8 to 11 characters of base64url that already hold scope, rule, subject and, of a window, its start. Opaque
 * to the books.
 */
export type CounterKey = string;

/**
 * What a rule of a spend policy counts a payment for. `quantity` is what this payment adds: micro-dollars of a sum, 1 of a count.
 * `max` is the most that the counter may ever hold, in the same unit.
 */
export type Charge = SessionCharge | WindowCharge;

/** Counted within the session alone. */
export interface SessionCharge {
  readonly kind: 'session';
  readonly key: CounterKey;
  readonly quantity: bigint;
  readonly max: bigint;
}

/** Counted over all sessions of the manager that have the key, from `opensAt` until before `closesAt`. */
export interface WindowCharge {
  readonly kind: 'window';
  readonly key: CounterKey;
  readonly opensAt: EpochMs;
  readonly closesAt: EpochMs;
  readonly quantity: bigint;
  readonly max: bigint;
}

/** What an open entry holds of a counter: exactly this comes back by a release, whatever the policy says by then. */
export type HeldCharge = Pick<Charge, 'kind' | 'key' | 'quantity'>;

export function toHeldCharge({ kind, key, quantity }: Charge): HeldCharge {
  return { kind, key, quantity };
}

/**
 * What a session has of a window that it shares with others. `free` may be spent without asking anybody; `free + used` is what
 * the window has granted to the session.
 */
export interface WindowGrant {
  readonly free: bigint;
  /** Reserved and spent. */
  readonly used: bigint;
  /** Of the last change of what is granted; starts at 1. */
  readonly number: number;
  /** The limit of the window when this was last granted: a payment with a lower one may not spend from it. */
  readonly limit: bigint;
  readonly closesAt: EpochMs;
}

/** The counters of a session. */
export interface SessionCounters {
  /** What is reserved and spent. */
  readonly counters: ReadonlyMap<CounterKey, bigint>;
  readonly windows: ReadonlyMap<CounterKey, WindowGrant>;
}

/** Whether a grant can bear a charge as it stands. */
export function bears(grant: WindowGrant | undefined, { quantity, max }: WindowCharge): boolean {
  return grant !== undefined && grant.free >= quantity && grant.limit <= max;
}

/** The charges that a session cannot bear, in their order: why a reserve was refused, or would be. */
export function shortCharges({ counters, windows }: SessionCounters, charges: readonly Charge[]): readonly Charge[] {
  return charges.filter((charge) =>
    charge.kind === 'window'
      ? !bears(windows.get(charge.key), charge)
      : (counters.get(charge.key) ?? 0n) + charge.quantity > charge.max,
  );
}

/** How many counters a session would have with these charges, and without the windows that are removed. */
export function countersWith(
  { counters, windows }: SessionCounters,
  charges: readonly Charge[],
  removed: ReadonlySet<CounterKey>,
): number {
  const kept = [...windows.keys()].filter((key) => !removed.has(key));
  return new Set([...counters.keys(), ...kept, ...charges.map(({ key }) => key)]).size;
}
