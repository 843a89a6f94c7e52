import type { Signer } from '../domain/ports/services.ts';
import type { InstrumentType } from '../domain/tenants/wallet-shapes.ts';
import { createKmsSigner, type SignDigest } from './aws-kms/signer.ts';
import type { CallCoinbaseCdp } from './coinbase-cdp/client.ts';
import { createSeedVaultSigner, type ReadSecret } from './seed-vault/signer.ts';

/**
 * The signer of every wallet type, for the paying function alone. A new wallet is one line here.
 * @param keys what asks a provider is opened at the first wallet of it, so that no other payment waits for it
 */
export function createSigners(keys: {
  readonly signDigest: SignDigest;
  readonly readSecret: ReadSecret;
  readonly openCoinbaseCdp: () => Promise<CallCoinbaseCdp>;
}): Readonly<Record<InstrumentType, Signer>> {
  return {
    AwsKms: createKmsSigner({ signDigest: keys.signDigest }),
    SeedVault: createSeedVaultSigner({ readSecret: keys.readSecret }),
    CoinbaseCDP: atFirstUse('CoinbaseCDP', async () => {
      const { createCoinbaseCdpSigner } = await import('./coinbase-cdp/signer.ts');
      return createCoinbaseCdpSigner({ call: await keys.openCoinbaseCdp() });
    }),
  };
}

/** Opens a signer when it is asked first, and again where that failed. */
function atFirstUse(type: InstrumentType, open: () => Promise<Signer>): Signer {
  let opening: Promise<Signer> | null = null;
  return {
    type,
    sign: async (key, message, address) => {
      opening ??= open().catch((error: unknown) => {
        opening = null;
        throw error;
      });
      return (await opening).sign(key, message, address);
    },
  };
}
