import { createHash, randomUUID } from 'node:crypto';
import { NETWORKS } from '../../lib/domain/assets.ts';
import { createApiKey, createEcKey } from '../wallets/provider-keys.ts';
import type { Input, Way } from './sdk.ts';
import type { ConformanceTarget } from './target.ts';

// Members of requests that must succeed. Nothing here is sent.

/** Wallet types of Bursar's own. */
export const WALLET_TYPES = ['SeedVault', 'AwsKms'] as const;
export type WalletType = (typeof WALLET_TYPES)[number];

export const newToken = (): string => randomUUID();
export const newName = (start: string): string => `${start}${randomUUID().replaceAll('-', '').slice(0, 12)}`;

/** A role of the deployment's own account is not needed: it is checked and stored, and never assumed. */
export const ROLE_ARN = 'arn:aws:iam::000000000000:role/conformance';

/** A manager that takes signatures, or tokens of both clients of the target's issuer. */
export function managerInput({ jwt }: ConformanceTarget, way: Way): Input {
  const { management, visitor } = jwt.clients;
  const customJWTAuthorizer = {
    discoveryUrl: jwt.discoveryUrl,
    allowedClients: [management.clientId, visitor.clientId],
  };
  return {
    name: newName('c'),
    roleArn: ROLE_ARN,
    ...(way === 'IAM'
      ? { authorizerType: 'AWS_IAM' }
      : { authorizerType: 'CUSTOM_JWT', authorizerConfiguration: { customJWTAuthorizer } }),
  };
}

export function connectorInput(paymentManagerId: string, type: WalletType): Input {
  return { paymentManagerId, name: newName('c'), type, credentialProviderConfigurations: [] };
}

/** Credentials of nobody, in the form that the provider hands them out. */
export function providerInput(vendor: 'CoinbaseCDP' | 'StripePrivy', name = newName('provider-')): Input {
  const coinbaseCdpConfiguration = {
    apiKeyId: 'organizations/conformance/apiKeys/1',
    apiKeySecret: createApiKey().secret,
    walletSecret: createEcKey().pkcs8,
  };
  const stripePrivyConfiguration = {
    appId: 'conformance',
    appSecret: 'planted-secret',
    authorizationId: 'conformance',
    authorizationPrivateKey: `wallet-auth:${createEcKey().pkcs8}`,
  };
  const providerConfigurationInput =
    vendor === 'CoinbaseCDP' ? { coinbaseCdpConfiguration } : { stripePrivyConfiguration };
  return { name, credentialProviderVendor: vendor, providerConfigurationInput };
}

export function walletInput(
  manager: { readonly arn: string; readonly connectors: Readonly<Record<WalletType, string>> },
  type: WalletType,
): Input {
  return {
    paymentManagerArn: manager.arn,
    paymentConnectorId: manager.connectors[type],
    paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
    paymentInstrumentDetails: { embeddedCryptoWallet: { network: 'ETHEREUM', linkedAccounts: [] } },
  };
}

export function sessionInput(limitUsd: string): Input {
  return { expiryTimeInMinutes: 60, limits: { maxSpendAmount: { value: limitUsd, currency: 'USD' } } };
}

/** The chain of built offers. */
export const BASE_SEPOLIA = NETWORKS.find(({ chain }) => chain === 'BASE_SEPOLIA')!;
/** Nobody has the key of it. */
const PAY_TO = `0x${createHash('sha256').update('conformance').digest('hex').slice(0, 40)}`;

/** An offer as a seller would make it, in USDC's smallest unit. */
export function offerOf(version: '1' | '2', amount: string): Input {
  const { usdc, id, x402Name } = BASE_SEPOLIA;
  const extra = { name: usdc.domainName, version: usdc.domainVersion };
  const common = { scheme: 'exact', asset: usdc.address, payTo: PAY_TO, maxTimeoutSeconds: 60, extra };
  if (version === '2') return { ...common, network: id, amount };
  const resource = 'https://seller.example/goods';
  return { ...common, network: x402Name, maxAmountRequired: amount, resource, description: '', mimeType: '' };
}

/** The members of a payment that name neither manager nor user. */
export function paymentInput(
  ids: { readonly paymentSessionId: string; readonly paymentInstrumentId: string },
  version: '1' | '2',
  payload: Input,
): Input {
  return { ...ids, paymentType: 'CRYPTO_X402', paymentInput: { cryptoX402: { version, payload } } };
}
