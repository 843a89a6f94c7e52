import type { Eip3009Terms } from '../../chains/evm/eip3009.ts';
import type { Offer, OfferBase, SigningTerms } from '../../domain/payment/shapes.ts';
import type { CoinTransfer, TreasuryTransfer } from './index.ts';

// Apart from what signs, and without a word of it, which every start of the paying function loads: a withdrawal is asked for seldom.

const BASE = { protocol: 'treasury', version: '1', scheme: 'withdrawal', kind: 'transfer' } as const;

type Given = Pick<OfferBase, 'network' | 'asset' | 'token' | 'amount' | 'payTo' | 'maxTimeoutSeconds'>;

/** The transfer of an amount of a token to an address, before anything of it is frozen. */
export function toTreasuryTransfer(transfer: Given): TreasuryTransfer {
  return { ...BASE, transferMethod: 'eip3009', ...transfer };
}

/** The same of a network's own coin. */
export function toCoinTransfer(transfer: Given): CoinTransfer {
  return { ...BASE, transferMethod: 'transaction', ...transfer };
}

/** Whether an offer takes home a network's own coin. */
export function isCoinTransfer({ protocol, transferMethod }: Pick<Offer, 'protocol' | 'transferMethod'>): boolean {
  return protocol === BASE.protocol && transferMethod === 'transaction';
}

/** The terms of the transfer of a token. Throws on those of another method. */
export function transferTermsOf(terms: SigningTerms): Eip3009Terms {
  if (terms.transferMethod !== 'eip3009') throw new Error('a token is withdrawn by EIP-3009 alone');
  return terms;
}
