import type { CoinbaseCdp } from '../../lib/local/providers/coinbase-cdp/index.ts';
import type { AwsClients } from './aws-tenant.ts';
import { createProviderWallet } from './provider-tenant.ts';
import type { Scene } from './scene.ts';

/** The project's newest keys, as its portal would show them. */
export function credentialsOf({ project }: CoinbaseCdp) {
  const [apiKey] = project.apiKeys();
  const [walletSecret] = project.walletSecrets();
  return { apiKeyId: apiKey!.id, apiKeySecret: apiKey!.secret, walletSecret: walletSecret!.secret };
}

/** A wallet of Coinbase of an end user, or, without one, of the project; with a session of 5.00. */
export function createCoinbaseWallet(
  scene: Scene,
  aws: AwsClients,
  owner: 'end user' | 'project',
  network: 'ETHEREUM' | 'SOLANA' = 'ETHEREUM',
) {
  const coinbaseCdpConfiguration = credentialsOf(scene.stack.services.coinbaseCdp);
  const provider = {
    credentialProviderVendor: 'CoinbaseCDP',
    providerConfigurationInput: { coinbaseCdpConfiguration },
  } as const;
  return createProviderWallet(scene, aws, { provider, owner, network });
}
