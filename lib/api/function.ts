import createMiddy from '@middy/core';
import { MANAGER_ID } from '../domain/ids.ts';
import type { Refusal } from '../domain/refusal.ts';
import type { Result } from '../domain/result.ts';
import { addMs, type Clock, type EpochMs } from '../domain/time.ts';
import { toWireError, toWireFailure, type WireError } from './errors.ts';
import { emptyResponse, jsonResponse, type ApiEvent, type ApiResponse, type InvocationContext } from './http.ts';
import { OPERATIONS, type FunctionName, type OperationName } from './operations.ts';
import { findOperation, readRequest, type ApiRequest, type UserBinding } from './request.ts';

/** What a handler answers: the body, and what the log may say about it. */
export interface OperationAnswer {
  /** `null` where the operation answers 204. */
  readonly body: object | null;
  readonly log?: LogFields;
}

export type OperationHandler<N extends OperationName> = (
  request: ApiRequest<N> & { readonly deadline: EpochMs },
) => Promise<Result<OperationAnswer, Refusal>>;

/** The handlers of one function: one for each of its operations, checked by the compiler. */
export type HandlersOf<F extends FunctionName> = {
  readonly [N in OperationName as (typeof OPERATIONS)[N]['function'] extends F ? N : never]: OperationHandler<N>;
};

/** The only members that a log line may carry besides those of every request. None is secret, none is a seller's text. */
export interface LogFields {
  readonly paymentId?: string;
  readonly sessionId?: string;
  readonly instrumentId?: string;
  readonly managerId?: string;
  readonly amountUsd?: string;
  readonly network?: string;
  readonly replayed?: boolean;
  readonly connectorId?: string;
  /** Which of a manager's conditions a token did not meet. */
  readonly tokenCheck?: string;
}

export type LogSink = (line: string) => void;

export interface FunctionDeps {
  readonly clock: Clock;
  readonly log: LogSink;
  /** @default 'header' */
  readonly userBinding?: UserBinding;
}

const LOGGED_IDS = {
  paymentManagerId: 'managerId',
  paymentConnectorId: 'connectorId',
  paymentSessionId: 'sessionId',
  paymentInstrumentId: 'instrumentId',
  processPaymentId: 'paymentId',
} as const satisfies Readonly<Record<string, keyof LogFields>>;

interface ServedFunction {
  readonly name: FunctionName;
  readonly handlers: Readonly<Record<string, OperationHandler<OperationName>>>;
  readonly binding: UserBinding;
}

interface Served {
  readonly response: ApiResponse;
  readonly operation: OperationName | null;
  readonly error: WireError | null;
  readonly log: LogFields;
  readonly failure: unknown;
}

/**
 * A Lambda handler for the operations of one function: read and check the request, call the operation, map its answer.
 * Answers every request; a failure inside becomes a 500 without details and a log line with them.
 */
export function createFunction<F extends FunctionName>(name: F, handlers: HandlersOf<F>, deps: FunctionDeps) {
  const byName = handlers as unknown as Readonly<Record<string, OperationHandler<OperationName>>>;
  // No early answer before the function's timeout: Lambda would freeze the unfinished work and wake it up much later, in the
  // middle of a payment that the sweeper has finished meanwhile. A process that is stopped does no harm.
  return createMiddy<ApiEvent, ApiResponse, Error, InvocationContext & { served?: Served }>({ timeoutEarlyInMillis: 0 })
    .use(requestLog(name, deps))
    .handler(async (event, context) => {
      const deadline = addMs(deps.clock.now(), context.getRemainingTimeInMillis());
      const served = await serve({ name, handlers: byName, binding: deps.userBinding ?? 'header' }, event, deadline);
      context.served = served;
      return served.response;
    });
}

async function serve({ name, handlers, binding }: ServedFunction, event: ApiEvent, deadline: EpochMs): Promise<Served> {
  const { requestId } = event.requestContext;
  let operation: OperationName | null = null;
  let log: LogFields = {};
  try {
    const found = findOperation(name, event);
    if (!found.ok) return refused(requestId, operation, toWireError(found.error));
    operation = found.value;
    const request = readRequest(operation, event, binding);
    if (!request.ok) return refused(requestId, operation, toWireError(request.error));
    log = idsOf(request.value.input);
    const answer = await handlers[operation]!({ ...request.value, deadline });
    if (!answer.ok) {
      const check = answer.error.reason === 'token_not_admitted' ? { tokenCheck: answer.error.check } : {};
      return { ...refused(requestId, operation, toWireError(answer.error)), log: { ...log, ...check } };
    }
    const { successStatus } = OPERATIONS[operation];
    const headers = { 'x-amzn-requestid': requestId };
    const { body } = answer.value;
    const response = body === null ? emptyResponse(successStatus, headers) : jsonResponse(successStatus, body, headers);
    return { response, operation, error: null, log: { ...log, ...answer.value.log }, failure: null };
  } catch (failure) {
    return { ...refused(requestId, operation, toWireFailure(failure)), log, failure };
  }
}

/** What a checked request is about, so that refusals and failures can be found in the log too. */
function idsOf(input: object): LogFields {
  const members = new Map<string, unknown>(Object.entries(input));
  const ids = Object.entries(LOGGED_IDS).flatMap(([member, field]) => {
    const id = members.get(member);
    return typeof id === 'string' ? [[field, id] as const] : [];
  });
  const arn = members.get('paymentManagerArn');
  const managerId = typeof arn === 'string' ? arn.slice(arn.lastIndexOf('/') + 1) : '';
  // An ARN is looked up, not checked for its form, so it may hold anything.
  return { ...(MANAGER_ID.test(managerId) ? { managerId } : {}), ...Object.fromEntries(ids) };
}

/** AgentCore's form of an error: its name in header and body, so that every generation of SDK finds it. */
function refused(requestId: string, operation: OperationName | null, error: WireError): Served {
  const { status, name, message, reason, fieldList } = error;
  const body = {
    __type: name,
    message,
    ...(reason === undefined ? {} : { reason }),
    ...(fieldList === undefined ? {} : { fieldList }),
  };
  const headers = { 'x-amzn-errortype': name, 'x-amzn-requestid': requestId };
  return { response: jsonResponse(status, body, headers), operation, error, log: {}, failure: null };
}

/** One line per request, made of known members only: nothing that a caller sends can add one or break the line. */
function requestLog(name: FunctionName, { clock, log }: FunctionDeps) {
  const startedAt = new WeakMap<object, EpochMs>();
  return {
    before: ({ event }: { event: ApiEvent }) => {
      startedAt.set(event, clock.now());
    },
    after: ({ event, context }: { event: ApiEvent; context: { served?: Served } }) => {
      const { served } = context;
      if (served === undefined) return;
      const code = served.error?.fieldList?.find((field) => field.name.startsWith('bursar:'))?.name;
      const line = {
        event: 'request.served',
        function: name,
        operation: served.operation,
        status: served.response.statusCode,
        durationMs: clock.now() - (startedAt.get(event) ?? clock.now()),
        requestId: event.requestContext.requestId,
        ...(served.error === null ? {} : { error: served.error.name }),
        ...(code === undefined ? {} : { code }),
        ...served.log,
        ...(served.failure === null ? {} : { failure: describeFailure(served.failure) }),
      };
      log(JSON.stringify(line));
    },
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
