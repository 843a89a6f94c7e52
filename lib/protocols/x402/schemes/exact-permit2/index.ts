import {
  freezePermit,
  permitMessage,
  presentPermit,
  unpackPermitTerms,
  type Permit2Spender,
  type Permit2Terms,
} from '../../../../chains/evm/permit2.ts';
import { PERMIT2 } from '../../../../chains/evm/addresses.ts';
import { coveredByTransfer, tokenOf } from '../../../../chains/evm/tokens.ts';
import { packWindow, showWindow } from '../../../../chains/evm/window-terms.ts';
import { permitVersion } from '../../permit.ts';
import type { X402Scheme } from '../../scheme.ts';
import { exactPermit2Buying, NAME, type ExactPermit2Offer } from './buying.ts';

declare module '../../../../domain/payment/shapes.ts' {
  interface SchemeShapes {
    'x402/exact/permit2': { readonly offer: ExactPermit2Offer; readonly terms: Permit2Terms };
  }
}

/** x402's proxy, which pays the whole amount to the witness's `to`. The same address on every chain. */
const PROXY: Permit2Spender = { address: '0x402085c248EeA27D92E8b30b2C58ed07f9E20001', facilitator: null };

/** @see https://github.com/x402-foundation/x402/blob/main/specs/schemes/exact/scheme_exact_evm.md */
export const exactPermit2: X402Scheme<'x402/exact/permit2'> = {
  ...exactPermit2Buying,
  exposure: 'approval',
  approved: PERMIT2,
  facts: 'permit_nonce',
  ceiling: (offer) => ({ asset: tokenOf(offer), amount: offer.amount }),
  freeze: freezePermit,
  covered: (offer) => ({ ...NAME, ...coveredByTransfer(offer) }),
  show: showWindow,
  messages: (offer, terms) => [permitMessage(offer, PROXY, terms)],
  // Whoever asks for the proof by an offer alone gets it without the permit of the token.
  present: (offer, terms, signatures) => presentPermit(offer, PROXY, terms, signatures.slice(0, 1)),
  besides: ({ permitNonce }) => (permitNonce === undefined ? null : import('./sponsored.ts')),
  pack: ({ permitNonce }, terms) => ({
    offer: permitNonce === undefined ? {} : { pn: { number: permitNonce } },
    terms: packWindow(terms),
  }),
  unpack: (common, { offer: { pn }, terms }) => ({
    offer: {
      ...common,
      ...NAME,
      kind: 'purchase',
      version: permitVersion(common),
      ...(pn !== undefined && 'number' in pn && { permitNonce: pn.number }),
    },
    terms: unpackPermitTerms(terms),
  }),
};
