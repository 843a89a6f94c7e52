import type { ProviderWallet } from '../../domain/ports/wallets.ts';
import type { CoinbaseCdpAccount } from './account.ts';

declare module '../../domain/tenants/wallet-shapes.ts' {
  interface ProviderWalletShapes {
    CoinbaseCDP: { readonly key: CoinbaseCdpAccount };
  }
}

export const coinbaseCdp: ProviderWallet<'CoinbaseCDP'> = {
  type: 'CoinbaseCDP',
  key: { connector: { text: 'walletConnector' }, endUserId: { optionalText: 'endUserId' } },
};
