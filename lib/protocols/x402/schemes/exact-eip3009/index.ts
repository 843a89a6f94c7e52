import {
  freezeTransfer,
  presentTransfer,
  transferMessage,
  unpackTransferTerms,
  type Eip3009Terms,
} from '../../../../chains/evm/eip3009.ts';
import { coveredByTransfer, tokenOf } from '../../../../chains/evm/tokens.ts';
import { packWindow, showWindow } from '../../../../chains/evm/window-terms.ts';
import { versionOf, type X402Scheme } from '../../scheme.ts';
import { exactEip3009Buying, NAME, type ExactEip3009Offer } from './buying.ts';

declare module '../../../../domain/payment/shapes.ts' {
  interface SchemeShapes {
    'x402/exact/eip3009': { readonly offer: ExactEip3009Offer; readonly terms: Eip3009Terms };
  }
}

/** @see https://github.com/x402-foundation/x402/blob/main/specs/schemes/exact/scheme_exact_evm.md */
export const exactEip3009: X402Scheme<'x402/exact/eip3009'> = {
  ...exactEip3009Buying,
  facts: 'none',
  exposure: 'amount',
  approved: null,
  ceiling: (offer) => ({ asset: tokenOf(offer), amount: offer.amount }),
  freeze: freezeTransfer,
  covered: (offer) => ({ ...NAME, ...coveredByTransfer(offer) }),
  show: showWindow,
  messages: (offer, terms) => [transferMessage(offer, terms)],
  present: presentTransfer,
  pack: (_offer, terms) => ({ offer: {}, terms: packWindow(terms) }),
  unpack: (common, { terms }) => ({
    offer: { ...common, ...NAME, kind: 'purchase', version: versionOf(common) },
    terms: unpackTransferTerms(terms),
  }),
};
