import type { Signer } from '../domain/ports/services.ts';
import type { WalletType } from '../domain/tenants/wallet-shapes.ts';
import { createKmsSigner, type SignDigest } from './aws-kms/signer.ts';
import { createSeedVaultSigner, type ReadSecret } from './seed-vault/signer.ts';

/** The signer of every wallet type, for the paying function alone. A new wallet is one line here. */
export function createSigners(keys: {
  readonly signDigest: SignDigest;
  readonly readSecret: ReadSecret;
}): Readonly<Record<WalletType, Signer>> {
  return {
    AwsKms: createKmsSigner({ signDigest: keys.signDigest }),
    SeedVault: createSeedVaultSigner({ readSecret: keys.readSecret }),
  };
}
