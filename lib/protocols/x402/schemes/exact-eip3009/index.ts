import {
  coveredByTransfer,
  freezeTransfer,
  packTransferTerms,
  presentTransfer,
  showTransferTerms,
  tokenOf,
  transferMessage,
  unpackTransferTerms,
  type Eip3009Terms,
} from '../../../../chains/evm/eip3009.ts';
import type { OfferBase } from '../../../../domain/payment/shapes.ts';
import type { X402Scheme, X402Version } from '../../scheme.ts';
import { exactEip3009Buying, NAME, type ExactEip3009Offer } from './buying.ts';

declare module '../../../../domain/payment/shapes.ts' {
  interface SchemeShapes {
    'x402/exact/eip3009': { readonly offer: ExactEip3009Offer; readonly terms: Eip3009Terms };
  }
}

/** Throws on a version that this release does not know: the item is then a later release's. */
function versionOf({ version }: Pick<OfferBase, 'version'>): X402Version {
  if (version !== '1' && version !== '2') throw new Error(`a stored payment has the unknown x402 version '${version}'`);
  return version;
}

/** @see https://github.com/x402-foundation/x402/blob/main/specs/schemes/exact/scheme_exact_evm.md */
export const exactEip3009: X402Scheme<'x402/exact/eip3009'> = {
  ...exactEip3009Buying,
  facts: 'none',
  exposure: 'amount',
  ceiling: (offer) => ({ asset: tokenOf(offer), amount: offer.amount }),
  freeze: freezeTransfer,
  covered: (offer) => ({ ...NAME, ...coveredByTransfer(offer) }),
  show: showTransferTerms,
  messages: (offer, terms) => [transferMessage(offer, terms)],
  present: presentTransfer,
  pack: (_offer, terms) => ({ offer: {}, terms: packTransferTerms(terms) }),
  unpack: (common, { terms }) => ({
    offer: { ...common, ...NAME, kind: 'purchase', version: versionOf(common) },
    terms: unpackTransferTerms(terms),
  }),
};
