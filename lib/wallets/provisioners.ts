import type { WalletProvisioner } from '../domain/ports/services.ts';
import type { WalletType } from '../domain/tenants/wallet-shapes.ts';
import { createKmsProvisioner, type KmsProvisionerDeps } from './aws-kms/provisioner.ts';
import { createSeedVaultProvisioner, type SeedVaultProvisionerDeps } from './seed-vault/provisioner.ts';

/**
 * The provisioner of every wallet type, for the management functions. A new wallet is one line here. Kept apart from
 * `signers.ts`, so that the paying function carries none of this.
 * @param deps `walletKeys` is `null` where the function makes no instruments; `walletSecrets` has no prefix where it makes no
 *   connectors
 */
export function createProvisioners(deps: {
  readonly walletKeys: KmsProvisionerDeps | null;
  readonly walletSecrets: SeedVaultProvisionerDeps;
}): Readonly<Record<WalletType, WalletProvisioner>> {
  return {
    AwsKms: createKmsProvisioner(deps.walletKeys),
    SeedVault: createSeedVaultProvisioner(deps.walletSecrets),
  };
}
