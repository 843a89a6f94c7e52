import { BursarError, createBursarClient, type BursarClient } from '../client/index.ts';
import type { CallInput } from '../contract/client-types.ts';
import type { LocalConnectorIds, LocalInfo, LocalJwt } from './info.ts';
import { WALLET_SCOPE_DEFAULT } from '../domain/tenants/jwt-authorizer.ts';
import type { Issuer } from './issuer/index.ts';
import type { CoinbaseCdp } from './providers/coinbase-cdp/index.ts';
import type { LocalServices } from './services.ts';

/** Tokens of our own, so that a restart finds what an earlier start made. */
const token = (what: string): string => `local-stack-${what}-000000000000000000000000`;

/** The clients of the local issuer: one application that the local manager takes, and one that it does not. */
export const ISSUER_CLIENTS = [
  { clientId: 'local-application', scopes: ['bursar/manage', 'bursar/pay'] },
  { clientId: 'visitor', scopes: ['bursar/manage', 'bursar/pay'] },
] as const;

/** The page of wallets, on which people sign in. */
export const PAGE_CLIENT = { clientId: 'wallet-page', scope: WALLET_SCOPE_DEFAULT } as const;

type Tenant = Pick<LocalInfo, 'paymentManagerArn' | 'paymentConnectorIds'>;

/**
 * Makes a payment manager that takes signatures and one that takes tokens, each with a connector of each type, through the
 * API; or finds the ones of an earlier start.
 */
export async function provision(
  services: Pick<LocalServices, 'endpoint' | 'region' | 'credentials' | 'coinbaseCdp' | 'stripePrivy'>,
  issuer: Issuer,
): Promise<Tenant & { readonly jwt: LocalJwt }> {
  const client = createBursarClient({
    endpoint: services.endpoint,
    region: services.region,
    credentials: services.credentials.controlPlane,
  });
  const providers = await keepCredentials(client, services);
  const [signed, withTokens] = await Promise.all([
    createTenant(client, 'local', providers, { authorizerType: 'AWS_IAM', clientToken: token('manager') }),
    createTenant(client, 'tokens', providers, {
      authorizerType: 'CUSTOM_JWT',
      authorizerConfiguration: {
        customJWTAuthorizer: {
          discoveryUrl: issuer.discoveryUrl,
          allowedClients: [ISSUER_CLIENTS[0].clientId, PAGE_CLIENT.clientId],
          walletSignIn: PAGE_CLIENT,
        },
      },
      // An issuer that moved to another port is another issuer.
      clientToken: token(`tokens-with-page-${new URL(issuer.issuer).port}`),
    }),
  ]);
  const walletPage = `${services.endpoint}/wallet/${withTokens.paymentManagerArn.split('/').at(-1)}`;
  return { ...signed, jwt: { ...withTokens, walletPage, ...describeIssuer(services.endpoint, issuer) } };
}

function describeIssuer(endpoint: string, issuer: Issuer): Omit<LocalJwt, keyof Tenant | 'walletPage'> {
  const [application, visitor] = ISSUER_CLIENTS.map(({ clientId }) => ({
    clientId,
    clientSecret: issuer.clients[clientId]!.clientSecret,
  }));
  return {
    endpoint: `${endpoint}/oauth`,
    issuer: issuer.issuer,
    discoveryUrl: issuer.discoveryUrl,
    tokenEndpoint: issuer.tokenEndpoint,
    clients: {
      management: { ...application!, scope: 'bursar/manage' },
      agent: { ...application!, scope: 'bursar/pay' },
      visitor: { ...visitor!, scope: 'bursar/pay' },
    },
  };
}

type ManagerChoices = Pick<
  CallInput<'CreatePaymentManager'>,
  'authorizerType' | 'authorizerConfiguration' | 'clientToken'
>;

async function createTenant(
  client: BursarClient,
  name: string,
  { coinbaseCdp, stripePrivy }: Providers,
  choices: ManagerChoices,
): Promise<Tenant> {
  const { paymentManagerArn, paymentManagerId } = await client.call('CreatePaymentManager', {
    name,
    roleArn: 'arn:aws:iam::000000000000:role/unused',
    ...choices,
  });
  const [seedVault, awsKms, ofCoinbase, ofPrivy] = await Promise.all([
    createConnector(client, paymentManagerId, 'SeedVault'),
    createConnector(client, paymentManagerId, 'AwsKms'),
    createConnector(client, paymentManagerId, 'CoinbaseCDP', [{ coinbaseCDP: { credentialProviderArn: coinbaseCdp } }]),
    createConnector(client, paymentManagerId, 'StripePrivy', [{ stripePrivy: { credentialProviderArn: stripePrivy } }]),
  ]);
  return {
    paymentManagerArn,
    paymentConnectorIds: { SeedVault: seedVault, AwsKms: awsKms, CoinbaseCDP: ofCoinbase, StripePrivy: ofPrivy },
  };
}

async function createConnector(
  client: BursarClient,
  paymentManagerId: string,
  type: keyof LocalConnectorIds,
  credentialProviderConfigurations: CallInput<'CreatePaymentConnector'>['credentialProviderConfigurations'] = [],
): Promise<string> {
  const connector = { paymentManagerId, name: type.toLowerCase(), type, clientToken: token(type) };
  return (await client.call('CreatePaymentConnector', { ...connector, credentialProviderConfigurations }))
    .paymentConnectorId;
}

type Providers = Readonly<Record<'coinbaseCdp' | 'stripePrivy', string>>;

/** Has the service keep the keys of what stands in for wallet providers, as they are now. @returns the credential providers' ARNs */
async function keepCredentials(
  client: BursarClient,
  { coinbaseCdp: { project }, stripePrivy: { app } }: Pick<LocalServices, 'coinbaseCdp' | 'stripePrivy'>,
): Promise<Providers> {
  const [coinbaseCdp, stripePrivy] = await Promise.all([
    keepProvider(client, {
      name: 'local-coinbase',
      credentialProviderVendor: 'CoinbaseCDP',
      providerConfigurationInput: { coinbaseCdpConfiguration: coinbaseCredentials(project) },
    }),
    keepProvider(client, {
      name: 'local-privy',
      credentialProviderVendor: 'StripePrivy',
      providerConfigurationInput: { stripePrivyConfiguration: app.credentials() },
    }),
  ]);
  return { coinbaseCdp, stripePrivy };
}

/** The keys of the stand-in's project as they are now, as its developer configures them. */
export function coinbaseCredentials(project: CoinbaseCdp['project']): LocalInfo['coinbaseCdp']['credentials'] {
  const [apiKey] = project.apiKeys();
  const [walletSecret] = project.walletSecrets();
  return { apiKeyId: apiKey!.id, apiKeySecret: apiKey!.secret, walletSecret: walletSecret!.secret };
}

async function keepProvider(
  client: BursarClient,
  provider: CallInput<'CreatePaymentCredentialProvider'>,
): Promise<string> {
  const { name } = provider;
  const known = await client.call('GetPaymentCredentialProvider', { name }).catch((error: unknown) => {
    if (error instanceof BursarError && error.status === 404) return null;
    throw error;
  });
  if (known === null) return (await client.call('CreatePaymentCredentialProvider', provider)).credentialProviderArn;
  return (await client.call('UpdatePaymentCredentialProvider', provider)).credentialProviderArn;
}
