import { EXPOSURES, type JudgedOffer, type OfferFlaw } from './verdict.ts';

/**
 * The offers that may be paid, the best first: the lowest price in dollars, then the least that a signature exposes the payer to
 * (`EXPOSURES`), then the seller's own order. A total order, so that the choice does not depend on how the list was put together.
 */
export function rankOffers(judged: readonly JudgedOffer[]): readonly JudgedOffer[] {
  return judged.filter(({ verdict }) => verdict.allowed).toSorted(compareOffers);
}

const LEFTOVER_CODES: ReadonlySet<OfferFlaw['code']> = new Set(['budget_exceeded', 'policy_exceeded']);

/**
 * The best offer among those that only what is left stands in the way of, in the session or of a limit of the policy; `null` where
 * there is none.
 */
export function bestBeyondBudget(judged: readonly JudgedOffer[]): JudgedOffer | null {
  const beyond = judged.filter(({ verdict }) => !verdict.allowed && LEFTOVER_CODES.has(verdict.code));
  return beyond.toSorted(compareOffers)[0] ?? null;
}

function compareOffers(a: JudgedOffer, b: JudgedOffer): number {
  const [one, other] = [a.seller.priced, b.seller.priced];
  if (one === null || other === null) throw new Error('an offer was let pass that could not be read');
  if (one.price !== other.price) return one.price < other.price ? -1 : 1;
  const exposure = EXPOSURES.indexOf(one.exposure) - EXPOSURES.indexOf(other.exposure);
  return exposure === 0 ? a.seller.index - b.seller.index : exposure;
}
