import type { ProviderWallet } from '../../domain/ports/wallets.ts';

declare module '../../domain/tenants/wallet-shapes.ts' {
  interface ProviderWalletShapes {
    StripePrivy: { readonly key: null };
  }
}

export const stripePrivy: ProviderWallet<'StripePrivy'> = { type: 'StripePrivy', key: null };
