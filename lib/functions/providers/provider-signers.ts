import type { Signer } from '../../domain/ports/services.ts';
import type { StoreTable } from '../../ledger/dynamodb/store/conditional-write.ts';
import type { ReadSecret } from '../../wallets/seed-vault/signer.ts';
import type { ProviderType } from '../../wallets/signers.ts';
import { systemClock, systemRandom } from '../runtime/runtime.ts';

/** The signer of wallets of which somebody else is asked to sign. Loaded with the first such payment, and each provider's part with its own first. */
export async function openProviderSigner(
  type: ProviderType,
  env: NodeJS.ProcessEnv,
  registryTable: StoreTable,
  readSecret: ReadSecret,
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
        breaker: createCircuitBreaker({ clock: systemClock }),
        clock: systemClock,
        random: systemRandom,
      });
    }
  }
}
