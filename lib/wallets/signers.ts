import type { KMSClient } from '@aws-sdk/client-kms';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Signer } from '../domain/ports/services.ts';
import type { WalletType } from '../domain/tenants/resources.ts';
import { createKmsSigner } from './aws-kms/signer.ts';
import { createSeedVaultSigner } from './seed-vault/signer.ts';

/** The signer of every wallet type, for the paying function alone. A new wallet is one line here. */
export function createSigners(clients: {
  readonly kms: KMSClient;
  readonly secrets: SecretsManagerClient;
}): Readonly<Record<WalletType, Signer>> {
  return {
    AwsKms: createKmsSigner({ client: clients.kms }),
    SeedVault: createSeedVaultSigner({ client: clients.secrets }),
  };
}
