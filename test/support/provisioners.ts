import type { WalletProvisioner } from '../../lib/domain/ports/services.ts';
import type { WalletType } from '../../lib/domain/tenants/wallet-shapes.ts';
import { WALLET_TYPES } from '../../lib/wallets/catalogue.ts';

/** One provisioner under the name of every wallet that Bursar signs for. */
export function provisionersOf(provisioner: WalletProvisioner): Readonly<Record<WalletType, WalletProvisioner>> {
  return Object.fromEntries(WALLET_TYPES.map((type) => [type, provisioner])) as Record<WalletType, WalletProvisioner>;
}
