import type { ReadSecret } from '../wallets/seed-vault/signer.ts';
import { createCoinbaseCdpClient, type CallCoinbaseCdp } from '../wallets/coinbase-cdp/client.ts';
import { createCredentialCache } from '../wallets/credential-cache.ts';
import { createProjectReader } from '../ledger/dynamodb/registry/project-reader.ts';
import type { StoreTable } from '../ledger/dynamodb/store/conditional-write.ts';
import { createCredentialReader } from '../service/identities/credential-reader.ts';
import { readCoinbaseCdpSecrets } from '../service/identities/provider-credentials.ts';
import { systemClock, systemRandom } from './runtime.ts';

/**
 * What asks Coinbase for the wallets of connectors, with the credentials that these name. Loaded where such a wallet is used.
 * @param env `COINBASE_CDP_URL` puts another host in the place of Coinbase's, on the machine of a developer
 */
export function openCoinbaseCdp(
  env: NodeJS.ProcessEnv,
  registryTable: StoreTable,
  readSecret: ReadSecret,
): CallCoinbaseCdp {
  const deps = {
    project: createProjectReader(registryTable),
    readCredential: createCredentialReader(readSecret),
  };
  const baseUrl = env['COINBASE_CDP_URL'];
  return createCoinbaseCdpClient({
    ...(baseUrl === undefined ? {} : { baseUrl }),
    fetch: (url, init) => fetch(url, init),
    useCredentials: createCredentialCache({
      read: (connector) => readCoinbaseCdpSecrets(deps, connector),
      clock: systemClock,
    }),
    clock: systemClock,
    random: systemRandom,
  });
}
