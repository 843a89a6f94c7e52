import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Answer, CallInput } from '../contract/client-types.ts';
import { AGENT_HEADER, USER_HEADER } from '../contract/headers.ts';
import { OPERATIONS, type OperationName, type OperationRoute } from '../contract/operations.ts';
import { doublingWaitMs, spreadWaitMs } from '../domain/doubling-wait.ts';
import { formatUserHeader } from '../domain/tenants/user-id.ts';
import { BursarError, type PaymentProcessor } from './contract.ts';

/** Signatures of AWS (SigV4), for a payment manager that IAM guards. */
export interface SignedAccess {
  readonly region: string;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

/** Tokens of an issuer, for a payment manager of type CUSTOM_JWT. The endpoint then ends in `/oauth`, and the user is the token's. */
export interface TokenAccess {
  /** Asked before every attempt; must return one that is still valid. */
  readonly token: () => string | Promise<string>;
}

export interface BursarEndpoint {
  /** The deployment's endpoint with its stage, such as `https://ID.execute-api.REGION.amazonaws.com/v1`. */
  readonly endpoint: string;
  /** @default - the global fetch */
  readonly fetch?: typeof fetch;
  /** Attempts per call, all with the same client token; together they outlast the lease of a process that died. @default 6 */
  readonly attemptsMax?: number;
  /** @default 20000 */
  readonly timeoutMs?: number;
  /**
   * Asked before every attempt for the W3C `traceparent` of what the application is doing, which Bursar's trace then links
   * to. It is sent to Bursar alone, and left out where it is none.
   */
  readonly traceparent?: () => string | undefined;
}

export type BursarClientOptions = BursarEndpoint & (SignedAccess | TokenAccess);

/** A call: the path below the endpoint, and what goes into headers and body. */
export interface BursarCall {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[]>>;
  /** As it is; what no header can carry is encoded here. */
  readonly userId?: string;
  readonly agentName?: string;
  readonly body?: unknown;
}

/** For whom a call is, and which agent makes it. */
export type Caller = Pick<BursarCall, 'userId' | 'agentName'>;

export interface BursarClient extends PaymentProcessor {
  /**
   * Calls an operation by its name, with the members of body, path and query together. Repeats what is busy, failed or
   * unanswered. Throws `BursarError` for every answer that is not a success. Does not check the answer against its type.
   */
  call<N extends OperationName>(operation: N, input: CallInput<N>, caller?: Caller): Promise<Answer<N>>;
  /** Sends any request, right or wrong, and returns the parsed body. For requests that are no operation's. */
  send<T>(call: BursarCall): Promise<T>;
}

const RETRY_STEP_MS = 100;
const RETRY_STEP_MAX_MS = 2_000;

/** A client of Bursar's API. Holds no state but its options; safe to share. */
export function createBursarClient(options: BursarClientOptions): BursarClient {
  const send = <T>(request: BursarCall) => callWithRetries<T>(options, request);
  const call = async <N extends OperationName>(operation: N, input: CallInput<N>, caller: Caller = {}) =>
    // An operation without an answer says nothing at all.
    ((await send<Answer<N> | undefined>(toRequest(operation, input, caller))) ?? null) as Answer<N>;
  return {
    send,
    call,
    processPayment: ({ userId, agentName, ...input }) =>
      call('ProcessPayment', input, { userId, ...(agentName === undefined ? {} : { agentName }) }),
  };
}

/** The request that an operation's members make: each stands where its route has it. */
function toRequest(operation: OperationName, input: object, caller: Caller): BursarCall {
  const { method, path, query = {} }: OperationRoute = OPERATIONS[operation];
  const members = new Map<string, unknown>(Object.entries(input));
  const take = (name: string): unknown => {
    const value = members.get(name);
    members.delete(name);
    return value;
  };
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(take(name))));
  const inQuery = Object.keys(query).flatMap((name) => {
    const value = take(name);
    if (value === undefined) return [];
    return [[name, Array.isArray(value) ? value.map(String) : String(value)] as const];
  });
  const hasBody = method === 'POST' || method === 'PATCH';
  return {
    method,
    path: filled,
    ...caller,
    ...(inQuery.length === 0 ? {} : { query: Object.fromEntries(inQuery) }),
    ...(hasBody ? { body: Object.fromEntries(members) } : {}),
  };
}

async function callWithRetries<T>(options: BursarClientOptions, call: BursarCall): Promise<T> {
  const attemptsMax = options.attemptsMax ?? 6;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await callOnce<T>(options, call);
    } catch (error) {
      if (attempt >= attemptsMax || !isWorthRepeating(error)) throw error;
      const ceilingMs = doublingWaitMs(attempt - 1, { minMs: RETRY_STEP_MS, maxMs: RETRY_STEP_MAX_MS });
      await new Promise((resolve) => {
        setTimeout(resolve, spreadWaitMs(ceilingMs, Math.random()));
      });
    }
  }
}

/** Busy, failed or unanswered: the outcome is open, and the same token makes the repetition harmless. */
function isWorthRepeating(error: unknown): boolean {
  return !(error instanceof BursarError) || error.status === 429 || error.status >= 500;
}

async function callOnce<T>(options: BursarClientOptions, call: BursarCall): Promise<T> {
  const url = new URL(options.endpoint.replace(/\/$/, '') + call.path);
  for (const [name, value] of Object.entries(call.query ?? {})) {
    for (const each of [value].flat()) url.searchParams.append(name, each);
  }
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  const headers: Record<string, string> = { host: url.host };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (call.userId !== undefined) headers[USER_HEADER] = formatUserHeader(call.userId);
  if (call.agentName !== undefined) headers[AGENT_HEADER] = call.agentName;

  const sent =
    'token' in options
      ? withToken(headers, await options.token())
      : await sign(options, { method: call.method, url, headers, body });
  const response = await (options.fetch ?? fetch)(url, {
    method: call.method,
    headers: { ...sent, ...toTraceHeaders(options) },
    redirect: 'error',
    signal: AbortSignal.timeout(options.timeoutMs ?? 20_000),
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as T;
  throw toBursarError(response, text);
}

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Not signed: whatever traces the application's own requests may put another in its place. */
function toTraceHeaders({ traceparent }: BursarEndpoint): Readonly<Record<string, string>> {
  const value = traceparent?.();
  return value !== undefined && TRACEPARENT.test(value) ? { traceparent: value } : {};
}

/** RFC 6750: what a token is made of; anything else could break out of its header. */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

function withToken({ host: _host, ...headers }: Record<string, string>, token: string): Record<string, string> {
  if (!TOKEN.test(token)) {
    const details = { errorName: 'InvalidToken', status: 0, code: 'bursar:invalid_token', requestId: null };
    throw new BursarError('the token has characters that no bearer token has; nothing was sent', details);
  }
  return { ...headers, authorization: `Bearer ${token}` };
}

async function sign(
  { region, credentials }: SignedAccess,
  request: {
    readonly method: string;
    readonly url: URL;
    readonly headers: Record<string, string>;
    readonly body: string | undefined;
  },
): Promise<Record<string, string>> {
  const { method, url, headers, body } = request;
  const signer = new SignatureV4({ service: 'execute-api', region, credentials, sha256: Sha256 });
  const signed = await signer.sign({
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    path: url.pathname,
    query: Object.fromEntries(
      [...new Set(url.searchParams.keys())].map((name) => [name, url.searchParams.getAll(name)]),
    ),
    headers,
    ...(body === undefined ? {} : { body }),
  });
  // fetch sets the host itself and refuses to be told.
  const { host: _host, ...sent } = signed.headers;
  return sent;
}

interface ErrorBody {
  readonly __type?: unknown;
  readonly message?: unknown;
  readonly detail?: unknown;
  readonly fieldList?: unknown;
}

function toBursarError(response: Response, text: string): BursarError {
  const body = parseErrorBody(text);
  const errorName = nameOf(response.headers.get('x-amzn-errortype')) ?? nameOf(body.__type) ?? 'UnknownError';
  const said = typeof body.message === 'string' ? body.message : `Bursar answered ${response.status}`;
  // Beside the message of API Gateway: why a token was not let in.
  const message = typeof body.detail === 'string' && body.detail !== '' ? `${said}. ${body.detail}` : said;
  const fields: readonly unknown[] = Array.isArray(body.fieldList) ? body.fieldList : [];
  const code = fields
    .map((field) => (typeof field === 'object' && field !== null && 'name' in field ? String(field.name) : ''))
    .find((name) => name.startsWith('bursar:'));
  return new BursarError(message, {
    errorName,
    status: response.status,
    code: code ?? null,
    requestId: response.headers.get('x-amzn-requestid'),
  });
}

/** `Name`, `Name:http://...` or `namespace#Name`. A header that a gateway put a second name into says nothing. */
function nameOf(text: unknown): string | null {
  if (typeof text !== 'string' || text.includes(',')) return null;
  return text.split(':')[0]?.split('#').at(-1)?.trim() || null;
}

function parseErrorBody(text: string): ErrorBody {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? body : {};
  } catch {
    return {};
  }
}
