import type { Signer } from '../domain/ports/services.ts';
import type { InstrumentType, WalletType } from '../domain/tenants/wallet-shapes.ts';
import { createKmsSigner, type SignDigest } from './aws-kms/signer.ts';
import { createSeedVaultSigner, type ReadSecret } from './seed-vault/signer.ts';

/** The types of which somebody else is asked to sign. */
export type ProviderType = Exclude<InstrumentType, WalletType> | 'ExternalSigner';

/**
 * The signer of every wallet type, for the paying function alone. A new wallet is one line here.
 * @param keys what asks a provider is opened at the first wallet of it, so that no other payment waits for it
 */
export function createSigners(keys: {
  readonly signDigest: SignDigest;
  readonly readSecret: ReadSecret;
  readonly openProvider: (type: ProviderType) => Promise<Signer>;
}): Readonly<Record<InstrumentType, Signer>> {
  const provider = (type: ProviderType) => atFirstUse(type, () => keys.openProvider(type));
  return {
    AwsKms: createKmsSigner({ signDigest: keys.signDigest }),
    SeedVault: createSeedVaultSigner({ readSecret: keys.readSecret }),
    CoinbaseCDP: provider('CoinbaseCDP'),
    StripePrivy: provider('StripePrivy'),
    ExternalSigner: provider('ExternalSigner'),
  };
}

/** Opens a signer when it is asked first, and again where that failed. */
function atFirstUse(type: InstrumentType, open: () => Promise<Signer>): Signer {
  let opening: Promise<Signer> | null = null;
  const opened = (): Promise<Signer> =>
    (opening ??= open().catch((error: unknown) => {
      opening = null;
      throw error;
    }));
  return {
    type,
    sign: async (...asked) => (await opened()).sign(...asked),
    readApproval: async (...asked) => (await opened()).readApproval!(...asked),
  };
}
