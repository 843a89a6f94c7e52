import type { Environment } from '../../aws/credentials.ts';
import type { endpointOf } from '../../aws/endpoint.ts';
import type { Signer } from '../../domain/ports/services.ts';
import type { StoreTable } from '../../ledger/dynamodb/store/conditional-write.ts';
import type { Fetch } from '../../wallets/provider-call.ts';
import type { ReadSecret } from '../../wallets/seed-vault/signer.ts';
import type { ProviderType } from '../../wallets/signers.ts';
import { systemClock, systemRandom } from '../runtime/runtime.ts';

/** The signer of wallets of which somebody else is asked to sign. Loaded with the first such payment, and each provider's part with its own first. */
export async function openProviderSigner(
  type: ProviderType,
  env: NodeJS.ProcessEnv,
  registryTable: StoreTable,
  readSecret: ReadSecret,
  endpoints: typeof endpointOf,
): Promise<Signer> {
  switch (type) {
    case 'CoinbaseCDP': {
      const [{ createCoinbaseCdpSigner }, { openCoinbaseCdp }] = await Promise.all([
        import('../../wallets/coinbase-cdp/signer.ts'),
        import('./coinbase-cdp.ts'),
      ]);
      return createCoinbaseCdpSigner({ call: openCoinbaseCdp(env, registryTable, readSecret) });
    }
    case 'StripePrivy': {
      const [{ createStripePrivySigner }, { openStripePrivy }] = await Promise.all([
        import('../../wallets/stripe-privy/signer.ts'),
        import('./stripe-privy.ts'),
      ]);
      return createStripePrivySigner({ call: openStripePrivy(env, registryTable, readSecret) });
    }
    case 'ExternalSigner': {
      const [{ createExternalSigner }, { createCircuitBreaker }] = await Promise.all([
        import('../../wallets/external-signer/signer.ts'),
        import('../../wallets/circuit-breaker.ts'),
      ]);
      return createExternalSigner({
        readSecret,
        fetch: (url, init) => fetch(url, init),
        fetchFunction: async (arn, init) => (await openFunctionFetch(env, endpoints))(arn, init),
        breaker: createCircuitBreaker({ clock: systemClock }),
        clock: systemClock,
        random: systemRandom,
      });
    }
  }
}

/** Loaded with the first signer that is a function. */
async function openFunctionFetch(env: Environment, endpoints: typeof endpointOf): Promise<Fetch> {
  const { createFunctionFetch } = await import('../../wallets/external-signer/function-fetch.ts');
  return createFunctionFetch({
    fetch: (url, init) => fetch(url, init),
    // Read for each request: a runtime that replaces them is followed at once.
    credentials: () => ({
      accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '',
      sessionToken: env['AWS_SESSION_TOKEN'] || null,
    }),
    // Of the function's own region, where dual-stack endpoints are not known.
    endpointOf: (region) => endpoints('lambda', { ...env, AWS_REGION: region, AWS_USE_DUALSTACK_ENDPOINT: undefined }),
    clock: systemClock,
  });
}
