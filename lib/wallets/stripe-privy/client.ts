import { PROVIDER_REQUEST_LIFE_MS } from '../../domain/provider-limits.ts';
import { NotNow, ProviderRefused, type WatchSigning } from '../../domain/ports/services.ts';
import { addMs, type Clock, type EpochMs } from '../../domain/time.ts';
import { memberOf } from '../../json/record.ts';
import type { CircuitBreaker } from '../circuit-breaker.ts';
import { REJECTED, type UseCredentials } from '../credential-cache.ts';
import { callProvider, type Fetch, type ProviderAnswer } from '../provider-call.ts';
import { publicKeyOf, signStripePrivyIntent, type ProposedRequest } from './intent-signing.ts';
import { signStripePrivyRequest, type StripePrivySecrets } from './request-signing.ts';

export interface StripePrivyClientDeps {
  /** @default https://api.privy.io */
  readonly baseUrl?: string;
  readonly fetch: Fetch;
  readonly useCredentials: UseCredentials<StripePrivySecrets>;
  readonly breaker: CircuitBreaker;
  readonly clock: Pick<Clock, 'now'>;
}

/** What the app's own credentials say of themselves, and add to the body of a request. */
interface OwnCredentials {
  readonly authorizationId: string;
  /** The authorization key as Privy lists it among the members of a quorum: base64 of its SPKI. */
  readonly publicKey: () => string;
  /** Where a path is at Privy. */
  readonly urlOf: (path: string) => string;
  /** The body that adds the authorization key's signature to an intent. */
  readonly authorize: (intent: ProposedRequest) => object;
}

interface RequestBase {
  /** Whose credentials are used, as `StripePrivyAccount` has it. */
  readonly connector: string;
  /** Below the base URL, with its query. */
  readonly path: string;
  /** @default nobody watches */
  readonly watch?: WatchSigning | undefined;
  /** Ends it with others that are asked for one purpose. @default - it has its time for itself */
  readonly end?: AbortSignal | undefined;
}

interface ChangingRequest extends RequestBase {
  readonly body: object | ((own: OwnCredentials) => object);
  /** The same for every try of one request, at any time. @default - none */
  readonly idempotencyKey?: string;
  /** Whether the authorization key signs it: what a wallet does and what changes one. @default false */
  readonly signed?: boolean;
  /** Until when people may sign what it proposes. @default - it proposes nothing */
  readonly proposedUntil?: EpochMs;
}

export type StripePrivyRequest =
  | (RequestBase & { readonly method: 'GET' })
  | (ChangingRequest & { readonly method: 'POST' | 'PATCH' });

export interface StripePrivyAnswer extends ProviderAnswer, Pick<OwnCredentials, 'authorizationId' | 'publicKey'> {}

/** Asks Privy. Answers what is expected; throws `NotNow`, `ProviderRefused` or an Error for everything else. */
export type CallStripePrivy = (request: StripePrivyRequest, expected: readonly number[]) => Promise<StripePrivyAnswer>;

const BASE_URL = 'https://api.privy.io';

/** Privy's API, each request with fresh headers: signed by the authorization key where it acts with a wallet or changes one. */
export function createStripePrivyClient(deps: StripePrivyClientDeps): CallStripePrivy {
  return async (request, expected) => {
    const { connector, watch } = request;
    const answer = await deps.useCredentials(
      connector,
      async (secrets) => {
        const one = await deps.breaker(connector, () => send(deps, secrets, request));
        if (isRejection(one)) return REJECTED;
        return { ...one, authorizationId: secrets.authorizationId, publicKey: () => publicKeyOf(secrets) };
      },
      watch,
    );
    if (answer === REJECTED) {
      throw new ProviderRefused('provider_credentials', 'Privy credentials are invalid. Nothing was signed');
    }
    if (expected.includes(answer.status)) return answer;
    throw toFailure(request, answer);
  };
}

function send(
  { baseUrl = BASE_URL, fetch, clock }: StripePrivyClientDeps,
  secrets: StripePrivySecrets,
  request: StripePrivyRequest,
): Promise<ProviderAnswer> {
  const { method, path, watch, end } = request;
  const url = `${baseUrl}${path}`;
  const { appId, basicAuthToken } = secrets;
  const headers = { authorization: `Basic ${basicAuthToken}`, 'privy-app-id': appId };
  if (request.method === 'GET') {
    return callProvider(fetch, { method, url, body: null, headers: () => Promise.resolve(headers), watch, end });
  }
  const { idempotencyKey, signed = false, proposedUntil } = request;
  const body =
    typeof request.body === 'function' ? request.body(ownCredentials(secrets, clock, baseUrl)) : request.body;
  const once = {
    ...(idempotencyKey === undefined ? {} : { 'privy-idempotency-key': idempotencyKey }),
    ...(proposedUntil === undefined ? {} : { 'privy-request-expiry': String(proposedUntil) }),
  };
  return callProvider(fetch, {
    method,
    url,
    body: JSON.stringify(body),
    watch,
    end,
    headers: async () => {
      if (!signed) return { ...headers, ...once };
      const requestExpiry = addMs(clock.now(), PROVIDER_REQUEST_LIFE_MS);
      const covered = { method: request.method, url, body, requestExpiry };
      const signature = signStripePrivyRequest(secrets, {
        ...covered,
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      });
      if (signature === null) throw new Error('a request to Privy has no canonical form');
      return {
        ...headers,
        ...once,
        'privy-authorization-signature': signature,
        'privy-request-expiry': String(requestExpiry),
      };
    },
  });
}

function ownCredentials(secrets: StripePrivySecrets, clock: Pick<Clock, 'now'>, baseUrl: string): OwnCredentials {
  return {
    urlOf: (path) => `${baseUrl}${path}`,
    authorizationId: secrets.authorizationId,
    publicKey: () => publicKeyOf(secrets),
    authorize: (intent) => signStripePrivyIntent(secrets, intent, clock.now()),
  };
}

/** Codes by which Privy says that the signature is right, and others are wanted beside it. */
const TOO_FEW: ReadonlySet<string> = new Set([
  'insufficient_correct_authorization_signatures',
  'incorrect_quantity_of_authorization_signatures',
]);
const NO_SIGNATURE = 'zero_correct_authorization_signatures';

function codeOf({ body }: ProviderAnswer): string {
  const said = memberOf(body, 'code');
  return typeof said === 'string' && /^[a-z_]{1,64}$/.test(said) ? said : 'unknown';
}

/** Whether Privy does not know the app's secret or the authorization key: another pair of the vault may be good. */
function isRejection(answer: ProviderAnswer): boolean {
  const code = codeOf(answer);
  return code === NO_SIGNATURE || (answer.status === 401 && !TOO_FEW.has(code) && code !== 'policy_violation');
}

/** By status and code alone: Privy's words may quote what was asked. */
function toFailure({ method }: StripePrivyRequest, answer: ProviderAnswer): Error {
  const { status } = answer;
  const code = codeOf(answer);
  if (code === 'policy_violation') {
    return new ProviderRefused('provider_policy', 'A policy of the Privy wallet forbids it. Nothing was signed');
  }
  if (TOO_FEW.has(code)) return new ProviderRefused('approval_needed', APPROVAL);
  if (status === 402) {
    return new ProviderRefused('provider_unpaid', 'The Privy app needs a payment method. Nothing was signed');
  }
  const what = `${method} of Privy answered ${status} ${code}: nothing is released`;
  return status === 429 || status === 503 ? new NotNow(what) : new Error(what);
}

const APPROVAL =
  'The authorization key may not sign for the Privy wallet alone: others of its key quorum have to approve. Nothing was signed';
