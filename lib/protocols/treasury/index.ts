import {
  freezeTransfer,
  presentTransfer,
  transferMessage,
  unpackTransferTerms,
  type Eip3009Terms,
} from '../../chains/evm/eip3009.ts';
import { coveredByTransfer, tokenOf } from '../../chains/evm/tokens.ts';
import { packWindow, showWindow } from '../../chains/evm/window-terms.ts';
import type { OfferBase, SigningTerms } from '../../domain/payment/shapes.ts';
import type { Scheme } from '../../domain/ports/schemes.ts';

/** Money that leaves a wallet for an address of its owner. There is no seller and no seller's offer. */
export interface TreasuryTransfer extends OfferBase {
  readonly protocol: 'treasury';
  readonly version: '1';
  readonly scheme: 'withdrawal';
  readonly transferMethod: 'eip3009';
  readonly kind: 'transfer';
}

declare module '../../domain/payment/shapes.ts' {
  interface SchemeShapes {
    'treasury/withdrawal/eip3009': { readonly offer: TreasuryTransfer; readonly terms: Eip3009Terms };
  }
}

const NAME = {
  protocol: 'treasury',
  version: '1',
  scheme: 'withdrawal',
  transferMethod: 'eip3009',
  kind: 'transfer',
} as const;

/** The transfer of an amount to an address, before anything of it is frozen. */
export function toTreasuryTransfer(
  transfer: Pick<OfferBase, 'network' | 'asset' | 'token' | 'amount' | 'payTo' | 'maxTimeoutSeconds'>,
): TreasuryTransfer {
  return { ...NAME, ...transfer };
}

/** The terms of a treasury transfer. Throws on those of another method: a withdrawal has none. */
export function transferTermsOf(terms: SigningTerms): Eip3009Terms {
  if (terms.transferMethod !== 'eip3009') throw new Error('a withdrawal is signed by EIP-3009 alone');
  return terms;
}

export const treasuryTransfer: Scheme<'treasury/withdrawal/eip3009'> = {
  ...NAME,
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
  unpack: (common, { terms }) => ({ offer: { ...common, ...NAME }, terms: unpackTransferTerms(terms) }),
};
