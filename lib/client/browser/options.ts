import type { Settlement } from '../../protocols/challenge.ts';
import type { OfferSummary } from '../purchase/payer-options.ts';
import type { Payer } from '../purchase/payer.ts';

/** A request of a page that may turn out to cost money. */
export interface PageResource {
  readonly url: string;
  readonly method: string;
  /**
   * `document` is what a page navigates to, `frame` a page within it, `fetch` whatever scripts ask for. Of all else the browser's own
   * word, such as `image`.
   */
  readonly kind: string;
  /** Of the page that asks for it; `null` for a document, which nobody but itself asks for. */
  readonly pageUrl: string | null;
}

export interface PagePaymentOptions {
  readonly payer: Payer;
  /** Who may be paid: origins such as `https://news.example`, or whichever page is opened (`any`). */
  readonly origins: readonly string[] | 'any';
  /**
   * What is paid for: what pages navigate to; what they load from their own origin as well; or of that what the function says.
   * Nothing is paid for what a page loads from another origin. @default 'documents'
   */
  readonly resources?: 'documents' | 'same-origin' | ((resource: PageResource) => boolean);
  /** The most that one of them may cost, in dollars; `null`: as much as the session has left. @default - that of the payer */
  readonly maxPriceUsd?: string | null;
  /** How many payments are asked for in all: a page that loads itself again and again ends here. @default 20 */
  readonly paymentsMax?: number;
  /** The tool that opens the pages, for policies. */
  readonly tool?: string;
  /**
   * Names what is bought. The same id is paid once, by whichever process, and its proof is presented again.
   * @default - another for each time that it is opened, and the same until the seller has delivered
   */
  readonly purchaseIdOf?: (resource: PageResource) => string;
  /** Hears what became of each 402. No event carries a proof, and what a listener throws changes nothing. */
  readonly onEvent?: (event: PagePaymentEvent) => void;
}

interface Bought {
  readonly url: string;
  readonly purchaseId: string;
  readonly processPaymentId: string;
  readonly offer: OfferSummary;
}

/** What became of a 402 that a page met. */
export type PagePaymentEvent =
  /** `settlement` is what the seller says of it: a claim, not proof. */
  | ({ readonly type: 'delivered'; readonly settlement: Settlement | null } & Bought)
  /** The seller asked again, or failed, after the proof, and is not sent it again by itself. */
  | ({
      readonly type: 'not_accepted';
      /** `null`: it did not answer. */
      readonly status: number | null;
      /** In the seller's own words. */
      readonly reason: string | null;
    } & Bought)
  /** The page shows what the seller answers to those who have not paid. */
  | {
      readonly type: 'refused';
      readonly url: string;
      /** Of Bursar's refusal, such as `bursar:budget_exceeded`; `null` where Bursar was not asked, or did not say. */
      readonly code: string | null;
      /** For people and models. */
      readonly message: string;
      readonly mayHavePaid: boolean;
    };

/** Payments for pages, while they are on. */
export interface PayingPages {
  /** Comes when no payment is under way, nor a page being opened again for one. */
  idle(): Promise<void>;
  /** Pays for nothing more. What is under way is finished first. */
  stop(): Promise<void>;
}
