import type { IdentityStore, Registry } from '../../domain/ports/registry.ts';
import { ProviderRefused } from '../../domain/ports/services.ts';
import type { FieldProblem } from '../../domain/refusal.ts';
import type { Result } from '../../domain/result.ts';
import type { ProviderConfiguration, SecretLocation } from '../../domain/tenants/resources.ts';
import type { Vendor } from '../../domain/tenants/wallet-shapes.ts';
import { parseCoinbaseCdpSecrets, type CoinbaseCdpSecrets } from '../../wallets/coinbase-cdp/request-signing.ts';
import { parseStripePrivySecrets, type StripePrivySecrets } from '../../wallets/stripe-privy/request-signing.ts';
import type { CredentialTrouble, ReadCredential } from './credential-reader.ts';

export interface ProviderCredentialsDeps {
  readonly project: Pick<Registry, 'readConnector'> & Pick<IdentityStore, 'readProvider'>;
  readonly readCredential: ReadCredential;
}

/** What an operator knows a vendor by. */
const NAMES = { CoinbaseCDP: 'Coinbase', StripePrivy: 'Privy' } as const satisfies Readonly<Record<Vendor, string>>;

/**
 * Finds and reads the credentials of a connector's project, for those that act for its wallets.
 * Throws `ProviderRefused` where there are none that can be used, and `NotNow` when throttled. No error carries a secret.
 * @param connector `managerId/connectorId`
 */
export async function readCoinbaseCdpSecrets(
  deps: ProviderCredentialsDeps,
  connector: string,
): Promise<CoinbaseCdpSecrets> {
  const { apiKeyId, apiKeySecret, walletSecret } = await findConfiguration(deps, connector, 'CoinbaseCDP');
  if (walletSecret === null) throw refused('CoinbaseCDP', 'the credential provider has no walletSecret');
  const texts = await readAll(deps, 'CoinbaseCDP', { apiKeySecret, walletSecret });
  return parsed('CoinbaseCDP', parseCoinbaseCdpSecrets({ apiKeyId, ...texts }));
}

/** The same of an app of Privy. */
export async function readStripePrivySecrets(
  deps: ProviderCredentialsDeps,
  connector: string,
): Promise<StripePrivySecrets> {
  const found = await findConfiguration(deps, connector, 'StripePrivy');
  const { appId, authorizationId, appSecret, authorizationPrivateKey } = found;
  const texts = await readAll(deps, 'StripePrivy', { appSecret, authorizationPrivateKey });
  return parsed('StripePrivy', parseStripePrivySecrets({ appId, authorizationId, ...texts }));
}

async function findConfiguration<V extends Vendor>(
  { project }: ProviderCredentialsDeps,
  connector: string,
  vendor: V,
): Promise<Extract<ProviderConfiguration, { vendor: V }>> {
  const [managerId = '', connectorId = ''] = connector.split('/');
  const material = (await project.readConnector(managerId, connectorId))?.material;
  if (material === undefined || !('credentialProviderName' in material))
    throw refused(vendor, 'the connector of the wallet is gone');
  const configuration = (await project.readProvider(material.credentialProviderName))?.configuration;
  if (!isOf(configuration, vendor)) throw refused(vendor, 'the credential provider of the connector is gone');
  return configuration;
}

function isOf<V extends Vendor>(
  configuration: ProviderConfiguration | undefined,
  vendor: V,
): configuration is Extract<ProviderConfiguration, { vendor: V }> {
  return configuration?.vendor === vendor;
}

const TROUBLES: Readonly<Record<CredentialTrouble, string>> = {
  missing: 'does not exist',
  denied: 'may not be read: the deployment must list it under externalSecretArns',
  unreadable: 'is no JSON object with a text under its key',
};

async function readAll<N extends string>(
  { readCredential }: ProviderCredentialsDeps,
  vendor: Vendor,
  locations: Readonly<Record<N, SecretLocation>>,
): Promise<Readonly<Record<N, string>>> {
  const reading = (Object.entries(locations) as [N, SecretLocation][]).map(async ([name, location]) => {
    const read = await readCredential(location);
    if (!read.ok) throw refused(vendor, `the secret of ${name} ${TROUBLES[read.error]}`);
    return [name, read.value] as const;
  });
  return Object.fromEntries(await Promise.all(reading)) as Record<N, string>;
}

function parsed<C>(vendor: Vendor, secrets: Result<C, readonly FieldProblem[]>): C {
  if (secrets.ok) return secrets.value;
  throw refused(vendor, secrets.error.map(({ message }) => message).join('; '));
}

function refused(vendor: Vendor, why: string): ProviderRefused {
  const message = `${NAMES[vendor]} credentials cannot be used: ${why}. Nothing was signed`;
  return new ProviderRefused('provider_credentials', message);
}
