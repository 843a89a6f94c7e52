import type { MicroUsd } from '../money.ts';
import type { Offer } from '../payment/shapes.ts';
import type { ChallengeCode, FreezeCode, OfferCode } from './codes.ts';

/**
 * What a signature lets happen beyond paying the price for a delivery, the least first. `amount`: the payee gets just that, after it
 * did its work. `approval`: just that too, out of a standing approval of the wallet. `ceiling`: the payee chooses up to a bound. `prepaid`: the payee is paid before it does anything.
 */
export const EXPOSURES = ['amount', 'approval', 'ceiling', 'prepaid'] as const;
export type Exposure = (typeof EXPOSURES)[number];

/** Why an offer is not paid. `code` is published as `bursar:CODE` and never renamed. */
export interface OfferFlaw {
  readonly code:
    | ChallengeCode
    | OfferCode
    | FreezeCode
    | 'budget_exceeded'
    | 'session_closing'
    | 'policy_refused'
    | 'policy_exceeded';
  readonly reason: string;
}

/** One offer of a seller's 402, as far as it can be told without knowing who pays. */
export interface SellerOffer {
  /** Its place in the seller's list, from 0. */
  readonly index: number;
  /** `null` where it cannot be read as something that Bursar signs. */
  readonly priced: { readonly offer: Offer; readonly price: MicroUsd; readonly exposure: Exposure } | null;
  /** What keeps anybody from paying it; never `null` where it cannot be read. */
  readonly flaw: OfferFlaw | null;
}

export type Verdict = { readonly allowed: true; readonly reason: string } | ({ readonly allowed: false } & OfferFlaw);

export interface JudgedOffer {
  readonly seller: SellerOffer;
  readonly verdict: Verdict;
}
