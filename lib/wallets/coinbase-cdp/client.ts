import type { Randomness } from '../../domain/ports/services.ts';
import { NotNow, ProviderRefused, type WatchSigning } from '../../domain/ports/services.ts';
import type { Clock } from '../../domain/time.ts';
import { memberOf } from '../../json/record.ts';
import type { CircuitBreaker } from '../circuit-breaker.ts';
import { REJECTED, type UseCredentials } from '../credential-cache.ts';
import { callProvider, type Fetch, type ProviderAnswer } from '../provider-call.ts';
import { mintCoinbaseCdpToken, type CoinbaseCdpSecrets } from './request-signing.ts';

export interface CoinbaseCdpClientDeps {
  /** @default https://api.cdp.coinbase.com/platform */
  readonly baseUrl?: string;
  readonly fetch: Fetch;
  readonly useCredentials: UseCredentials<CoinbaseCdpSecrets>;
  readonly breaker: CircuitBreaker;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Pick<Randomness, 'bytes'>;
}

export interface CoinbaseCdpRequest {
  /** Whose credentials are used, as `CoinbaseCdpAccount` has it. */
  readonly connector: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the base URL, with its query. */
  readonly path: string;
  /** @default - none */
  readonly body?: object;
  /** Whether the wallet token goes with it. @default - with whatever changes or signs something */
  readonly walletToken?: 'unused';
  /** The same for every try of one request, at any time. @default - none */
  readonly idempotencyKey?: string;
  /** @default nobody watches */
  readonly watch?: WatchSigning | undefined;
}

/** Asks the platform. Answers what is expected; throws `NotNow`, `ProviderRefused` or an Error for everything else. */
export type CallCoinbaseCdp = (request: CoinbaseCdpRequest, expected: readonly number[]) => Promise<ProviderAnswer>;

const BASE_URL = 'https://api.cdp.coinbase.com/platform';

/** The platform's API, each request with fresh tokens: the wallet token too where the request changes or signs something. */
export function createCoinbaseCdpClient(deps: CoinbaseCdpClientDeps): CallCoinbaseCdp {
  return async (request, expected) => {
    const { connector, watch } = request;
    const answer = await deps.useCredentials(
      connector,
      async (secrets) => {
        const one = await deps.breaker(connector, () => send(deps, secrets, request));
        return one.status === 401 ? REJECTED : one;
      },
      watch,
    );
    if (answer === REJECTED) {
      throw new ProviderRefused('provider_credentials', 'Coinbase credentials are invalid. Nothing was signed');
    }
    if (expected.includes(answer.status)) return answer;
    throw toFailure(request, answer);
  };
}

async function send(
  deps: CoinbaseCdpClientDeps,
  secrets: CoinbaseCdpSecrets,
  { method, path, body, walletToken, idempotencyKey, watch }: CoinbaseCdpRequest,
): Promise<ProviderAnswer> {
  const url = new URL(`${deps.baseUrl ?? BASE_URL}${path}`);
  const text = body === undefined ? null : JSON.stringify(body);
  return callProvider(deps.fetch, {
    method,
    url: url.href,
    body: text,
    watch,
    headers: async () => {
      const minted = await mintCoinbaseCdpToken(
        secrets,
        {
          requestMethod: method,
          requestHost: url.host,
          requestPath: `${url.pathname}${url.search}`,
          includeWalletAuthToken: method !== 'GET' && walletToken !== 'unused',
          ...(text === null ? {} : { requestBody: text }),
        },
        deps,
      );
      // The problem is one of the request or of the credentials' form, and names members alone.
      if (!minted.ok) throw new Error(minted.error.map(({ message }) => message).join('; '));
      const { bearerToken, walletAuthToken } = minted.value;
      return {
        authorization: `Bearer ${bearerToken}`,
        ...(walletAuthToken === undefined ? {} : { 'x-wallet-auth': walletAuthToken }),
        ...(idempotencyKey === undefined ? {} : { 'x-idempotency-key': idempotencyKey }),
      };
    },
  });
}

const INACTIVE =
  'Delegated signing grant is not active for the end user wallet. Please redirect end user to the WalletHub to grant the permissions.';
const DISABLED =
  'Delegated signing is not enabled for your Coinbase project. Please enable it in your Coinbase project policies.';

/** By status and error type alone: the platform's words may quote what was asked. */
function toFailure({ method }: CoinbaseCdpRequest, { status, body }: ProviderAnswer): Error {
  const said = memberOf(body, 'errorType');
  const type = typeof said === 'string' && /^[a-z_]{1,64}$/.test(said) ? said : 'unknown';
  if (type === 'delegation_not_enabled') return new ProviderRefused('delegation_disabled', DISABLED);
  if (type.startsWith('delegation_')) return new ProviderRefused('delegation_inactive', INACTIVE);
  if (type === 'policy_violation') {
    return new ProviderRefused('provider_policy', 'A policy of the Coinbase project forbids it. Nothing was signed');
  }
  if (status === 402) {
    return new ProviderRefused('provider_unpaid', 'The Coinbase project needs a payment method. Nothing was signed');
  }
  const what = `${method} of Coinbase answered ${status} ${type}: nothing is released`;
  return status === 429 || status === 503 ? new NotNow(what) : new Error(what);
}
