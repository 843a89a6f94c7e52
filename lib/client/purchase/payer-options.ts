import type { ResourceRule } from '../../protocols/challenge.ts';
import type { PayChallengeInput, PaymentProcessor } from '../api/contract.ts';

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

/** Who pays out of what, and what may be paid. */
export interface PayerOptions {
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
  /**
   * Asked before each purchase is paid, after the limits of this client. Only `true` lets it pass: any of the offers that it was shown
   * may then be paid, and none that costs more. What it throws reaches the caller as it is.
   */
  readonly confirm?: Confirm | undefined;
  /** @default - the global fetch */
  readonly fetch?: typeof fetch;
  /** Epoch milliseconds. @default - the clock of this machine */
  readonly now?: () => number;
  /** Hears what happens, as it happens. No event carries a proof, and what a listener throws changes nothing. */
  readonly onEvent?: (event: PayerEvent) => void;
}

/** What is about to be paid. */
export interface Quote {
  readonly purchaseId: string;
  readonly request: PayChallengeInput['request'];
  /** The headers of the 402 that terms stand in, and its body where they do not stand in a header. */
  readonly challenge: { readonly headers: Readonly<Record<string, string>>; readonly body: string };
  /** All that may be paid, the cheapest first. */
  readonly offers: readonly OfferSummary[];
}

export type Confirm = (quote: Quote) => boolean | Promise<boolean>;

export type PayerEvent =
  /** Before Bursar is asked for an offer; again for each further offer, after it refused one that it does not pay. */
  | { readonly type: 'payment_required'; readonly url: string; readonly offer: OfferSummary }
  | {
      readonly type: 'proof_received';
      readonly url: string;
      readonly purchaseId: string;
      readonly processPaymentId: string;
      /** What was signed; by an earlier call of the same purchase it may have been another price. */
      readonly offer: OfferSummary;
      readonly replayed: boolean;
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
