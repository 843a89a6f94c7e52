import type { PaymentId } from '../ids.ts';
import type { Denial } from '../payment/denial.ts';
import type { Gate } from '../payment/gate.ts';
import type { Charge, CounterKey, HeldCharge } from '../payment/charge.ts';
import type { BudgetSnapshot, EntryKey, Payment, PolicyRecord } from '../payment/payment.ts';
import type { Offer, Signature, SigningTerms } from '../payment/shapes.ts';
import type { OpenEntry, Session, SessionKey } from '../payment/session.ts';
import type { MicroUsd } from '../money.ts';
import type { EpochMs } from '../time.ts';
import type { Page, PageRequest, UserKey } from './services.ts';

export type IntentOutcome =
  | { readonly kind: 'created' }
  /** The token is in use; the payment is what the store holds under it. */
  | { readonly kind: 'exists'; readonly payment: Payment };

export type ReserveOutcome =
  | { readonly kind: 'reserved'; readonly budget: BudgetSnapshot }
  /** Definitely not reserved. The session is the one that the failed condition saw; `null`: there is none. */
  | {
      readonly kind: 'refused';
      readonly session: Session | null;
      /** The charges that this session could not bear, in their order. */
      readonly short: readonly Charge[];
    };

export type TakeOverOutcome =
  | { readonly kind: 'taken'; readonly payment: Payment }
  | { readonly kind: 'lost'; readonly payment: Payment };

/** What a payment becomes. */
export type Verdict =
  | {
      readonly status: 'SIGNED';
      readonly signatures: readonly Signature[];
      readonly budget: BudgetSnapshot;
      readonly at: EpochMs;
      /** @default nothing is kept of the policies */
      readonly policyRecord?: PolicyRecord;
    }
  | { readonly status: 'DENIED'; readonly denial: Denial; readonly at: EpochMs }
  | {
      readonly status: 'ABORTED';
      readonly at: EpochMs;
      /**
       * What the payment keeps of people who were asked to approve it.
       * @default as it was
       */
      readonly approval?: string | undefined;
    };

export type DecideOutcome =
  | { readonly kind: 'decided'; readonly payment: Payment }
  /** Somebody else decided, or a later attempt owns the payment. */
  | { readonly kind: 'lost'; readonly payment: Payment };

export interface Reservation {
  readonly session: SessionKey;
  readonly entry: EntryKey;
  readonly amount: MicroUsd;
  /**
   * What the entry took of counters; an entry that took anything else is left alone.
   * @default nothing
   */
  readonly charges?: readonly HeldCharge[];
}

/**
 * The books. Every method is one request to one item, so that each either happens or does not; none is a transaction.
 * All throw `OutcomeUnknown` and `NotNow`; only `reserve` may not be repeated after `OutcomeUnknown`.
 */
export interface Ledger {
  /** Strongly consistent. */
  readSession(key: SessionKey): Promise<Session | null>;
  /** Strongly consistent. Made, open, where the books are new. */
  readGate(): Promise<Gate>;
  /** Strongly consistent. */
  readPayment(id: PaymentId): Promise<Payment | null>;
  /**
   * Writes a payment if its id is free: PENDING, or DENIED where nothing is ever to be reserved for it, and then no sweeper visits
   * it. The same payment, owner and status again is `created`.
   */
  putIntent(payment: Payment): Promise<IntentOutcome>;
  /**
   * Moves an amount from available to reserved, if the session is active at `now`, was not opened before the floor, has a place
   * and can afford it, and adds to its counters what each charge may still take. Sent once: an implementation must not retry by itself. Where the entry is there already, a copy of this
   * very request was applied before, and the answer is `reserved`.
   */
  reserve(
    reservation: Omit<Reservation, 'charges'> &
      Pick<OpenEntry, 'leaseUntil'> &
      Pick<Gate, 'floor'> & {
        readonly now: EpochMs;
        readonly inFlightMax: number;
        /** @default nothing */
        readonly charges?: readonly Charge[];
        /**
         * Windows that closed a while ago, whose counters go with this write.
         * @default none
         */
        readonly prune?: readonly CounterKey[];
      },
  ): Promise<ReserveOutcome>;
  /** Opens the next attempt of a payment that is at `attempt` and PENDING or ABORTED. */
  takeOver(from: {
    readonly id: PaymentId;
    readonly attempt: number;
    readonly owner: string;
    readonly leaseUntil: EpochMs;
    readonly offer: Offer;
    /** Frozen anew for this attempt: only the validity window may differ from the stored ones. */
    readonly terms: SigningTerms;
    /** @default none, and where people were asked by then, this is too late: the payment is `lost` */
    readonly approval?: string | undefined;
  }): Promise<TakeOverOutcome>;
  /** Decides a payment that is PENDING at `attempt`. Deciding the same again is `decided`. */
  decide(id: PaymentId, attempt: number, verdict: Verdict): Promise<DecideOutcome>;
  /**
   * Closes a payment that is PENDING or ABORTED at `attempt` for good: DENIED, superseded. `decided` also where it is closed so
   * already. Fenced by the attempt like a decision, so that a handler that is still at work on it loses.
   */
  supersede(id: PaymentId, attempt: number, at: EpochMs): Promise<DecideOutcome>;
  /** Moves an open entry from reserved to spent, and leaves what it took of counters; one that is not open is left alone. */
  settle(
    reservation: Reservation & {
      readonly now: EpochMs;
      /**
       * Whether less may be taken than is settled, so that a part of it may come back (`TrueUps`).
       * @default false
       */
      readonly mayReturn?: boolean;
    },
  ): Promise<'done' | 'absent'>;
  /**
   * Moves an open entry from reserved back to available, and gives back what it took of counters, but of windows that have closed;
   * one that is not open is left alone.
   */
  release(reservation: Reservation & { readonly now: EpochMs }): Promise<'done' | 'absent'>;
}

/** Reading many items of the books at once, strongly consistent. One that cannot be read fails alone, in its place. */
export interface SweepReads {
  /** At most one page of ids. In their order; `null`: there is none. */
  readPayments(ids: readonly PaymentId[]): Promise<readonly PromiseSettledResult<Payment | null>[]>;
  /** At most one page of keys, which may repeat. In their order; rejected where the books do not balance. */
  readSessions(keys: readonly SessionKey[]): Promise<readonly PromiseSettledResult<Session | null>[]>;
}

/** A visit that is due, as the index shows it. */
export interface DueVisit {
  readonly id: PaymentId;
  readonly shard: number;
  readonly dueAt: EpochMs;
}

/** What the sweeper needs besides the ledger: the sparse index of payments whose lease ended. */
export interface SweepIndex {
  /** Visits of one shard that are due, oldest first: one page of them, which follows `after`. */
  dueVisits(shard: number, now: EpochMs, after: DueVisit | null): Promise<readonly DueVisit[]>;
  /** Whether a shard has any visit, due or not. */
  hasVisits(shard: number): Promise<boolean>;
  /** Takes a payment off the index, unless its attempt changed meanwhile. */
  dropVisit(id: PaymentId, attempt: number): Promise<void>;
  /**
   * Gives a payment of which something may come back to those who ask the chain for it, who visit it from an instant on: in place of
   * taking it off, and unless its attempt changed meanwhile.
   */
  handOver(id: PaymentId, attempt: number, visitAt: EpochMs): Promise<void>;
  /** Sets the time of the next visit, unless the attempt changed meanwhile. */
  postponeVisit(id: PaymentId, attempt: number, until: EpochMs): Promise<void>;
  /**
   * Puts a visit that failed behind the others, unless it is no longer where it was seen. Does not read the payment, which may
   * be what failed.
   * @returns when the first of the visits was due that have failed since the last that did not; `null`: nothing was put off
   */
  putOff(visit: DueVisit, until: EpochMs): Promise<EpochMs | null>;
}

/** The sparse index of sessions by their expiry, and once that was told by their audit. */
export interface ExpiryIndex {
  /** Sessions of one shard whose time has come, oldest first: one page of them, which follows `after`. */
  dueSessions(shard: number, now: EpochMs, after: DueSession | null): Promise<readonly DueSession[]>;
  /**
   * Ends a session whose time has come, which the stream of the books tells as its expiry: from then on it takes no reserve, not
   * even one that was sent in time and arrives late. It is due once more at `auditAt`. Leaves alone one that has ended or was
   * deleted before, and returns it where its audit is due.
   */
  endSession(session: SessionKey, now: EpochMs, auditAt: EpochMs): Promise<EndOutcome>;
  /** Takes a session off the index, unless it was deleted since it was found there. */
  dropSession(session: DueSession): Promise<void>;
}

export type EndOutcome =
  | { readonly kind: 'ended' }
  | { readonly kind: 'audit'; readonly session: Session }
  /** Another run came first. */
  | { readonly kind: 'nothing' };

/** What was signed within a session, added up from its payments themselves. */
export interface SignedSums {
  /**
   * Only for a session that takes nothing any more: payments are found through an index that follows the table within a second,
   * and read strongly consistent. `null`: its user has made too many payments in its time to be read.
   */
  sumSigned(session: Session): Promise<MicroUsd | null>;
}

/** A session whose time has come, as the index shows it. */
export interface DueSession extends SessionKey {
  readonly dueAt: EpochMs;
}

/** A session as lists show it: only what never changes. */
export type SessionSummary = Pick<
  Session,
  'managerId' | 'sessionId' | 'userId' | 'expiryMinutes' | 'createdAt' | 'expiresAt'
>;

/** Sessions besides the payment path. */
export interface SessionStore {
  readSession(key: SessionKey): Promise<Session | null>;
  /** Writes a new session if its id is free; otherwise returns the stored one with the hash of the request that made it. */
  createSession(
    session: Session,
    requestHash: string,
  ): Promise<
    { readonly kind: 'created' } | { readonly kind: 'exists'; readonly session: Session; readonly requestHash: string }
  >;
  /** Marks a session deleted. `null`: there is none, or it is deleted already. */
  deleteSession(key: SessionKey & { readonly userId: string; readonly now: EpochMs }): Promise<Session | null>;
  listSessions(user: UserKey, page: PageRequest): Promise<Page<SessionSummary>>;
}

/** The sessions that withdrawals have, one each. They stand in no list and no index, and nobody can name them. */
export interface WithdrawalSessions {
  /** Writes the session of a withdrawal, unless it is there. Returns the one that holds, with the hash of the request that made it. */
  openSession(
    session: Session,
    requestHash: string,
  ): Promise<{ readonly session: Session; readonly requestHash: string }>;
}

/** Reading the payments of a user, newest first. */
export interface PaymentLog {
  readPayment(id: PaymentId): Promise<Payment | null>;
  listPayments(user: UserKey, page: PageRequest): Promise<Page<Payment>>;
}

/** The attempt of a payment that has terms to itself. */
export interface TermsHolder {
  readonly paymentId: PaymentId;
  readonly attempt: number;
  readonly until: EpochMs;
}

/** Which payment has the terms that it pays to itself for a while, so that nobody pays the same twice by mistake. */
export interface RepetitionGuard {
  /**
   * Takes terms for an attempt of a payment. Returns who has them: this attempt, unless another payment has them still.
   * @param termsKey a digest of session and terms
   * @param instead who may be replaced although its time has not ended; a later attempt of the same payment is somebody else
   */
  take(
    termsKey: string,
    wanted: TermsHolder & { readonly now: EpochMs },
    instead: Pick<TermsHolder, 'paymentId' | 'attempt'> | null,
  ): Promise<TermsHolder>;
}
