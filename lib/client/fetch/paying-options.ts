import type { Settlement } from '../../protocols/challenge.ts';
import type { Confirm, OfferSummary, PayerEvent, PayerOptions } from '../purchase/payer-options.ts';

export interface PayingFetchOptions extends Omit<PayerOptions, 'onEvent'> {
  /** Hears what happens, as it happens. No event carries a proof, and what a listener throws changes nothing. */
  readonly onEvent?: (event: PayingFetchEvent) => void;
}

export type PayingFetchEvent =
  | PayerEvent
  | { readonly type: 'settled'; readonly url: string; readonly settlement: Settlement }
  /** The seller asks again, or fails, after the proof. */
  | {
      readonly type: 'not_accepted';
      readonly url: string;
      readonly status: number;
      /** In the seller's own words. */
      readonly reason: string | null;
      /** What helps against that reason, where it is known. */
      readonly remedy: string | null;
    };

/** What was signed for a response. */
export interface PaymentOfResponse {
  readonly purchaseId: string;
  readonly processPaymentId: string;
  readonly offer: OfferSummary;
  /** What the seller says of the settlement; a claim, not proof. `null`: it says nothing. */
  readonly settlement: Settlement | null;
  /** Why the seller did not take the payment, in its own words; `null` where it took it, or does not say. */
  readonly reason: string | null;
  /** What helps against that reason, where it is known. */
  readonly remedy: string | null;
  /** Where the seller says that the paid thing is, with a settlement that succeeded; it was not fetched. `null`: in this response. */
  readonly deliveredAt: string | null;
}

export interface PayingRequestInit extends RequestInit {
  /**
   * Names the logical purchase: this request, whatever the seller asks for it. A caller that persists it may repeat the call after a
   * crash, or with another session, without paying twice. Never take one for two different things.
   * @default - drawn anew for each call
   */
  readonly purchaseId?: string;
  /** The most that this call may pay, in dollars; `null`: as much as the session has left. @default - that of the client */
  readonly maxPriceUsd?: string | null;
  /** The tool that makes the request, for policies. */
  readonly tool?: string | undefined;
  /** What the purchase is for, for policies. */
  readonly intent?: string | undefined;
  /** @default - that of the client */
  readonly confirm?: Confirm | undefined;
}

/**
 * A `Response` that knows what was paid for it; `payment` is `null` where nothing was asked or nothing was paid. `unpaidReason` quotes
 * a seller whose 402 makes no offer; `null` for all else.
 */
export type PaidResponse = Response & {
  readonly payment: PaymentOfResponse | null;
  readonly unpaidReason: string | null;
};

export type PayingFetch = (input: string | URL | Request, init?: PayingRequestInit) => Promise<PaidResponse>;
