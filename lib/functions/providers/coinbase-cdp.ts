import type { ReadSecret } from '../../wallets/seed-vault/signer.ts';
import { createCoinbaseCdpClient, type CallCoinbaseCdp } from '../../wallets/coinbase-cdp/client.ts';
import type { StoreTable } from '../../ledger/dynamodb/store/conditional-write.ts';
import { readCoinbaseCdpSecrets } from '../../service/identities/provider-credentials.ts';
import { openProvider } from './provider.ts';
import { systemRandom } from '../runtime/runtime.ts';

/**
 * What asks Coinbase for the wallets of connectors, with the credentials that these name. Loaded where such a wallet is used.
 * @param env `COINBASE_CDP_URL` puts another host in the place of Coinbase's, on the machine of a developer
 */
export function openCoinbaseCdp(
  env: NodeJS.ProcessEnv,
  registryTable: StoreTable,
  readSecret: ReadSecret,
): CallCoinbaseCdp {
  return createCoinbaseCdpClient({
    ...openProvider(env['COINBASE_CDP_URL'], { registryTable, readSecret, readSecrets: readCoinbaseCdpSecrets }),
    random: systemRandom,
  });
}
