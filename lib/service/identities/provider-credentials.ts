import type { IdentityStore, Registry } from '../../domain/ports/registry.ts';
import { ProviderRefused } from '../../domain/ports/services.ts';
import type { SecretLocation } from '../../domain/tenants/resources.ts';
import { parseCoinbaseCdpSecrets, type CoinbaseCdpSecrets } from '../../wallets/coinbase-cdp/request-signing.ts';
import type { CredentialTrouble, ReadCredential } from './credential-reader.ts';

export interface ProviderCredentialsDeps {
  readonly project: Pick<Registry, 'readConnector'> & Pick<IdentityStore, 'readProvider'>;
  readonly readCredential: ReadCredential;
}

/**
 * Finds and reads the credentials of a connector's project, for those that act for its wallets.
 * Throws `ProviderRefused` where there are none that can be used, and `NotNow` when throttled. No error carries a secret.
 * @param connector `managerId/connectorId`
 */
export async function readCoinbaseCdpSecrets(
  deps: ProviderCredentialsDeps,
  connector: string,
): Promise<CoinbaseCdpSecrets> {
  const [managerId = '', connectorId = ''] = connector.split('/');
  const material = (await deps.project.readConnector(managerId, connectorId))?.material;
  if (material === undefined || !('credentialProviderName' in material))
    throw refused('the connector of the wallet is gone');
  const configuration = (await deps.project.readProvider(material.credentialProviderName))?.configuration;
  if (configuration?.vendor !== 'CoinbaseCDP') throw refused('the credential provider of the connector is gone');
  const { apiKeyId, walletSecret } = configuration;
  if (walletSecret === null) throw refused('the credential provider has no walletSecret');
  const [apiKeySecret, walletKey] = await Promise.all([
    readOne(deps, 'apiKeySecret', configuration.apiKeySecret),
    readOne(deps, 'walletSecret', walletSecret),
  ]);
  const parsed = parseCoinbaseCdpSecrets({ apiKeyId, apiKeySecret, walletSecret: walletKey });
  if (parsed.ok) return parsed.value;
  throw refused(parsed.error.map(({ message }) => message).join('; '));
}

const TROUBLES: Readonly<Record<CredentialTrouble, string>> = {
  missing: 'does not exist',
  denied: 'may not be read: the deployment must list it under externalSecretArns',
  unreadable: 'is no JSON object with a text under its key',
};

async function readOne(
  { readCredential }: ProviderCredentialsDeps,
  name: string,
  location: SecretLocation,
): Promise<string> {
  const read = await readCredential(location);
  if (read.ok) return read.value;
  throw refused(`the secret of ${name} ${TROUBLES[read.error]}`);
}

function refused(why: string): ProviderRefused {
  return new ProviderRefused('provider_credentials', `Coinbase credentials cannot be used: ${why}. Nothing was signed`);
}
