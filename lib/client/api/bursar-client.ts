import { doublingWaitMs, spreadWaitMs } from '../../domain/doubling-wait.ts';
import { formatUserHeader } from '../../domain/tenants/user-id.ts';
import type { Answer, CallInput } from '../../contract/client-types.ts';
import { AGENT_HEADER, USER_HEADER } from '../../contract/headers.ts';
import type { OperationName } from '../../contract/operations.ts';
import {
  createAuthenticator,
  type SignedAccess,
  type Authenticator,
  type TokenAccess,
  type UnsignedRequest,
} from './access.ts';
import type { BursarCall, Caller } from './bursar-call.ts';
import { BursarError } from './bursar-error.ts';
import { withChangeToken } from './change-token.ts';
import type { CallOptions, PaymentProcessor } from './contract.ts';
import { isReplayed, toBursarError } from './error-answer.ts';
import { toRequest } from './operation-request.ts';
import { wait } from './wait.ts';

export interface BursarEndpoint {
  /** The deployment's endpoint with its stage, such as `https://ID.execute-api.REGION.amazonaws.com/v1`. */
  readonly endpoint: string;
  /** @default - the global fetch */
  readonly fetch?: typeof fetch;
  /** Attempts per call, all with the same client token; together they outlast the lease of a process that died. @default 6 */
  readonly attemptsMax?: number;
  /** Of one attempt. @default 20000 */
  readonly timeoutMs?: number;
  /**
   * Asked before every attempt for the W3C `traceparent` of what the application is doing, which Bursar's trace then links
   * to. It is sent to Bursar alone, and left out where it is none.
   */
  readonly traceparent?: () => string | undefined;
}

export type BursarClientOptions = BursarEndpoint & (SignedAccess | TokenAccess);

export type { BursarCall, Caller } from './bursar-call.ts';

export interface BursarClient extends Required<PaymentProcessor> {
  /**
   * Calls an operation by its name, with the members of body, path and query together. Repeats what is busy, failed or
   * unanswered; what makes or changes something keeps one client token through all of it: the input's, else one that is drawn for
   * the call. Throws `BursarError` for every answer that is not a success. Does not check the answer against its type.
   */
  call<N extends OperationName>(
    operation: N,
    input: CallInput<N>,
    caller?: Caller,
    options?: CallOptions,
  ): Promise<Answer<N>>;
  /** Sends any request, right or wrong, and returns the parsed body. For requests that are no operation's. */
  send<T>(call: BursarCall, options?: CallOptions): Promise<T>;
}

const RETRY_STEP_MS = 100;
const RETRY_STEP_MAX_MS = 2_000;

interface Received<T> {
  readonly body: T;
  readonly replayed: boolean;
}

interface Connection extends BursarEndpoint {
  readonly authenticator: Authenticator;
  readonly namesUsers: boolean;
}

/** A client of Bursar's API. Holds no state but its options and the credentials that it was given; safe to share. */
export function createBursarClient(options: BursarClientOptions): BursarClient {
  const connection: Connection = {
    ...options,
    authenticator: createAuthenticator(options, Date.now),
    namesUsers: !('token' in options),
  };
  const ask = <N extends OperationName>(
    operation: N,
    input: CallInput<N>,
    caller: Caller,
    callOptions?: CallOptions,
  ) => {
    const request = toRequest(operation, withChangeToken(operation, input), caller);
    return callWithRetries<Answer<N> | undefined>(connection, request, callOptions);
  };
  const pay = async <N extends 'ProcessPayment' | 'PayChallenge'>(
    operation: N,
    { userId, agentName, ...input }: CallInput<N> & { readonly userId: string; readonly agentName?: string },
    callOptions?: CallOptions,
  ) => {
    const request = input as unknown as CallInput<N>;
    const { body, replayed } = await ask(operation, request, { userId, agentName }, callOptions);
    return { ...(body as Answer<N>), replayed };
  };
  return {
    send: async <T>(call: BursarCall, callOptions?: CallOptions) =>
      (await callWithRetries<T>(connection, call, callOptions)).body,
    call: async <N extends OperationName>(
      operation: N,
      input: CallInput<N>,
      caller: Caller = {},
      callOptions?: CallOptions,
    ) =>
      // An operation without an answer says nothing at all.
      ((await ask(operation, input, caller, callOptions)).body ?? null) as Answer<N>,
    processPayment: (input, callOptions) => pay('ProcessPayment', input, callOptions),
    payChallenge: (input, callOptions) => pay('PayChallenge', input, callOptions),
    listAssets: async ({ userId, ...input }, callOptions) =>
      (await ask('ListAssets', input, { userId }, callOptions)).body as Answer<'ListAssets'>,
    reportOutcome: async ({ userId, ...input }, callOptions) =>
      (await ask('ReportOutcome', input, { userId }, callOptions)).body,
  };
}

async function callWithRetries<T>(
  connection: Connection,
  call: BursarCall,
  { signal }: CallOptions = {},
): Promise<Received<T>> {
  const attemptsMax = connection.attemptsMax ?? 6;
  let leftOpen = false;
  let refreshed = false;
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      return await callOnce<T>(connection, call, { signal, leftOpen });
    } catch (error) {
      if (!(error instanceof BursarError)) signal?.throwIfAborted();
      if (attempt >= attemptsMax) throw error;
      if (!refreshed && isExpired(error) && connection.authenticator.refresh()) {
        refreshed = true;
        continue;
      }
      if (!isWorthRepeating(error)) throw error;
      leftOpen = true;
      const ceilingMs = doublingWaitMs(attempt - 1, { minMs: RETRY_STEP_MS, maxMs: RETRY_STEP_MAX_MS });
      await wait(spreadWaitMs(ceilingMs, Math.random()), signal);
    }
  }
}

/** Busy, failed or unanswered: the outcome is open, and the same token makes the repetition harmless. */
function isWorthRepeating(error: unknown): boolean {
  return !(error instanceof BursarError) || error.status === 429 || error.status >= 500;
}

function isExpired(error: unknown): boolean {
  if (!(error instanceof BursarError) || error.status !== 403) return false;
  return error.errorName.startsWith('ExpiredToken') || /security token .* expired/.test(error.message);
}

async function callOnce<T>(
  connection: Connection,
  call: BursarCall,
  { signal, leftOpen }: { readonly signal: AbortSignal | undefined; readonly leftOpen: boolean },
): Promise<Received<T>> {
  const url = new URL(connection.endpoint.replace(/\/$/, '') + call.path);
  for (const [name, value] of Object.entries(call.query ?? {})) {
    for (const each of [value].flat()) url.searchParams.append(name, each);
  }
  const body: string | undefined = JSON.stringify(call.body);
  const headers: Record<string, string> = {};
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (call.userId !== undefined && connection.namesUsers) headers[USER_HEADER] = formatUserHeader(call.userId);
  if (call.agentName !== undefined) headers[AGENT_HEADER] = call.agentName;

  const sent = await authenticate(connection, { method: call.method, url, headers, body }, leftOpen);
  const late = AbortSignal.timeout(connection.timeoutMs ?? 20_000);
  const response = await (connection.fetch ?? fetch)(url, {
    method: call.method,
    headers: { ...sent, ...toTraceHeaders(connection) },
    // Workers know no `error`.
    redirect: 'manual',
    signal: signal === undefined ? late : AbortSignal.any([late, signal]),
    body,
  });
  if (isRedirect(response)) throw new TypeError('the endpoint answered with a redirect, which is not followed');
  const text = await response.text();
  if (!response.ok) throw toBursarError(response, text, leftOpen);
  return { body: (text === '' ? undefined : JSON.parse(text)) as T, replayed: isReplayed(response) };
}

/** As Node shows it, and as browsers hide it. */
function isRedirect({ type, status }: Response): boolean {
  return type === 'opaqueredirect' || (status >= 300 && status < 400);
}

/** Credentials that cannot be had are no answer that is missing: nothing was sent. */
async function authenticate({ authenticator }: Connection, request: UnsignedRequest, leftOpen: boolean) {
  try {
    return await authenticator.authenticate(request);
  } catch (error) {
    if (error instanceof BursarError) throw error;
    const [errorName, message] = error instanceof Error ? [error.name, error.message] : ['Error', String(error)];
    const details = { errorName, status: 0, code: null, requestId: null, leftOpen };
    throw new BursarError(`the request could not be signed: ${message}`, details, { cause: error });
  }
}

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Not signed: whatever traces the application's own requests may put another in its place. */
function toTraceHeaders({ traceparent }: BursarEndpoint): Readonly<Record<string, string>> {
  const value = traceparent?.();
  return value !== undefined && TRACEPARENT.test(value) ? { traceparent: value } : {};
}
