import type { Signer, WalletMaker, WalletProvisioner } from '../../lib/domain/ports/services.ts';
import type { InstrumentType, WalletType } from '../../lib/domain/tenants/wallet-shapes.ts';
import { WALLET_TYPES, instrumentTypes } from '../../lib/wallets/catalogue.ts';

/** One provisioner under the name of every wallet that Bursar signs for. */
export function provisionersOf(provisioner: WalletProvisioner): Readonly<Record<WalletType, WalletProvisioner>> {
  return underEvery(WALLET_TYPES, provisioner);
}

/** One maker under the name of every wallet that can be made. */
export function makersOf(maker: WalletMaker): Readonly<Record<InstrumentType, WalletMaker>> {
  return underEvery(instrumentTypes(), maker);
}

/** One signer under the name of every wallet that pays. */
export function signersOf(signer: Signer): Readonly<Record<InstrumentType, Signer>> {
  return underEvery(instrumentTypes(), signer);
}

function underEvery<K extends string, T>(types: readonly K[], one: T): Readonly<Record<K, T>> {
  return Object.fromEntries(types.map((type) => [type, one])) as Record<K, T>;
}
