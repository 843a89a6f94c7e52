import type { MicroUsd } from '../money.ts';
import type { CounterKey } from '../payment/charge.ts';
import type { Failures } from '../policy/breaker.ts';
import type { EpochMs } from '../time.ts';

/** Whose memory it is: what one user's agents state changes nothing that another's payments are judged by. */
export interface RememberingUser {
  readonly managerId: string;
  readonly userId: string;
}

/** The payee of an origin on a network. */
export interface PinRef extends RememberingUser {
  readonly origin: string;
  readonly network: string;
}

/** What was last paid for a resource: an origin and a path. */
export interface PriceRef extends RememberingUser {
  readonly resource: string;
}

/** What clients reported of an origin. */
export interface FailuresRef extends RememberingUser {
  readonly origin: string;
}

/** A counter of the users of a manager that is an item of its own. */
export interface TallyRef {
  readonly managerId: string;
  readonly key: CounterKey;
}

export interface StoredPin {
  readonly payee: string;
  /** From then on it binds nobody, and another payee may be pinned. */
  readonly until: EpochMs;
}

/** What is to be read, in one request. */
export interface MemoryQuery {
  readonly pins: readonly PinRef[];
  readonly price: PriceRef | null;
  readonly failures: FailuresRef | null;
  readonly tallies: readonly TallyRef[];
}

/** What was read, each in the place of what was asked for; `null`: there is none. */
export interface Memories {
  readonly pins: readonly (StoredPin | null)[];
  readonly price: MicroUsd | null;
  readonly failures: Failures | null;
  /** What each holds; nothing where it is not there. */
  readonly tallies: readonly bigint[];
}

/** What rules remember of earlier payments. Reading it comes before a payment, and neither signs nor reserves anything. */
export interface MemoryReader {
  /** One request, eventually consistent. Throws `NotNow` where something could not be read: it must not count as nothing. */
  recall(query: MemoryQuery): Promise<Memories>;
}

export interface PolicyMemory extends MemoryReader {
  /**
   * Pins a payee where none is, or keeps the pin where it is the same. One conditional write: of two payments that come first
   * together, one pins. Repeating it is harmless.
   * @returns the payee that is pinned now
   */
  pin(ref: PinRef, pin: StoredPin, now: EpochMs): Promise<string>;
  /**
   * Adds to a counter unless that makes it more than `max`. One conditional write, sent once: an implementation must not retry it by
   * itself.
   * @returns `null`: it is counted; else what the counter holds
   */
  count(
    ref: TallyRef,
    by: { readonly quantity: bigint; readonly max: bigint; readonly closesAt: EpochMs },
  ): Promise<bigint | null>;
  /** Takes back what `count` added. Sent once. */
  uncount(ref: TallyRef, quantity: bigint): Promise<void>;
  /** Notes what was paid, unless something was noted that was paid later. */
  notePrice(ref: PriceRef, price: MicroUsd, at: EpochMs): Promise<void>;
}

/** What became of a payment, as its client says. */
export interface ReportedOutcome {
  readonly paymentId: string;
  readonly delivered: boolean;
  readonly at: EpochMs;
}

export interface OutcomeKeeper {
  /** Counts a failure, or ends the row of them. A second failure of the payment that was reported last is not counted. */
  noteOutcome(ref: FailuresRef, outcome: ReportedOutcome): Promise<Failures>;
}

/** What a report came to; `null`: its URL has no origin that rules compare. */
export type Reported = { readonly failuresInARow: number; readonly pausedUntil: EpochMs | null } | null;
