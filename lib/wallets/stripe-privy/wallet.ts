import type { ProviderWallet } from '../../domain/ports/wallets.ts';
import type { StripePrivyAccount } from './account.ts';

declare module '../../domain/tenants/wallet-shapes.ts' {
  interface ProviderWalletShapes {
    StripePrivy: { readonly key: StripePrivyAccount };
  }
}

export const stripePrivy: ProviderWallet<'StripePrivy'> = {
  type: 'StripePrivy',
  key: { connector: { text: 'walletConnector' }, walletId: { text: 'walletId' } },
};
