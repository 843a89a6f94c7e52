import {
  mintCoinbaseCdpToken,
  parseCoinbaseCdpSecrets,
  type CoinbaseCdpToken,
  type CoinbaseCdpTokenRequest,
  type TokenDeps,
} from '../../wallets/coinbase-cdp/request-signing.ts';
import { parseRequestBody, parseRequestUrl } from '../../wallets/provider-request.ts';
import {
  mintStripePrivyToken,
  parseStripePrivySecrets,
  type StripePrivyToken,
  type StripePrivyTokenRequest,
} from '../../wallets/stripe-privy/request-signing.ts';
import type { IdentityStore, WorkloadGrant } from '../../domain/ports/registry.ts';
import type { FieldProblem, Refusal } from '../../domain/refusal.ts';
import type { ProviderConfiguration, SecretLocation } from '../../domain/tenants/resources.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { CredentialTrouble, ReadCredential } from './credential-reader.ts';

/** The request to a provider's API that a token is wanted for. */
export type WantedToken =
  | { readonly vendor: 'CoinbaseCDP'; readonly request: CoinbaseCdpTokenRequest }
  | { readonly vendor: 'StripePrivy'; readonly request: StripePrivyTokenRequest };

/** What a provider's API takes for one request. A bearer instrument, outside every budget. */
export type MintedToken =
  | { readonly vendor: 'CoinbaseCDP'; readonly token: CoinbaseCdpToken }
  | { readonly vendor: 'StripePrivy'; readonly token: StripePrivyToken };

type ConfigurationOf<V extends ProviderConfiguration['vendor']> = Extract<ProviderConfiguration, { vendor: V }>;

export interface PaymentTokensDeps extends TokenDeps {
  readonly identities: Pick<IdentityStore, 'readProvider'>;
  /** Uses a workload's token up. */
  readonly redeem: (token: string) => Promise<Result<WorkloadGrant, Refusal>>;
  readonly readCredential: ReadCredential;
}

// A token for a host of anybody else would be of no use there.
const COINBASE_HOSTS = /(?:^|\.)coinbase\.com$/;
const PRIVY_HOSTS = /(?:^|\.)privy\.io$/;
const REQUEST = 'paymentTokenRequest';
// `parseRequestUrl` looks at every host; the default ones need no look.
const ANY_HOST = 'localhost';

/** What remains to be done once the workload's token is used up. */
type Mint = () => Promise<Result<MintedToken, Refusal>>;

/**
 * Mints a wallet provider's token for one request to its API, in exchange for a workload's one-time token. What can be wrong
 * with the request itself is found before that token is used up; credentials are read after it, and forgotten at once. The
 * minted token signs with the provider, outside every budget.
 */
export async function mintPaymentToken(
  deps: PaymentTokensDeps,
  input: { readonly workloadToken: string; readonly providerName: string; readonly wanted: WantedToken },
): Promise<Result<MintedToken, Refusal>> {
  const provider = await deps.identities.readProvider(input.providerName);
  if (provider === null) return refuse({ reason: 'not_found', resource: 'credential provider' });
  const mint = prepare(deps, provider.configuration, input.wanted);
  if (!mint.ok) return mint;
  const grant = await deps.redeem(input.workloadToken);
  return grant.ok ? mint.value() : grant;
}

function prepare(
  deps: PaymentTokensDeps,
  configuration: ProviderConfiguration,
  wanted: WantedToken,
): Result<Mint, Refusal> {
  if (configuration.vendor === 'CoinbaseCDP' && wanted.vendor === configuration.vendor) {
    return prepareCoinbase(deps, configuration, wanted.request);
  }
  if (configuration.vendor === 'StripePrivy' && wanted.vendor === configuration.vendor) {
    return preparePrivy(deps, configuration, wanted.request);
  }
  const expected = configuration.vendor === 'CoinbaseCDP' ? 'coinbaseCdpTokenRequest' : 'stripePrivyTokenRequest';
  const message = `${REQUEST} must be a ${expected}, since the credential provider is of ${configuration.vendor}`;
  return invalid([{ name: REQUEST, message }]);
}

function prepareCoinbase(
  deps: PaymentTokensDeps,
  { apiKeyId, apiKeySecret, walletSecret }: ConfigurationOf<'CoinbaseCDP'>,
  request: CoinbaseCdpTokenRequest,
): Result<Mint, Refusal> {
  const path = `${REQUEST}.coinbaseCdpTokenRequest`;
  const wallet = request.includeWalletAuthToken === true ? walletSecret : null;
  if (request.includeWalletAuthToken === true && wallet === null) {
    const name = `${path}.includeWalletAuthToken`;
    return invalid([{ name, message: `${name} must be false: the credential provider has no walletSecret` }]);
  }
  const checked = checkRequest(path, request, COINBASE_HOSTS, wallet === null ? null : request.requestBody || '{}');
  if (!checked.ok) return checked;
  return ok(async () => {
    const apiKey = await readOne(deps, 'apiKeySecret', apiKeySecret);
    if (!apiKey.ok) return apiKey;
    const walletKey = wallet === null ? ok(null) : await readOne(deps, 'walletSecret', wallet);
    if (!walletKey.ok) return walletKey;
    const secrets = parseCoinbaseCdpSecrets({ apiKeyId, apiKeySecret: apiKey.value, walletSecret: walletKey.value });
    if (!secrets.ok) return invalid(secrets.error);
    const minted = await mintCoinbaseCdpToken(secrets.value, request, deps);
    return minted.ok ? ok({ vendor: 'CoinbaseCDP', token: minted.value }) : invalid(minted.error, path);
  });
}

function preparePrivy(
  deps: PaymentTokensDeps,
  { appId, appSecret, authorizationId, authorizationPrivateKey }: ConfigurationOf<'StripePrivy'>,
  request: StripePrivyTokenRequest,
): Result<Mint, Refusal> {
  const path = `${REQUEST}.stripePrivyTokenRequest`;
  const body = request.includeAuthorizationSignature === true ? request.requestBody : null;
  const checked = checkRequest(path, request, PRIVY_HOSTS, body);
  if (!checked.ok) return checked;
  return ok(async () => {
    const secret = await readOne(deps, 'appSecret', appSecret);
    if (!secret.ok) return secret;
    const key = await readOne(deps, 'authorizationPrivateKey', authorizationPrivateKey);
    if (!key.ok) return key;
    const texts = { appId, appSecret: secret.value, authorizationId, authorizationPrivateKey: key.value };
    const secrets = parseStripePrivySecrets(texts);
    if (!secrets.ok) return invalid(secrets.error);
    const minted = mintStripePrivyToken(secrets.value, request, deps);
    return minted.ok ? ok({ vendor: 'StripePrivy', token: minted.value }) : invalid(minted.error, path);
  });
}

/** Finds what minting would find wrong later, when the workload's token is used up. */
function checkRequest(
  path: string,
  { requestHost, requestPath }: { readonly requestHost?: string | undefined; readonly requestPath: string },
  hosts: RegExp,
  boundBody: string | null,
): Result<'checked', Refusal> {
  const problems: FieldProblem[] = [];
  if (requestHost !== undefined && !hosts.test(requestHost)) {
    problems.push({ name: 'requestHost', message: "requestHost must be a host of the credential provider's vendor" });
  }
  const url = parseRequestUrl(requestHost ?? ANY_HOST, requestPath);
  if (!url.ok && problems.length === 0) problems.push(...url.error);
  const body = boundBody === null ? ok(null) : parseRequestBody(boundBody);
  if (!body.ok) problems.push(...body.error);
  return problems.length === 0 ? ok('checked') : invalid(problems, path);
}

async function readOne(
  { readCredential }: Pick<PaymentTokensDeps, 'readCredential'>,
  name: string,
  location: SecretLocation,
): Promise<Result<string, Refusal>> {
  const read = await readCredential(location);
  return read.ok ? read : refuse(toRefusal(name, location, read.error));
}

/** Names the credential and where it should be, never what was found there. */
function toRefusal(name: string, { source, jsonKey }: SecretLocation, trouble: CredentialTrouble): Refusal {
  const which = `the secret of ${name} of the credential provider`;
  switch (trouble) {
    case 'denied':
      // What Bursar keeps itself it may read: anything else is a broken deployment, and nothing that a caller could mend.
      if (source === 'MANAGED') throw new Error(`this function may not read ${which}`);
      return {
        reason: 'access_denied',
        message: `Access to ${which} is denied: the deployment must list it under externalSecretArns`,
      };
    case 'missing':
      return { reason: 'invalid_request', problems: [{ name, message: `${which} does not exist` }] };
    case 'unreadable': {
      const message = `${which} has no text under the key '${jsonKey}': expected a JSON object that has`;
      return { reason: 'invalid_request', problems: [{ name, message }] };
    }
  }
}

/** @param path what the members that the problems name stand in */
function invalid(problems: readonly FieldProblem[], path?: string): { readonly ok: false; readonly error: Refusal } {
  const placed = problems.map(({ name, message }) => ({
    name: path === undefined ? name : `${path}.${name}`,
    message: path === undefined ? message : `${path}.${message}`,
  }));
  return refuse({ reason: 'invalid_request', problems: placed });
}
