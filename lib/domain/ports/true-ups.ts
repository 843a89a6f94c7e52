import type { MicroUsd } from '../money.ts';
import type { PaymentId } from '../ids.ts';
import type { EntryKey, Payment } from '../payment/payment.ts';
import type { SessionKey } from '../payment/session.ts';
import type { EpochMs } from '../time.ts';
import type { Trace } from './schemes.ts';

/** Giving back what was counted and not taken. */
export interface TrueUps {
  /**
   * Moves a part of a settled entry from spent back to available, and closes the matter: one request to the session's item, and
   * a second one finds it closed. Throws `OutcomeUnknown` and `NotNow`; repeating it is harmless.
   */
  trueUp(request: {
    readonly session: SessionKey;
    readonly entry: EntryKey;
    /** What was counted; another amount is left alone. */
    readonly counted: MicroUsd;
    /** At most what was counted. */
    readonly back: MicroUsd;
    readonly now: EpochMs;
  }): Promise<'done' | 'absent'>;
}

/** A payment of which something may come back, and since when its chain is to be asked. */
export interface TrueUpVisit {
  readonly id: PaymentId;
  readonly dueAt: EpochMs;
}

/** The payments that the sweeper has handed over, as an index shows them a moment later. */
export interface TrueUpVisits {
  /** One page of what is due, the oldest first. */
  due(now: EpochMs): Promise<readonly TrueUpVisit[]>;
  /** Takes a payment off: nothing comes back of it any more. */
  drop(visit: TrueUpVisit): Promise<void>;
  /** Puts a visit behind the others, unless another run has. */
  putOff(visit: TrueUpVisit, until: EpochMs): Promise<void>;
}

/** What a chain shows of a signed payment at a block that is final. Throws where it cannot be asked: the payment stays as it is. */
export type TracePayment = (payment: Payment) => Promise<Trace>;
