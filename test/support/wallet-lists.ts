import type { Signer, WalletProvisioner } from '../../lib/domain/ports/services.ts';
import type { WalletType } from '../../lib/domain/tenants/wallet-shapes.ts';
import { WALLET_TYPES } from '../../lib/wallets/catalogue.ts';

/** One provisioner under the name of every wallet that Bursar signs for. */
export function provisionersOf(provisioner: WalletProvisioner): Readonly<Record<WalletType, WalletProvisioner>> {
  return underEvery(provisioner);
}

/** One signer under the name of every wallet that Bursar signs for. */
export function signersOf(signer: Signer): Readonly<Record<WalletType, Signer>> {
  return underEvery(signer);
}

function underEvery<T>(one: T): Readonly<Record<WalletType, T>> {
  return Object.fromEntries(WALLET_TYPES.map((type) => [type, one])) as Record<WalletType, T>;
}
