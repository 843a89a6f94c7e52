import type { ProviderSecretName } from '../../wallets/secret-problem.ts';
import type { Randomness } from '../../domain/ports/services.ts';
import type { ProviderConfiguration, SecretLocation } from '../../domain/tenants/resources.ts';
import type { ConfigurationPlan, SecretPlan } from './provider-plan.ts';
import type { ProviderSecrets } from './provider-secrets.ts';

export interface StorageDeps {
  readonly secrets: ProviderSecrets;
  readonly secretNamePrefix: string;
  readonly random: Randomness;
}

/** How the names of a provider's secrets end; AgentCore's own end the same way. */
const SECRET_NAME_ENDINGS = {
  apiKeySecret: 'apikey',
  walletSecret: 'wallet',
  appSecret: 'appsecret',
  authorizationPrivateKey: 'authorizationkey',
} as const satisfies Record<ProviderSecretName, string>;
const NAME_SUFFIX_BYTES = 4;

/**
 * Puts the secrets of a plan where they are kept, and says where that is.
 * @param made gets the ARN of each secret as soon as it exists, so that the caller can clear up after a failure
 */
export async function storeConfiguration(
  { secrets, secretNamePrefix, random }: StorageDeps,
  name: string,
  plan: ConfigurationPlan,
  made: Set<string>,
): Promise<ProviderConfiguration> {
  const suffix = Buffer.from(random.bytes(NAME_SUFFIX_BYTES)).toString('hex');
  const folder = `${secretNamePrefix}/${plan.vendor.toLowerCase()}/${name}-${suffix}`;

  const store = async (secretName: ProviderSecretName, planned: SecretPlan): Promise<SecretLocation> => {
    if (planned.kind === 'leave') return planned.location;
    const { stored } = planned;
    if (stored?.source === 'MANAGED') {
      const value = JSON.stringify({ [stored.jsonKey]: planned.value });
      if ((await secrets.renew(stored.secretArn, value)) === 'renewed') return stored;
    }
    const value = JSON.stringify({ [secretName]: planned.value });
    const secretArn = await secrets.create(`${folder}/${SECRET_NAME_ENDINGS[secretName]}`, value);
    made.add(secretArn);
    return { source: 'MANAGED', secretArn, jsonKey: secretName };
  };

  switch (plan.vendor) {
    case 'CoinbaseCDP':
      return {
        ...plan,
        apiKeySecret: await store('apiKeySecret', plan.apiKeySecret),
        walletSecret: plan.walletSecret && (await store('walletSecret', plan.walletSecret)),
      };
    case 'StripePrivy':
      return {
        ...plan,
        appSecret: await store('appSecret', plan.appSecret),
        authorizationPrivateKey: await store('authorizationPrivateKey', plan.authorizationPrivateKey),
      };
  }
}

/** Where the secrets of a configuration lie. */
export function secretsOf(configuration: ProviderConfiguration): readonly SecretLocation[] {
  switch (configuration.vendor) {
    case 'CoinbaseCDP':
      return [configuration.apiKeySecret, ...(configuration.walletSecret === null ? [] : [configuration.walletSecret])];
    case 'StripePrivy':
      return [configuration.appSecret, configuration.authorizationPrivateKey];
  }
}
