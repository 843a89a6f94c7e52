import { freezeTransfer, presentTransfer, transferMessage, type Eip3009Terms } from '../../chains/evm/eip3009.ts';
import { coveredByTransfer, tokenOf } from '../../chains/evm/tokens.ts';
import { freezeWindow, packWindow, showWindow, unpackWindow, type WindowTerms } from '../../chains/evm/window-terms.ts';
import type { OfferBase } from '../../domain/payment/shapes.ts';
import type { CommonOffer, PackedScheme, Scheme } from '../../domain/ports/schemes.ts';

/** Money that leaves a wallet for an address of its owner. There is no seller and no seller's offer. */
interface HomewardBase extends OfferBase {
  readonly protocol: 'treasury';
  readonly version: '1';
  readonly scheme: 'withdrawal';
  readonly kind: 'transfer';
}

/** Of a token, by a signature that anybody may bring to the chain. */
export interface TreasuryTransfer extends HomewardBase {
  readonly transferMethod: 'eip3009';
}

/** Of a network's own coin, by a transaction of the wallet: what is decided here is signed and sent with its approvals. */
export interface CoinTransfer extends HomewardBase {
  readonly transferMethod: 'transaction';
}

/** Until `validBefore` the transaction may be signed for the first time. Its nonce and its fees are not known yet. */
type CoinTerms = WindowTerms<'transaction'>;

declare module '../../domain/payment/shapes.ts' {
  interface SchemeShapes {
    'treasury/withdrawal/eip3009': { readonly offer: TreasuryTransfer; readonly terms: Eip3009Terms };
    'treasury/withdrawal/transaction': { readonly offer: CoinTransfer; readonly terms: CoinTerms };
  }
}

const BASE = { protocol: 'treasury', version: '1', scheme: 'withdrawal', kind: 'transfer' } as const;
const NAME = { ...BASE, transferMethod: 'eip3009' } as const;
const COIN_NAME = { ...BASE, transferMethod: 'transaction' } as const;

type Given = Pick<OfferBase, 'network' | 'asset' | 'token' | 'amount' | 'payTo'>;

/** What both have. */
const homeward = <M extends string, N extends { readonly transferMethod: M }>(
  name: N & { readonly transferMethod: M },
) =>
  ({
    ...name,
    facts: 'none',
    exposure: 'amount',
    approved: null,
    ceiling: (offer: Given) => ({ asset: tokenOf(offer), amount: offer.amount }),
    covered: (offer: Given) => ({ ...name, ...coveredByTransfer(offer) }),
    pack: (_offer: Given, terms: WindowTerms) => ({ offer: {}, terms: packWindow(terms) }),
    unpack: (common: CommonOffer, { terms }: PackedScheme) => ({
      offer: { ...common, ...name },
      terms: unpackWindow(name.transferMethod, terms),
    }),
  }) as const;

export const treasuryTransfer: Scheme<'treasury/withdrawal/eip3009'> = {
  ...homeward(NAME),
  freeze: freezeTransfer,
  show: showWindow,
  messages: (offer, terms) => [transferMessage(offer, terms)],
  present: presentTransfer,
};

/** Decided in the books like any payment, with nothing to sign yet: who may ask the chain for a nonce has no key. */
export const coinTransfer: Scheme<'treasury/withdrawal/transaction'> = {
  ...homeward(COIN_NAME),
  // No signature is out that a cap would keep from being used late.
  freeze: (input) => freezeWindow('transaction', { ...input, capSeconds: input.offer.maxTimeoutSeconds }),
  show: ({ from, validBefore }) => ({ from, validBefore }),
  messages: () => [],
  present: () => ({}),
};
