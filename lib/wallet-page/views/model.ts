import type { Answer } from '../../contract/client-types.ts';
import { h } from '../dom.ts';

export type Instrument = Answer<'GetPaymentInstrument'>['paymentInstrument'];
export type Overview = Answer<'GetWalletOverview'>['walletOverview'];
type Balance = Answer<'GetPaymentInstrumentBalance'>['tokenBalance'];

/** A balance, or that its chain did not answer. */
export interface ReadBalance {
  readonly network: string;
  readonly balance: Balance | null;
}

/** A page of the provider's on which money is bought for the wallet, or the reason that there is none. */
export type Onramp = { readonly network: string } & ({ readonly url: string } | { readonly problem: string });

export interface WalletModel {
  readonly instrument: Instrument;
  readonly overview: Overview;
  /** `null` while they are being read. */
  readonly balances: readonly ReadBalance[] | null;
  /** Where money can be bought, once it was asked for, or why it cannot; for one visit. `null`: nobody has asked. */
  readonly onramp: Onramp | null;
  /** RFC 3339: when the page has to be opened anew. */
  readonly expiresAt: string;
}

export interface WalletActions {
  readonly refresh: () => Promise<void>;
  readonly revoke: () => Promise<void>;
  /** @param network CAIP-2 */
  readonly buy: (network: string) => Promise<void>;
  readonly leave: () => Promise<void>;
}

export function addressOf({ paymentInstrumentDetails }: Instrument): string | null {
  return paymentInstrumentDetails.embeddedCryptoWallet.walletAddress ?? null;
}

/** An instant as its reader's clock has it. */
export function instant(at: string): HTMLElement {
  const shown = new Date(at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
  return h('time', { datetime: at }, shown);
}
