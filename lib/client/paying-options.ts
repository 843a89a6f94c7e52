import type { ResourceRule, Settlement } from '../protocols/challenge.ts';
import type { PaymentProcessor } from './contract.ts';

/** A `paymentSession` as the API answers it, whose types in AWS's SDK let every member be missing. Nothing else of it is sent. */
export interface SessionReference {
  readonly paymentManagerArn: string | undefined;
  readonly paymentSessionId: string | undefined;
  readonly userId: string | undefined;
  /** Bursar's: CAIP-2 ids of the networks that the deployment pays on. */
  readonly networks?: readonly string[] | undefined;
}

/** A `paymentInstrument` as the API answers it. Nothing else of it is sent. */
export interface InstrumentReference {
  readonly paymentInstrumentId: string | undefined;
}

export interface PayingFetchOptions {
  readonly client: PaymentProcessor;
  readonly session: SessionReference;
  readonly instrument: InstrumentReference;
  readonly agentName?: string;
  /** CAIP-2 ids of the networks to pay on. @default - those of the session, else every network that Bursar knows */
  readonly networks?: readonly string[] | undefined;
  /**
   * Which resource an offer may say that it is for. `related`: the requested host, one above or below it, the seller's own name for
   * itself, or no URL of the web. `same-origin`: the requested scheme, host and port. `any`: whatever it says. @default 'related'
   */
  readonly resource?: ResourceRule;
  /** The most that one call may pay, in dollars; `null`: as much as the session has left. @default 1.00 */
  readonly maxPriceUsd?: string | null;
  /**
   * Endpoints of chains (JSON-RPC over https), by CAIP-2 id. One is asked only about a proof that has ended: whether it was used.
   * @default - nobody is asked, and such a proof "may have been settled"
   */
  readonly rpcUrls?: Readonly<Record<string, string>>;
  /** @default - the global fetch */
  readonly fetch?: typeof fetch;
  /** Epoch milliseconds. @default - the clock of this machine */
  readonly now?: () => number;
  /** Hears what happens, as it happens. No event carries a proof, and what a listener throws changes nothing. */
  readonly onEvent?: (event: PayingFetchEvent) => void;
}

export type PayingFetchEvent =
  /** Before Bursar is asked for an offer; again for each further offer, after it refused one that it does not pay. */
  | { readonly type: 'payment_required'; readonly url: string; readonly offer: OfferSummary }
  | {
      readonly type: 'proof_received';
      readonly url: string;
      readonly processPaymentId: string;
      /** What was signed; by an earlier call of the same purchase it may have been another price. */
      readonly offer: OfferSummary;
      readonly replayed: boolean;
    }
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

export interface OfferSummary {
  /** `x402` or `mpp`. */
  readonly protocol: string;
  readonly version: string;
  readonly network: string;
  readonly payTo: string;
  /** Dollars, such as `0.50`. */
  readonly amountUsd: string;
}

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
