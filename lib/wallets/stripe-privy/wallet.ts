import type { ProviderWallet } from '../../domain/ports/wallets.ts';

declare module '../../domain/tenants/wallet-shapes.ts' {
  interface ProviderWalletShapes {
    StripePrivy: true;
  }
}

export const stripePrivy: ProviderWallet<'StripePrivy'> = { type: 'StripePrivy' };
