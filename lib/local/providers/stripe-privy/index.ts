import { createAnswered } from '../answered.ts';
import {
  parseObject,
  startApiServer,
  type Answer,
  type ApiRequest,
  type Exchange as ApiExchange,
} from '../api-server.ts';
import { createFaults, type Faults } from '../faults.ts';
import { ApiError, invalid, notFound, toErrorBody, type ErrorCode } from './api-error.ts';
import { openApp, type App } from './app.ts';
import { checkApp, checkAuthorization } from './authorization.ts';
import { CONSENT_PATH, serveConsent } from './consent.ts';
import { OPERATIONS, type Operation, type OperationId } from './operations.ts';

export interface StripePrivyOptions {
  /** Where keys, users and wallets are kept; `null` keeps nothing. */
  readonly dataDir: string | null;
  /** @default the clock */
  readonly now?: () => number;
  /** Hears of every request with its answer, as they went over the wire. */
  readonly onExchange?: (exchange: Exchange) => void;
}

/** A request and what it was answered. */
export type Exchange = ApiExchange<Operation>;

export interface StripePrivy {
  /** In place of `https://api.privy.io`. */
  readonly url: string;
  /** In place of the page where users add a signer to their wallets. */
  readonly consentUrl: string;
  readonly app: App;
  readonly faults: Faults<OperationId, ErrorCode>;
  close(): Promise<void>;
}

const IDEMPOTENCY_KEY_MAX_CHARS = 256;
const DAY_MS = 24 * 3_600_000;

/**
 * An app at Privy on this machine, by the provider's documentation and its official client: it verifies app secrets and the
 * signatures of owners and signers over each request, keeps users, wallets, policies, key quorums and intents, and signs with real
 * keys.
 */
export async function startStripePrivy(options: StripePrivyOptions): Promise<StripePrivy> {
  const { now = Date.now } = options;
  const app = openApp(options.dataDir);
  const faults = createFaults<OperationId, ErrorCode>();
  const answered = createAnswered({ now, ageMaxMs: DAY_MS });

  const answer = async (request: ApiRequest<Operation>): Promise<Answer> => {
    const { operation, url, headers } = request;
    checkApp(app, now(), request);
    const body = parseObject(request.body);
    if (body === null) throw invalid('body');
    const signedBy = checkAuthorization(app, operation.signers?.({ app, request }) ?? [], request, body);
    const run = async () => operation.run({ app, nowMs: now(), request, body, signedBy });
    const key = headers['privy-idempotency-key'];
    if (typeof key !== 'string' || operation.method !== 'POST') return run();
    const problem = 'privy-idempotency-key must have 1 to 256 characters, and come with one request only.';
    if (key === '' || key.length > IDEMPOTENCY_KEY_MAX_CHARS)
      throw new ApiError(400, 'invalid_idempotency_key', problem);
    const known = await answered.once(`${operation.id} ${key}`, `${url.pathname} ${request.body}`, run);
    if (known === 'conflict') throw new ApiError(400, 'invalid_idempotency_key', problem);
    return known;
  };

  const server = await startApiServer<Operation, ErrorCode>({
    operations: OPERATIONS,
    base: '',
    faults,
    pages: { [CONSENT_PATH]: (request, response) => serveConsent(app, request, response) },
    answer,
    toErrorAnswer,
    toPlannedAnswer: ({ status, errorType = status === 429 ? 'rate_limited' : 'internal_error' }) =>
      toErrorAnswer(new ApiError(status, errorType, 'as it was asked for')),
    notFound: toErrorAnswer(notFound('Operation')),
    onExchange: options.onExchange,
  });
  return {
    url: server.origin,
    consentUrl: `${server.origin}${CONSENT_PATH}`,
    app,
    faults,
    close: server.close,
  };
}

function toErrorAnswer(error: unknown): Answer {
  const known =
    error instanceof ApiError ? error : new ApiError(500, 'internal_error', 'the stand-in has a fault of its own');
  return { status: known.status, body: toErrorBody(known) };
}
