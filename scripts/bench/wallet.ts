import { HDKey, hdKeyToAccount, type HDAccount } from 'viem/accounts';
import type { Signer } from '../../lib/domain/ports/services.ts';
import type { WalletKey } from '../../lib/domain/tenants/wallet-shapes.ts';
import { createSeedVaultSigner, type ReadSecret } from '../../lib/wallets/seed-vault/signer.ts';

/** A wallet in both hands: ours by its key's name, the peers' as viem's account. */
export interface BenchWallet {
  readonly signer: Signer;
  readonly key: WalletKey;
  readonly account: HDAccount;
}

/** The seed of BIP-39's first test vector: published, so that nothing of value can sit behind it. */
export const PUBLISHED_SEED = Buffer.from(
  '5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc1' +
    '9a5ac40b389cd370d086206dec8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4',
  'hex',
);

/** Gives our real signer its seed without Secrets Manager; what follows the first call is the same as in the function. */
function secretsWith(seed: Uint8Array): ReadSecret {
  const text = JSON.stringify({ mnemonic: '', seed: Buffer.from(seed).toString('hex') });
  return async () => text;
}

/** Wallets of one seed at m/44'/60'/0'/0/index. viem derives its account by itself. */
export function createWallets(seed: Uint8Array): (index: number) => BenchWallet {
  const signer = createSeedVaultSigner({ readSecret: secretsWith(seed) });
  const root = HDKey.fromMasterSeed(seed);
  return (index) => ({
    signer,
    key: { type: 'SeedVault', secretArn: 'bench', secretVersionId: 'bench', index },
    account: hdKeyToAccount(root, { addressIndex: index }),
  });
}
