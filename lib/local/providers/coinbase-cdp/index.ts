import { ApiError, toErrorBody, type ErrorType } from './api-error.ts';
import { createAnswered } from '../answered.ts';
import {
  parseObject,
  startApiServer,
  type Answer,
  type ApiRequest,
  type Exchange as ApiExchange,
} from '../api-server.ts';
import { createFaults, type Fault as ApiFault, type Faults } from '../faults.ts';
import type { Hex } from 'viem';
import { BUY_PATH, createTreasury, type TestFunds } from './funding.ts';
import { HUB_PATH, serveHub } from './hub.ts';
import type { Operation, OperationId } from './operation.ts';
import { OPERATIONS } from './operations.ts';
import { openProject, type Project } from './project.ts';
import { checkBearer, checkWalletToken, createReplayGuard, type TokenedRequest } from './tokens.ts';

export interface CoinbaseCdpOptions {
  /** Where keys, users and wallets are kept; `null` keeps nothing. */
  readonly dataDir: string | null;
  /** @default the clock */
  readonly now?: () => number;
  /** Sends what the faucet gives, and answers with the transaction. @default - nothing is sent */
  readonly sendTestFunds?: (funds: TestFunds) => Promise<Hex>;
  /** Hears of every request with its answer, as they went over the wire. */
  readonly onExchange?: (exchange: Exchange) => void;
}

/** A request and what it was answered. */
export type Exchange = ApiExchange<Operation>;

export type Fault = ApiFault<ErrorType>;

export interface CoinbaseCdp {
  /** In place of `https://api.cdp.coinbase.com/platform`. */
  readonly url: string;
  /** In place of the page where end users grant delegations. */
  readonly hubUrl: string;
  readonly project: Project;
  readonly faults: Faults<OperationId, ErrorType>;
  /** Whether the project may sign for end users at all. */
  delegatedSigning: 'enabled' | 'disabled';
  close(): Promise<void>;
}

const BASE = '/platform';
const IDEMPOTENCY_KEY_MAX_CHARS = 128;
const DAY_MS = 24 * 3_600_000;

/**
 * A project of the Coinbase Developer Platform on this machine, by the platform's published description: it verifies both tokens of
 * a request, keeps users, wallets and delegations, and signs with real keys.
 */
export async function startCoinbaseCdp(options: CoinbaseCdpOptions): Promise<CoinbaseCdp> {
  const { now = Date.now } = options;
  const project = openProject(options.dataDir);
  const faults = createFaults<OperationId, ErrorType>();
  const treasury = createTreasury({ now, sendTestFunds: options.sendTestFunds });
  const replayed = createReplayGuard();
  const answered = createAnswered({ now, ageMaxMs: DAY_MS });

  const answer = async (request: ApiRequest<Operation>): Promise<Answer> => {
    const { operation, names, url } = request;
    const check = { project, now, replayed };
    const tokened = toTokened(request);
    await checkBearer(check, tokened);
    if (operation.wallet === 'required') await checkWalletToken(check, tokened);
    const run = async () =>
      operation.run({
        project,
        treasury,
        origin: url.origin,
        now: new Date(now()),
        delegatedSigning: running.delegatedSigning,
        names,
        query: url.searchParams,
        body: parseBody(request.body),
      });
    const key = request.headers['x-idempotency-key'];
    if (typeof key !== 'string') return run();
    if (key === '' || key.length > IDEMPOTENCY_KEY_MAX_CHARS) {
      throw new ApiError(400, 'invalid_request', 'X-Idempotency-Key must have 1 to 128 characters');
    }
    const known = await answered.once(`${operation.id} ${key}`, `${url.pathname}${url.search} ${request.body}`, run);
    if (known === 'conflict') {
      throw new ApiError(422, 'idempotency_error', 'the idempotency key was used for another request');
    }
    return known;
  };

  const server = await startApiServer<Operation, ErrorType>({
    operations: OPERATIONS,
    base: BASE,
    faults,
    pages: {
      [HUB_PATH]: (request, response) => serveHub({ project, now }, request, response),
      [BUY_PATH]: treasury.serveSession,
    },
    answer,
    toErrorAnswer,
    toPlannedAnswer: ({ status, errorType = 'internal_server_error' }) =>
      toErrorAnswer(new ApiError(status, errorType, 'as it was asked for')),
    notFound: toErrorAnswer(new ApiError(404, 'not_found', 'there is no such operation')),
    onExchange: options.onExchange,
  });
  const running: CoinbaseCdp = {
    url: `${server.origin}${BASE}`,
    hubUrl: `${server.origin}${HUB_PATH}`,
    project,
    faults,
    delegatedSigning: 'enabled',
    close: server.close,
  };
  return running;
}

function toTokened({ operation, url, headers, body }: ApiRequest<Operation>): TokenedRequest {
  const walletToken = headers['x-wallet-auth'];
  return {
    method: operation.method,
    host: url.host,
    path: url.pathname,
    body,
    bearer: headers.authorization,
    walletToken: typeof walletToken === 'string' ? walletToken : undefined,
  };
}

function parseBody(text: string): Readonly<Record<string, unknown>> {
  const body = parseObject(text);
  if (body === null) throw new ApiError(400, 'invalid_request', 'the body must be a JSON object');
  return body;
}

function toErrorAnswer(error: unknown): Answer {
  const known =
    error instanceof ApiError
      ? error
      : new ApiError(500, 'internal_server_error', 'the stand-in has a fault of its own');
  return { status: known.status, body: toErrorBody(known) };
}
