import { InvariantViolated } from '../invariant.ts';
import type { EpochMs } from '../time.ts';
import type { CounterKey, WindowCharge, WindowGrant } from './charge.ts';

/** Names a window: counters of two managers are never the same one. */
export interface WindowRef {
  readonly managerId: string;
  readonly key: CounterKey;
}

/** What a window has granted to one session. */
export interface Granted {
  /** What the session has of it, free and used. */
  readonly amount: bigint;
  readonly number: number;
}

/**
 * A limit that sessions share, of which each has a part in escrow: `limit = available + granted + spent`. Spending touches the
 * session alone; only what moves between sessions is written here.
 */
export interface Window extends WindowRef {
  readonly limit: bigint;
  /** Granted to nobody. Below zero where the limit was lowered under what is granted already. */
  readonly available: bigint;
  /** Used by sessions that are over. */
  readonly spent: bigint;
  /** Grows with every change. */
  readonly version: number;
  readonly closesAt: EpochMs;
  /** By session id. */
  readonly grants: ReadonlyMap<string, Granted>;
}

/** An amount that goes back from a session's free part to the window, where any session can use it. */
export interface Taking {
  readonly sessionId: string;
  readonly amount: bigint;
}

/**
 * One change of a window and of what sessions have of it: all of it happens or nothing. The number of the asking session's grant
 * is its fence: repeated, it is refused, and what is taken from others needs no fence of its own.
 */
export interface WindowChange {
  /** `null`: the window is made by this change. */
  readonly seenLimit: bigint | null;
  readonly limit: bigint;
  readonly closesAt: EpochMs;
  readonly sessionId: string;
  /** The number of the session's grant as it was seen; `null`: it had none. */
  readonly seenNumber: number | null;
  /** What is added to what is free in the session, or taken from it. */
  readonly by: bigint;
  readonly takings: readonly Taking[];
  /** Whether no more is granted than the limit afterwards, so that the session's grant holds under it. */
  readonly settles: boolean;
}

/** Throws when a window does not balance: invariant I11 of the books, of the window by itself. */
export function assertWindowBalances(window: Window): void {
  let granted = 0n;
  for (const { amount } of window.grants.values()) granted += amount;
  if (window.available + granted + window.spent === window.limit && window.spent >= 0n) return;
  throw new InvariantViolated(
    `window ${window.key} of ${window.managerId} does not balance (I11): limit ${window.limit}, ` +
      `available ${window.available}, granted ${granted}, spent ${window.spent}`,
  );
}

/** What a change takes from `available`, which must be there where the change settles. */
export function neededOf({ seenLimit, limit, by, takings }: Omit<WindowChange, 'settles'>): bigint {
  const taken = takings.reduce((sum, { amount }) => sum + amount, 0n);
  return by - taken - (limit - (seenLimit ?? limit));
}

/** How a session comes to what it needs of a window. */
export type GrantPlan =
  | { readonly kind: 'change'; readonly change: WindowChange }
  /** Others have it: so much must come from them. */
  | { readonly kind: 'short'; readonly deficit: bigint };

/** The session that asks, and what it has of the window. */
export interface Asking {
  readonly sessionId: string;
  readonly grant: WindowGrant | undefined;
}

/**
 * Plans a grant out of what the window has available: a chunk of it, so that most payments need nothing of the window, and less
 * where little is left, so that one session does not starve the others.
 */
export function planGrant(window: Window | null, asking: Asking, charge: WindowCharge): GrantPlan {
  const { available, givesBack, missing } = standing(window, asking, charge);
  if (available < missing) return { kind: 'short', deficit: missing - available };
  const granted = missing === 0n ? 0n : chunkOf(available, charge.max, missing);
  return { kind: 'change', change: changeOf(window, asking, charge, granted - givesBack, []) };
}

/** A session with something free. */
export interface Sibling {
  readonly sessionId: string;
  readonly grant: WindowGrant;
}

/** Orders sessions by what they have free. */
export function richestFirst(a: Sibling, b: Sibling): number {
  if (a.grant.free === b.grant.free) return 0;
  return a.grant.free > b.grant.free ? -1 : 1;
}

/**
 * Plans to take what is missing from others: half of what one of them has free, where that is enough. Where they have not enough
 * together, everything of theirs comes to the session that asks, which asks again.
 */
export function planStealBack(
  window: Window,
  asking: Asking,
  charge: WindowCharge,
  siblings: readonly Sibling[],
): WindowChange {
  const { available, givesBack, missing } = standing(window, asking, charge);
  const deficit = missing - available;
  const richest = siblings.toSorted(richestFirst);
  const takings: Taking[] = [];
  let sum = 0n;
  for (const { sessionId, grant } of richest) {
    if (sum >= deficit) break;
    const amount = min(grant.free, max(deficit - sum, grant.free / 2n));
    takings.push({ sessionId, amount });
    sum += amount;
  }
  return changeOf(window, asking, charge, max(0n, available + sum) - givesBack, takings);
}

/** What a window has for a session under the limit of a charge, once the session has given back what exceeds that limit. */
function standing(window: Window | null, { grant }: Asking, { quantity, max: limit }: WindowCharge) {
  const before = window === null ? limit : window.available + limit - window.limit;
  const free = grant?.free ?? 0n;
  const givesBack = before < 0n ? min(free, -before) : 0n;
  const missing = max(0n, quantity - (free - givesBack));
  return { available: before + givesBack, givesBack, missing };
}

function changeOf(
  window: Window | null,
  { sessionId, grant }: Asking,
  charge: WindowCharge,
  by: bigint,
  takings: readonly Taking[],
): WindowChange {
  const change = {
    seenLimit: window?.limit ?? null,
    limit: charge.max,
    closesAt: charge.closesAt,
    sessionId,
    seenNumber: grant?.number ?? null,
    by,
    takings,
  };
  return { ...change, settles: (window?.available ?? charge.max) >= neededOf(change) };
}

/** The smaller of an eighth of the limit and a quarter of what is left, halved where less than a quarter is left. */
function chunkOf(available: bigint, limit: bigint, missing: bigint): bigint {
  const share = min(limit / 8n, available / 4n);
  return max(missing, available * 4n < limit ? share / 2n : share);
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
