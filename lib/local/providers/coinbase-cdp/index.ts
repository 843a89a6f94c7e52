import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { LOOPBACK } from '../../../domain/loopback.ts';
import { readRequestBody } from '../../loopback/request-body.ts';
import { close, listen } from '../../loopback/server.ts';
import { ApiError, toErrorBody } from './api-error.ts';
import { createFaults, type Fault, type Faults } from './faults.ts';
import { HUB_PATH, serveHub } from './hub.ts';
import { OPERATIONS, type Answer, type Operation } from './operations.ts';
import { openProject, type Project } from './project.ts';
import { checkBearer, checkWalletToken, createReplayGuard, type TokenedRequest } from './tokens.ts';

export interface CoinbaseCdpOptions {
  /** Where keys, users and wallets are kept; `null` keeps nothing. */
  readonly dataDir: string | null;
  /** @default the clock */
  readonly now?: () => number;
  /** Hears of every request with its answer, as they went over the wire. */
  readonly onExchange?: (exchange: Exchange) => void;
}

/** A request and what it was answered. */
export interface Exchange {
  readonly operation: Operation;
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly status: number;
  readonly answer: string;
}

export interface CoinbaseCdp {
  /** In place of `https://api.cdp.coinbase.com/platform`. */
  readonly url: string;
  /** In place of the page where end users grant delegations. */
  readonly hubUrl: string;
  readonly project: Project;
  readonly faults: Faults;
  /** Whether the project may sign for end users at all. */
  delegatedSigning: 'enabled' | 'disabled';
  close(): Promise<void>;
}

const BASE = '/platform';
const BODY_MAX_BYTES = 256 * 1024;
/** Answers that are given again to whoever repeats the request. */
const IDEMPOTENCY_KEYS_MAX = 10_000;
const IDEMPOTENCY_KEY_MAX_CHARS = 128;

/**
 * A project of the Coinbase Developer Platform on this machine, by the platform's published description: it verifies both tokens of
 * a request, keeps users, wallets and delegations, and signs with real keys.
 */
export async function startCoinbaseCdp(options: CoinbaseCdpOptions): Promise<CoinbaseCdp> {
  const { now = Date.now } = options;
  const project = openProject(options.dataDir);
  const faults = createFaults();
  const replayed = createReplayGuard();
  const answered = new Map<string, { readonly request: string; readonly answer: Answer }>();
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    const work = path === HUB_PATH ? serveHub({ project, now }, request, response) : serveApi(request, response);
    work.catch(() => response.destroy());
  });

  const serveApi = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
    const found = findOperation(request.method ?? '', url.pathname);
    const body = Buffer.from((await readRequestBody(request, BODY_MAX_BYTES)) ?? '').toString('utf8');
    const fault = found === null ? null : faults.take(found.operation.id);
    if (fault?.kind === 'drop') return void response.destroy();
    if (fault?.kind === 'silent') return;
    const answer =
      fault?.kind === 'status'
        ? toAnswer(new ApiError(fault.status, fault.errorType ?? 'internal_server_error', 'as it was asked for'))
        : await answerOf(found, { request, url, body }).catch(toAnswer);
    const text = fault?.kind === 'body' ? fault.body : answer.body === null ? '' : JSON.stringify(answer.body);
    if (found !== null) {
      const { headers } = request;
      const { operation } = found;
      const { pathname: path, search: query } = url;
      options.onExchange?.({ operation, path, query, headers, body, status: answer.status, answer: text });
    }
    if (fault?.kind === 'late') await fault.until;
    send(response, answer.status, text, fault);
  };

  const answerOf = async (found: ReturnType<typeof findOperation>, said: Said): Promise<Answer> => {
    if (found === null) throw new ApiError(404, 'not_found', 'there is no such operation');
    const { operation, names } = found;
    const check = { project, now, replayed };
    const tokened = toTokened(said);
    await checkBearer(check, tokened);
    if (operation.wallet === 'required') await checkWalletToken(check, tokened);
    const key = said.request.headers['x-idempotency-key'];
    const place = typeof key === 'string' ? `${operation.id} ${key}` : null;
    if (typeof key === 'string' && (key === '' || key.length > IDEMPOTENCY_KEY_MAX_CHARS)) {
      throw new ApiError(400, 'invalid_request', 'X-Idempotency-Key must have 1 to 128 characters');
    }
    const request = `${said.url.pathname}${said.url.search} ${said.body}`;
    const earlier = place === null ? undefined : answered.get(place);
    if (earlier !== undefined && earlier.request !== request) {
      throw new ApiError(422, 'idempotency_error', 'the idempotency key was used for another request');
    }
    if (earlier !== undefined) return earlier.answer;
    const answer = await operation.run({
      project,
      now: new Date(now()),
      delegatedSigning: running.delegatedSigning,
      names,
      query: said.url.searchParams,
      body: parseBody(said.body),
    });
    if (place !== null) {
      answered.set(place, { request, answer });
      if (answered.size > IDEMPOTENCY_KEYS_MAX) answered.delete(answered.keys().next().value!);
    }
    return answer;
  };

  const port = await listen(server, 0);
  const running: CoinbaseCdp = {
    url: `http://${LOOPBACK}:${port}${BASE}`,
    hubUrl: `http://${LOOPBACK}:${port}${HUB_PATH}`,
    project,
    faults,
    delegatedSigning: 'enabled',
    close: () => close(server),
  };
  return running;
}

interface Said {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly body: string;
}

function toTokened({ request, url, body }: Said): TokenedRequest {
  const { headers, method = '' } = request;
  const walletToken = headers['x-wallet-auth'];
  return {
    method,
    host: url.host,
    path: url.pathname,
    body,
    bearer: headers.authorization,
    walletToken: typeof walletToken === 'string' ? walletToken : undefined,
  };
}

function findOperation(method: string, path: string) {
  for (const operation of OPERATIONS) {
    const names = operation.method === method ? matchPath(`${BASE}${operation.path}`, path) : null;
    if (names !== null) return { operation, names };
  }
  return null;
}

function matchPath(template: string, path: string): Readonly<Record<string, string>> | null {
  const [parts, given] = [template.split('/'), path.split('/')];
  if (parts.length !== given.length) return null;
  const names: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name !== undefined) names[name] = decodeURIComponent(given[index]!);
    else if (part !== given[index]) return null;
  }
  return names;
}

function parseBody(text: string): Readonly<Record<string, unknown>> {
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Told below.
  }
  throw new ApiError(400, 'invalid_request', 'the body must be a JSON object');
}

function toAnswer(error: unknown): Answer {
  const known =
    error instanceof ApiError
      ? error
      : new ApiError(500, 'internal_server_error', 'the stand-in has a fault of its own');
  return { status: known.status, body: toErrorBody(known) };
}

function send(response: ServerResponse, status: number, text: string, fault: Fault | null): void {
  if (fault?.kind === 'answer_lost') return void response.destroy();
  response.writeHead(
    status,
    text === '' ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
  );
  if (fault?.kind === 'slow_body') return void response.write(text.slice(0, 1));
  if (fault?.kind === 'cut') return void response.write(text.slice(0, text.length / 2), () => response.destroy());
  response.end(text);
}
