import type { ReadSecret } from '../../wallets/seed-vault/signer.ts';
import { createStripePrivyClient, type CallStripePrivy } from '../../wallets/stripe-privy/client.ts';
import type { StoreTable } from '../../ledger/dynamodb/store/conditional-write.ts';
import { readStripePrivySecrets } from '../../service/identities/provider-credentials.ts';
import { openProvider } from './provider.ts';

/**
 * What asks Privy for the wallets of connectors, with the credentials that these name. Loaded where such a wallet is used.
 * @param env `STRIPE_PRIVY_URL` puts another host in the place of Privy's, on the machine of a developer
 */
export function openStripePrivy(
  env: NodeJS.ProcessEnv,
  registryTable: StoreTable,
  readSecret: ReadSecret,
): CallStripePrivy {
  return createStripePrivyClient(
    openProvider(env['STRIPE_PRIVY_URL'], { registryTable, readSecret, readSecrets: readStripePrivySecrets }),
  );
}
