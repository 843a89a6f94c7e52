import type { Answer } from '../../contract/client-types.ts';
import { formatProviderArn, formatWorkloadArn, type Deployment } from '../../domain/ids.ts';
import type {
  CredentialProvider,
  ProviderConfiguration,
  SecretLocation,
  WorkloadIdentity,
} from '../../domain/tenants/resources.ts';
import type { EpochMs } from '../../domain/time.ts';

// AgentCore's shapes. Its identity resources have their times as epoch seconds, unlike its payments resources.

const seconds = (instant: EpochMs): number => instant / 1000;

function toTimes({ createdAt, updatedAt }: { readonly createdAt: EpochMs; readonly updatedAt: EpochMs }) {
  return { createdTime: seconds(createdAt), lastUpdatedTime: seconds(updatedAt) };
}

/** As a creation answers it: without times. */
export function toCreatedProviderView(deployment: Deployment, { name, configuration }: CredentialProvider) {
  return {
    name,
    credentialProviderVendor: configuration.vendor,
    credentialProviderArn: formatProviderArn(deployment, name),
    providerConfigurationOutput: toConfigurationView(deployment, configuration),
  };
}

export function toUpdatedProviderView(deployment: Deployment, provider: CredentialProvider) {
  return { ...toCreatedProviderView(deployment, provider), ...toTimes(provider) };
}

export function toProviderView(deployment: Deployment, provider: CredentialProvider) {
  const tags = provider.tags === null ? {} : { tags: provider.tags };
  return { ...toUpdatedProviderView(deployment, provider), ...tags };
}

export function toProviderSummary(deployment: Deployment, provider: CredentialProvider) {
  const { providerConfigurationOutput: _configuration, ...summary } = toUpdatedProviderView(deployment, provider);
  return summary;
}

function toConfigurationView(
  deployment: Deployment,
  configuration: ProviderConfiguration,
): Answer<'GetPaymentCredentialProvider'>['providerConfigurationOutput'] {
  const arnOf = (location: SecretLocation) => ({ secretArn: formatSecretArn(deployment, location) });
  switch (configuration.vendor) {
    case 'CoinbaseCDP': {
      const { apiKeyId, apiKeySecret, walletSecret } = configuration;
      const wallet =
        walletSecret === null
          ? {}
          : {
              walletSecretArn: arnOf(walletSecret),
              walletSecretJsonKey: walletSecret.jsonKey,
              walletSecretSource: walletSecret.source,
            };
      return {
        coinbaseCdpConfiguration: {
          apiKeyId,
          apiKeySecretArn: arnOf(apiKeySecret),
          apiKeySecretJsonKey: apiKeySecret.jsonKey,
          apiKeySecretSource: apiKeySecret.source,
          ...wallet,
        },
      };
    }
    case 'StripePrivy': {
      const { appId, authorizationId, appSecret, authorizationPrivateKey } = configuration;
      return {
        stripePrivyConfiguration: {
          appId,
          authorizationId,
          appSecretArn: arnOf(appSecret),
          appSecretJsonKey: appSecret.jsonKey,
          appSecretSource: appSecret.source,
          authorizationPrivateKeyArn: arnOf(authorizationPrivateKey),
          authorizationPrivateKeyJsonKey: authorizationPrivateKey.jsonKey,
          authorizationPrivateKeySource: authorizationPrivateKey.source,
        },
      };
    }
  }
}

/** A secret of the deployer's own may be known by its name only; its ARN then lacks the random ending. */
function formatSecretArn({ partition, region, account }: Deployment, { secretArn }: SecretLocation): string {
  return secretArn.startsWith('arn:')
    ? secretArn
    : `arn:${partition}:secretsmanager:${region}:${account}:secret:${secretArn}`;
}

/** As a creation answers it: without times. */
export function toCreatedWorkloadView(deployment: Deployment, { name, returnUrls }: WorkloadIdentity) {
  return {
    name,
    workloadIdentityArn: formatWorkloadArn(deployment, name),
    allowedResourceOauth2ReturnUrls: returnUrls,
  };
}

export function toWorkloadView(deployment: Deployment, workload: WorkloadIdentity) {
  return { ...toCreatedWorkloadView(deployment, workload), ...toTimes(workload) };
}

export function toWorkloadSummary(deployment: Deployment, { name }: WorkloadIdentity) {
  return { name, workloadIdentityArn: formatWorkloadArn(deployment, name) };
}

type TokenResponse = Answer<'GetResourcePaymentToken'>['paymentTokenResponse'];
type TokenOf<M extends string> = Extract<TokenResponse, { readonly [K in M]: unknown }>[M];

/** A provider's token. It goes to the caller and nowhere else. */
export function toMintedTokenView(
  minted:
    | { readonly vendor: 'CoinbaseCDP'; readonly token: TokenOf<'coinbaseCdpTokenResponse'> }
    | { readonly vendor: 'StripePrivy'; readonly token: TokenOf<'stripePrivyTokenResponse'> },
): Answer<'GetResourcePaymentToken'> {
  switch (minted.vendor) {
    case 'CoinbaseCDP':
      return { paymentTokenResponse: { coinbaseCdpTokenResponse: minted.token } };
    case 'StripePrivy':
      return { paymentTokenResponse: { stripePrivyTokenResponse: minted.token } };
  }
}

export function toWorkloadTokenView(token: string) {
  return { workloadAccessToken: token };
}
