import type { ProviderWallet } from '../../domain/ports/wallets.ts';

declare module '../../domain/tenants/wallet-shapes.ts' {
  interface ProviderWalletShapes {
    CoinbaseCDP: true;
  }
}

export const coinbaseCdp: ProviderWallet<'CoinbaseCDP'> = { type: 'CoinbaseCDP' };
