import type { Settlement } from '../../protocols/challenge.ts';
import type { OfferSummary, PayerEvent, PayerOptions } from '../payer-options.ts';

export interface PayingTransportOptions extends Omit<PayerOptions, 'onEvent'> {
  /**
   * The server, as receipts and policies are to name it: its URL; for one that is a process on this machine a URL of the caller's
   * choice, such as `http://localhost/search`. Nothing is sent there by this.
   */
  readonly url: string | URL;
  /** Tools whose calls may be paid. What any other asks for is left to whoever called it. `all`: whatever the server calls a tool. */
  readonly tools: readonly string[] | 'all';
  /** Hears what happens, as it happens. No event carries a proof, and what a listener throws changes nothing. */
  readonly onEvent?: (event: PayingTransportEvent) => void;
}

export type PayingTransportEvent =
  | PayerEvent
  | { readonly type: 'settled'; readonly tool: string; readonly settlement: Settlement }
  /** The server asks again, or fails, after the proof. */
  | {
      readonly type: 'not_accepted';
      readonly tool: string;
      readonly processPaymentId: string;
      /** In the server's own words. */
      readonly reason: string | null;
      /** What helps against that reason, where it is known. */
      readonly remedy: string | null;
    }
  /** Nothing was presented to the server. */
  | { readonly type: 'refused'; readonly tool: string; readonly refusal: PaymentRefusal };

/** In a result's `_meta`, under `bursar/payment`: what was signed for the call. */
export interface PaymentOfCall {
  readonly purchaseId: string;
  readonly processPaymentId: string;
  readonly offer: OfferSummary;
  /** Whether it was signed by an earlier call of the same purchase. */
  readonly replayed: boolean;
  /** What the server says of the settlement; a claim, not proof. `null`: it says nothing. */
  readonly settlement: Settlement | null;
  /** Whether the server answered the call. */
  readonly accepted: boolean;
  /** Why it did not, in its own words; `null` where it did, or does not say. */
  readonly reason: string | null;
}

/** In a result's `_meta`, under `bursar/refusal`: why the call was not paid. */
export interface PaymentRefusal {
  /** Of Bursar, such as `bursar:budget_exceeded`; `client:…` where this client asked for nothing, or does not know. */
  readonly code: string;
  /** One sentence; the text of the result as well. */
  readonly message: string;
  readonly purchaseId: string;
  /** Whether money has moved or may still move. */
  readonly mayHavePaid: boolean;
  readonly processPaymentId: string | null;
}
