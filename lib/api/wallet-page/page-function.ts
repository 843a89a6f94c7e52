import { WALLET_PAGE_PATH, type PageRoute } from '../../contract/wallet-page.ts';
import { formatManagerArn, type Deployment } from '../../domain/ids.ts';
import type { WalletPageGrant } from '../../domain/ports/wallet-links.ts';
import { NotNow } from '../../domain/ports/services.ts';
import { formatInstant, type Clock } from '../../domain/time.ts';
import { formatLogLine } from '../../telemetry/log-line.ts';
import { parseBody } from '../body.ts';
import { describeFailure, type LogSink } from '../function.ts';
import { emptyResponse, headerValues, jsonResponse, type ApiEvent, type ApiResponse } from '../http.ts';
import { assetHeaders, documentHeaders, formatDocument, PRIVATE_HEADERS, type PageAssets } from './document.ts';

export interface WalletPageDeps {
  readonly assets: PageAssets;
  /** Uses a link up; `null` for one that opens nothing, whatever the reason. */
  readonly openPage: (secret: string) => Promise<{ readonly token: string; readonly grant: WalletPageGrant } | null>;
  readonly closePage: (token: string) => Promise<void>;
  /** How the users of a manager sign in; `null` where they do not. */
  readonly findSignIn: (managerId: string) => Promise<{ readonly tokenEndpoint: string } | null>;
  readonly deployment: Deployment;
  readonly clock: Clock;
  readonly log: LogSink;
}

type Route = (deps: WalletPageDeps, event: ApiEvent) => Promise<ApiResponse>;

/** A link's secret and its name. */
const REQUEST_MAX_BYTES = 1_024;
const BEARER = /^Bearer +([^ ]+)$/i;

const ROUTES: Readonly<Record<PageRoute, Route>> = {
  'GET /wallet': async ({ assets }) => ({
    statusCode: 200,
    headers: documentHeaders([]),
    body: formatDocument(assets, `${WALLET_PAGE_PATH.slice(1)}/`),
  }),
  'GET /wallet/page.js': async ({ assets }, event) => assetAnswer(assets.script, 'text/javascript', event),
  'GET /wallet/page.css': async ({ assets }, event) => assetAnswer(assets.style, 'text/css', event),
  'POST /wallet/session': openSession,
  'DELETE /wallet/session': closeSession,
  'GET /wallet/{paymentManagerId}': async ({ assets, findSignIn }, event) => {
    const way = await findSignIn(managerIdOf(event));
    return {
      statusCode: 200,
      headers: documentHeaders(way === null ? [] : [new URL(way.tokenEndpoint).origin]),
      body: formatDocument(assets, ''),
    };
  },
  'GET /wallet/{paymentManagerId}/sign-in': async ({ findSignIn }, event) => {
    const way = await findSignIn(managerIdOf(event));
    return way === null ? refusal(404, 'no_sign_in') : jsonResponse(200, way, PRIVATE_HEADERS);
  },
};

/**
 * Serves the page of wallets to anybody, and opens a session of it to who has a link. Knows no wallet: what the page shows it asks the
 * operations for. Answers every request; a failure inside becomes a 500 without details and a log line with them.
 */
export function createWalletPageFunction(deps: WalletPageDeps) {
  return async (event: ApiEvent): Promise<ApiResponse> => {
    const startedAt = deps.clock.now();
    const served = await serve(deps, event).then(
      (response) => ({ response, failure: null }),
      (failure: unknown) => ({ response: answerFailure(failure), failure }),
    );
    const at = deps.clock.now();
    const { statusCode: status } = served.response;
    const members = {
      route: `${event.httpMethod} ${event.resource}`,
      status,
      durationMs: Math.max(0, at - startedAt),
      requestId: event.requestContext.requestId,
      ...(served.failure === null ? {} : { failure: describeFailure(served.failure) }),
    };
    deps.log(formatLogLine({ event: 'page.served', level: status < 500 ? 'INFO' : 'ERROR', at }, members));
    return served.response;
  };
}

async function serve(deps: WalletPageDeps, event: ApiEvent): Promise<ApiResponse> {
  const name = `${event.httpMethod} ${event.resource}`;
  // The gateway sends nothing else.
  return Object.hasOwn(ROUTES, name) ? ROUTES[name as PageRoute](deps, event) : refusal(404, 'not_found');
}

function assetAnswer(body: string, type: string, { queryStringParameters: query }: ApiEvent): ApiResponse {
  const headers = { ...assetHeaders(body, query?.['v']), 'content-type': `${type}; charset=utf-8` };
  return { statusCode: 200, headers, body };
}

function managerIdOf({ pathParameters }: ApiEvent): string {
  return pathParameters?.['paymentManagerId'] ?? '';
}

async function openSession({ openPage, deployment }: WalletPageDeps, event: ApiEvent): Promise<ApiResponse> {
  const body = parseBody(event, REQUEST_MAX_BYTES);
  const secret = body.ok ? body.value['secret'] : undefined;
  if (typeof secret !== 'string') return refusal(400, 'malformed');
  const opened = await openPage(secret);
  if (opened === null) return refusal(403, 'link_refused');
  const { token, grant } = opened;
  const session = {
    token,
    expiresAt: formatInstant(grant.expiresAt),
    paymentManagerArn: formatManagerArn(deployment, grant.managerId),
    paymentInstrumentId: grant.instrumentId,
  };
  return jsonResponse(201, session, PRIVATE_HEADERS);
}

async function closeSession({ closePage }: WalletPageDeps, event: ApiEvent): Promise<ApiResponse> {
  const [header = ''] = headerValues(event, 'Authorization');
  const token = BEARER.exec(header)?.[1];
  if (token !== undefined) await closePage(token);
  return emptyResponse(204, PRIVATE_HEADERS);
}

function refusal(status: number, code: string): ApiResponse {
  return jsonResponse(status, { code }, PRIVATE_HEADERS);
}

function answerFailure(failure: unknown): ApiResponse {
  return failure instanceof NotNow ? refusal(429, 'busy') : refusal(500, 'failed');
}
