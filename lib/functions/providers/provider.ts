import { createProjectReader } from '../../ledger/dynamodb/registry/project-reader.ts';
import type { StoreTable } from '../../ledger/dynamodb/store/conditional-write.ts';
import { createCredentialReader } from '../../service/identities/credential-reader.ts';
import type { ProviderCredentialsDeps } from '../../service/identities/provider-credentials.ts';
import { createCircuitBreaker } from '../../wallets/circuit-breaker.ts';
import { createCredentialCache } from '../../wallets/credential-cache.ts';
import type { ReadSecret } from '../../wallets/seed-vault/signer.ts';
import { systemClock } from '../runtime/runtime.ts';

/**
 * What every client of a wallet provider is made of.
 * @param baseUrl in the place of the provider's own
 */
export function openProvider<C>(
  baseUrl: string | undefined,
  of: {
    readonly registryTable: StoreTable;
    readonly readSecret: ReadSecret;
    readonly readSecrets: (deps: ProviderCredentialsDeps, connector: string) => Promise<C>;
  },
) {
  const deps = {
    project: createProjectReader(of.registryTable),
    readCredential: createCredentialReader(of.readSecret),
  };
  return {
    ...(baseUrl === undefined ? {} : { baseUrl }),
    fetch: (url: string, init: RequestInit) => fetch(url, init),
    useCredentials: createCredentialCache({
      read: (connector) => of.readSecrets(deps, connector),
      clock: systemClock,
    }),
    breaker: createCircuitBreaker({ clock: systemClock }),
    clock: systemClock,
  };
}
