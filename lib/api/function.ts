import createMiddy from '@middy/core';
import type { Refusal } from '../domain/refusal.ts';
import { ok, type Result } from '../domain/result.ts';
import { addMs, type Clock, type EpochMs } from '../domain/time.ts';
import { memberOf } from '../json/record.ts';
import type { LogFields } from '../telemetry/log-fields.ts';
import { formatLogLine } from '../telemetry/log-line.ts';
import { refusalFields, requestMetrics, type ServedRequest } from '../telemetry/request-metrics.ts';
import { createRequestRecord, type RequestRecord } from '../telemetry/request-record.ts';
import { formatTraceresponse, formatXRayId, parseTraceparent } from '../telemetry/trace-context.ts';
import type { FinishedTrace, RequestTrace, Tracing } from '../telemetry/tracing.ts';
import type { WireError } from './errors.ts';
import {
  emptyResponse,
  headerValues,
  jsonResponse,
  type ApiEvent,
  type ApiResponse,
  type InvocationContext,
} from './http.ts';
import type { Answer } from '../contract/client-types.ts';
import type { FunctionName, OPERATIONS, OperationName, OperationRoute } from '../contract/operations.ts';
import type { RequestSchemas } from '../contract/validation.ts';
import {
  bearsToken,
  findOperation,
  readRequest,
  routeOf,
  type ApiRequest,
  type OwnContract,
  type UserBinding,
} from './request.ts';

/** What a handler answers: the body, and what the log may say about it. */
export interface OperationAnswer<N extends OperationName = OperationName> {
  /** As the contract has it; `null` where the operation answers 204. */
  readonly body: Answer<N>;
  readonly log?: LogFields;
}

/** The answer of a use case through a view, or its refusal. */
export function answerWith<T, B extends object | null>(
  result: Result<T, Refusal>,
  view: (value: T) => B,
): Result<{ readonly body: B }, Refusal> {
  return result.ok ? ok({ body: view(result.value) }) : result;
}

/** The view of a change, whose answer the use case has had put into words already. */
export const asItIs = <A extends object>(rendered: A): A => rendered;

export type OperationHandler<N extends OperationName> = (
  request: ApiRequest<N> & { readonly deadline: EpochMs; readonly record: RequestRecord; readonly event: ApiEvent },
) => Promise<Result<OperationAnswer<N>, Refusal>>;

/** The handlers of one function: one for each of its operations, checked by the compiler. */
export type HandlersOf<F extends FunctionName> = {
  readonly [N in OperationName as (typeof OPERATIONS)[N]['function'] extends F ? N : never]: OperationHandler<N>;
};

export type LogSink = (line: string) => void;

export interface FunctionDeps {
  readonly clock: Clock;
  readonly log: LogSink;
  /** Where CloudWatch keeps the metrics of this deployment. */
  readonly metricNamespace: string;
  /** @default 'header' */
  readonly userBinding?: UserBinding;
  /**
   * Agents with metrics of their own.
   * @default none
   */
  readonly agentNames?: ReadonlySet<string>;
  /** @default no request is part of a trace */
  readonly tracing?: Tracing;
  /** Of pages whose scripts may read the answers to calls with tokens. @default none */
  readonly browserOrigins?: readonly string[] | undefined;
}

/** The routes and schemas of a function's own requests; more of them do no harm but to its size. */
export interface RequestsOf<F extends FunctionName> {
  readonly routes: Readonly<Record<keyof HandlersOf<F> & OperationName, OperationRoute>>;
  readonly requests: RequestSchemas<keyof HandlersOf<F> & OperationName>;
}

/** Members of a checked request that are named as they are logged. */
const LOGGED_IDS = ['managerId', 'connectorId', 'sessionId', 'instrumentId', 'paymentId'] as const;

interface ServedFunction {
  readonly name: FunctionName;
  readonly handlers: Readonly<Record<string, OperationHandler<OperationName>>>;
  readonly binding: UserBinding;
  readonly contract: OwnContract;
}

interface Served extends Pick<ServedRequest, 'operation' | 'refusal' | 'failure' | 'record'> {
  readonly response: ApiResponse;
  readonly error: WireError | null;
}

/**
 * A Lambda handler for the operations of one function: read and check the request, call the operation, map its answer.
 * Answers every request; a failure inside becomes a 500 without details and a log line with them.
 */
export function createFunction<F extends FunctionName>(
  name: F,
  handlers: HandlersOf<F>,
  deps: FunctionDeps & RequestsOf<F>,
) {
  // Of the operations of this function alone is a request ever read.
  const contract = { routes: deps.routes, requests: deps.requests } as unknown as OwnContract;
  const byName = handlers as unknown as Readonly<Record<string, OperationHandler<OperationName>>>;
  // No early answer before the function's timeout: Lambda would freeze the unfinished work and wake it up much later, in the
  // middle of a payment that the sweeper has finished meanwhile. A process that is stopped does no harm.
  return createMiddy<ApiEvent, ApiResponse, Error, InvocationContext & { served?: Served }>({ timeoutEarlyInMillis: 0 })
    .use(requestLog(name, deps))
    .handler(async (event, context) => {
      const deadline = addMs(deps.clock.now(), context.getRemainingTimeInMillis());
      const own = { name, handlers: byName, binding: deps.userBinding ?? 'header', contract };
      const served = await serve(own, event, deadline);
      context.served = served;
      return served.response;
    });
}

/** How a refusal is worded is loaded with the first one: a start that pays has no use for it. */
const loadErrors = () => import('./errors.ts');

async function serve(
  { name, handlers, binding, contract }: ServedFunction,
  event: ApiEvent,
  deadline: EpochMs,
): Promise<Served> {
  const { requestId } = event.requestContext;
  const record = createRequestRecord();
  let operation: OperationName | null = null;
  const answerRefusal = async (refusal: Refusal): Promise<Served> => {
    record.note(refusalFields(refusal));
    const error = (await loadErrors()).toWireError(refusal);
    return {
      response: errorResponse(requestId, error, replayHeaders(record)),
      operation,
      error,
      refusal,
      failure: null,
      record,
    };
  };
  try {
    const found = findOperation(contract.routes, name, event);
    if (!found.ok) return await answerRefusal(found.error);
    operation = found.value;
    const readToken = bearsToken(event) ? (await import('./token-caller.ts')).readTokenCaller : null;
    const request = readRequest(contract, operation, event, binding, readToken);
    if (!request.ok) return await answerRefusal(request.error);
    const { input, agentName } = request.value;
    record.note({ ...(agentName === null ? {} : { agentName }), ...idsOf(input) });
    const answer = await handlers[operation]!({ ...request.value, deadline, record, event });
    if (!answer.ok) return await answerRefusal(answer.error);
    const { body, log = {} } = answer.value;
    record.note(log);
    const { successStatus } = routeOf(contract.routes, operation);
    const headers = { 'x-amzn-requestid': requestId, ...replayHeaders(record) };
    const response = body === null ? emptyResponse(successStatus, headers) : jsonResponse(successStatus, body, headers);
    return { response, operation, error: null, refusal: null, failure: null, record };
  } catch (failure) {
    const error = (await loadErrors()).toWireFailure(failure);
    return { response: errorResponse(requestId, error), operation, error, refusal: null, failure, record };
  }
}

/** Tells a client that the answer is a stored outcome: for identical requests the bodies are identical. */
function replayHeaders({ fields }: RequestRecord): Readonly<Record<string, string>> {
  return fields.replayed === true ? { 'x-bursar-replayed': 'true' } : {};
}

/** What a checked request is about, so that refusals and failures can be found in the log too. */
function idsOf(input: object): LogFields {
  const members = new Map<string, unknown>(Object.entries(input));
  const ids = LOGGED_IDS.flatMap((name) => {
    const id = members.get(name);
    return typeof id === 'string' ? [[name, id] as const] : [];
  });
  const managerId = memberOf(members.get('manager'), 'resource');
  return { ...(typeof managerId === 'string' ? { managerId } : {}), ...Object.fromEntries(ids) };
}

/** AgentCore's form of an error: its name in header and body, so that every generation of SDK finds it. */
function errorResponse(
  requestId: string,
  { status, name, message, reason, fieldList, bursar }: WireError,
  added: Readonly<Record<string, string>> = {},
): ApiResponse {
  const body = {
    __type: name,
    message,
    ...(reason === undefined ? {} : { reason }),
    ...(fieldList === undefined ? {} : { fieldList }),
    ...(bursar === undefined ? {} : { bursar }),
  };
  const headers = { 'x-amzn-errortype': name, 'x-amzn-requestid': requestId, ...added };
  return jsonResponse(status, body, headers);
}

const CODE = /^bursar:[a-z0-9_]+$/;

interface Begun {
  readonly at: EpochMs;
  readonly trace: RequestTrace | null;
}

/**
 * One line per request, which is its metrics as well, and its spans where it is sampled. Made of known members only: nothing
 * that a caller sends can add one, break the line, or become a dimension.
 */
function requestLog(
  name: FunctionName,
  { clock, log, metricNamespace: namespace, agentNames = new Set(), tracing, browserOrigins }: FunctionDeps,
) {
  const begun = new WeakMap<object, Begun>();
  return {
    before: ({ event }: { event: ApiEvent }) => {
      const [gatewayHeader = ''] = headerValues(event, 'X-Amzn-Trace-Id');
      begun.set(event, { at: clock.now(), trace: tracing?.begin(gatewayHeader) ?? null });
    },
    after: async (request: {
      event: ApiEvent;
      context: InvocationContext & { served?: Served };
      response: ApiResponse | null;
    }) => {
      const { event, context } = request;
      const { served } = context;
      if (served === undefined) return;
      const { operation, response, error, failure, record } = served;
      const status = response.statusCode;
      const at = clock.now();
      const { at: startedAt, trace } = begun.get(event) ?? { at, trace: null };
      const durationMs = Math.max(0, at - startedAt);
      const code = error?.fieldList?.find((field) => CODE.test(field.name))?.name;
      const finished = await finishTrace(tracing, { at: startedAt, trace }, request, served, code);
      request.response = withTraceresponse(response, trace, finished);
      if (browserOrigins !== undefined)
        request.response = (await import('./browser-origin.ts')).withOrigin(request.response, event, browserOrigins);
      const members = {
        function: name,
        operation,
        status,
        durationMs,
        requestId: event.requestContext.requestId,
        ...toTraceMembers(trace, finished),
        ...(error === null ? {} : { error: error.name }),
        ...(code === undefined ? {} : { code }),
        ...record.fields,
        ...(failure === null ? {} : { failure: describeFailure(failure) }),
        ...requestMetrics({ namespace, at }, { ...served, status, durationMs }, agentNames),
      };
      log(formatLogLine({ event: 'request.served', level: status < 500 ? 'INFO' : 'ERROR', at }, members));
    },
  };
}

async function finishTrace(
  tracing: Tracing | undefined,
  { at: epochMs, trace }: Begun,
  { event, context }: { readonly event: ApiEvent; readonly context: InvocationContext },
  { operation, response, error, record }: Served,
  code: string | undefined,
): Promise<FinishedTrace | null> {
  if (tracing === undefined || trace === null) return null;
  return tracing.finish(trace, {
    operation,
    status: response.statusCode,
    error: error?.name ?? null,
    code: code ?? null,
    requestId: event.requestContext.requestId,
    caller: parseTraceparent(headerValues(event, 'traceparent'), headerValues(event, 'tracestate')),
    fields: record.fields,
    spent: record.values.SpendAmount !== undefined,
    phases: record.phases,
    epochMs,
    remainingMs: context.getRemainingTimeInMillis(),
  });
}

/** Tells the caller which trace its request was part of, so that it can name it in its own. */
function withTraceresponse(
  response: ApiResponse,
  trace: RequestTrace | null,
  finished: FinishedTrace | null,
): ApiResponse {
  if (trace?.context == null || finished?.spanId == null) return response;
  const { traceId, sampled } = trace.context;
  return {
    ...response,
    headers: { ...response.headers, traceresponse: formatTraceresponse(traceId, finished.spanId, sampled) },
  };
}

function toTraceMembers(trace: RequestTrace | null, finished: FinishedTrace | null): object {
  return {
    ...(trace?.context == null ? {} : { traceId: formatXRayId(trace.context.traceId) }),
    ...(trace?.coldStart === true ? { coldStart: true } : {}),
    ...(finished?.spans == null ? {} : { spans: finished.spans }),
  };
}

const CAUSES_MAX = 5;
const FAILURE_CHARS_MAX = 2_000;

/** Names, messages and stacks of an error and its causes. Our messages carry no secrets; requests and headers stay out. */
export function describeFailure(failure: unknown): readonly string[] {
  const lines: string[] = [];
  for (let error = failure; error instanceof Error && lines.length < CAUSES_MAX; error = error.cause) {
    const name = `${error.name}: ${error.message}`;
    const line = lines.length === 0 ? (error.stack ?? name) : `caused by ${name}`;
    lines.push(line.slice(0, FAILURE_CHARS_MAX));
  }
  return lines.length > 0 ? lines : ['a value that is no error was thrown'];
}
