import {
  freezePermit,
  permitMessage,
  presentPermit,
  unpackPermitTerms,
  type Permit2Spender,
  type Permit2Terms,
} from '../../../../chains/evm/permit2.ts';
import { PERMIT2 } from '../../../../chains/evm/addresses.ts';
import { toChecksumAddress } from '../../../../chains/evm/address.ts';
import { coveredByTransfer, tokenOf } from '../../../../chains/evm/tokens.ts';
import { packWindow, readBytes, showWindow } from '../../../../chains/evm/window-terms.ts';
import { permitVersion } from '../../permit.ts';
import type { X402Scheme } from '../../scheme.ts';
import { uptoPermit2Buying, NAME, type UptoPermit2Offer } from './buying.ts';

declare module '../../../../domain/payment/shapes.ts' {
  interface SchemeShapes {
    'x402/upto/permit2': { readonly offer: UptoPermit2Offer; readonly terms: Permit2Terms };
  }
}

/** x402's proxy, which pays what the facilitator says, at most the amount, to the witness's `to`. The same address on every chain. */
const PROXY = '0x4020A4f3b7b90ccA423B9fabCc0CE57C6C240002';

function spenderOf({ facilitator }: UptoPermit2Offer): Permit2Spender {
  return { address: PROXY, facilitator };
}

/** @see https://github.com/x402-foundation/x402/blob/main/specs/schemes/upto/scheme_upto_evm.md */
export const uptoPermit2: X402Scheme<'x402/upto/permit2'> = {
  ...uptoPermit2Buying,
  exposure: 'ceiling',
  approved: PERMIT2,
  facts: 'none',
  ceiling: (offer) => ({ asset: tokenOf(offer), amount: offer.amount }),
  freeze: freezePermit,
  covered: (offer) => ({ ...NAME, ...coveredByTransfer(offer), facilitator: offer.facilitator }),
  show: showWindow,
  messages: (offer, terms) => [permitMessage(offer, spenderOf(offer), terms)],
  present: (offer, terms, signatures) => presentPermit(offer, spenderOf(offer), terms, signatures),
  pack: (offer, terms) => ({ offer: { fa: { bytes: offer.facilitator } }, terms: packWindow(terms) }),
  unpack: (common, { offer, terms }) => ({
    offer: {
      ...common,
      ...NAME,
      kind: 'purchase',
      version: permitVersion(common),
      facilitator: toChecksumAddress(readBytes(offer['fa'])),
    },
    terms: unpackPermitTerms(terms),
  }),
};
