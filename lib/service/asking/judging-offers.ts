import { judgeOffer, type OfferFacts } from '../../domain/offers/judge-offer.ts';
import { findOfferFreeze } from '../../domain/payment/freeze.ts';
import type { SellerOffer, Verdict } from '../../domain/offers/verdict.ts';
import type { Judging } from '../paying/judged-attempts.ts';
import type { PayerWithInstrument } from '../paying/payer-check.ts';
import type { AskedPurchase } from './asked-challenge.ts';

/** What a chain was asked for the judging of offers. */
export type Funds = Pick<OfferFacts, 'balanceOf' | 'allowanceOf'>;

/** No chain is asked on the way of a payment. */
export const FUNDS_UNKNOWN: Funds = { balanceOf: () => null, allowanceOf: () => null };

/** What rules have to read before these offers can be judged, counters included. */
export function ofOffers({ offers }: { readonly offers: readonly SellerOffer[] }) {
  const offered = offers.flatMap(({ priced }) =>
    priced === null ? [] : [{ offer: priced.offer, amount: priced.price }],
  );
  return { offered, counted: true };
}

/** Judges offers of one 402 for one payer at one instant: a quote and the payment after it go by the same facts. */
export function judgingOffers(
  deployment: Pick<OfferFacts, 'now' | 'allowedNetworks' | 'facilitators' | 'validityCapSeconds'>,
  asked: AskedPurchase,
  { session, instrument, gate }: PayerWithInstrument,
  { call, policies }: Judging,
  funds: Funds,
): (seller: SellerOffer) => Verdict {
  const { now, allowedNetworks, facilitators, validityCapSeconds } = deployment;
  const { request, networks, maxPrice } = asked;
  const facts: OfferFacts = {
    now,
    allowedNetworks,
    facilitators,
    validityCapSeconds,
    request,
    networks,
    maxPrice,
    session,
    instrument,
    ...funds,
    freezeOf: (offer) => findOfferFreeze(gate.freezes, call.managerId, offer),
    policyOf: ({ offer, price: amount }, validBefore) =>
      policies.foretell(call, { offer, amount, validBefore }, now, session),
  };
  return (seller) => judgeOffer(seller, facts);
}
