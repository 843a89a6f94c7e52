import type { TokenFinder } from '../domain/tokens/finder.ts';
import type { SellerOffer } from '../domain/offers/verdict.ts';
import type { Challenge } from './challenge.ts';
import { schemeOf } from './catalogue.ts';
import { X402_SCHEMES } from './x402/schemes/catalogue.ts';
import { readCharges } from './mpp/charges.ts';
import { readEntries } from './x402/entries.ts';
import { priceOf } from './x402/payment-required.ts';
import type { ResourceRule } from './x402/seller-resource.ts';

/** One offer of a challenge with what it is presented by. */
export interface ListedOffer extends SellerOffer {
  /** As the seller sent it; `null` where it is nothing that could be sent back. */
  readonly entry: object | null;
}

/**
 * Every offer of a challenge, in the seller's order, payable or not: those of x402, then those of MPP. A resource that the seller names must be related to the requested
 * URL, or whatever the rule says. Does not say who may pay it.
 */
export function listOffers(
  { document, authenticate }: Challenge,
  rule: {
    readonly requestedUrl: string;
    readonly resource: ResourceRule;
    readonly tokens?: TokenFinder | undefined;
  },
): readonly ListedOffer[] {
  const entries = document === null ? [] : readEntries(document, { ...rule, schemes: X402_SCHEMES });
  const charges = authenticate === null ? [] : readCharges(authenticate, rule.tokens);
  return [...entries, ...charges].map(({ entry, offer, flaw }, index) => ({
    index,
    entry,
    flaw,
    priced: offer === null ? null : { offer, price: priceOf(offer), exposure: schemeOf(offer).exposure },
  }));
}
