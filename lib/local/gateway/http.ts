import { randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { LOOPBACK } from '../../domain/loopback.ts';
import { toEpochMs } from '../../domain/time.ts';
import { refuse, ok, type Result } from '../../domain/result.ts';
import { formatSessionArn, type AccessPolicies } from '../iam/access-policies.ts';
import { toPairs } from '../iam/aws-hooks.ts';
import type { CredentialStore } from '../iam/credentials.ts';
import type { CheckAnswer } from './answer-check.ts';
import {
  answerError,
  answerPreflight,
  answerResponse,
  type Answer,
  type GatewayError,
  type GatewayErrorType,
} from './answer.ts';
import { createGatewayEvent, formatMethodArn, type Admitted, type GatewayRequest } from './event.ts';
import type { Environment } from '../template/environment.ts';
import { readRequestBody } from '../loopback/request-body.ts';
import { close, listen } from '../loopback/server.ts';
import { createRouter, type FindRoute } from './routes.ts';
import { formatTraceHeader, type InvocationResult } from '../runtime/runtime.ts';
import { splitTarget } from '../../sigv4/canonical-request.ts';
import { verifySignature, type SignatureRefusal, type SignedRequest } from '../../sigv4/verification.ts';
import type { ApiDefinition } from '../template/api.ts';
import type { PreflightDefinition } from '../template/preflight.ts';
import { askAuthorizer } from './token-authorizer.ts';

export interface GatewayOptions {
  readonly api: ApiDefinition;
  readonly environment: Environment;
  readonly credentials: CredentialStore;
  readonly accessPolicies: AccessPolicies;
  readonly invoke: (functionName: string, event: object, traceHeader: string) => Promise<InvocationResult>;
  /** Looks at what functions answer, as it goes out. @default - nobody looks */
  readonly checkAnswer?: CheckAnswer;
  /** Whether traces are recorded whose callers do not say. */
  readonly sampled: '0' | '1';
  /** 0 takes a free one. */
  readonly port: number;
  /** Hears of failures that callers see as an internal error. */
  readonly report: (problem: string) => void;
}

export interface Gateway {
  /** With the stage, without a slash at the end: the base of every operation. */
  readonly endpoint: string;
  readonly port: number;
  /** Stops taking requests and cuts what is open. */
  close(): Promise<void>;
}

/** As API Gateway's. */
const BODY_MAX_BYTES = 10 * 1024 * 1024;

const SIGNATURE_ERRORS: Readonly<Record<SignatureRefusal['reason'], GatewayErrorType>> = {
  missing: 'MISSING_AUTHENTICATION_TOKEN',
  incomplete: 'INVALID_SIGNATURE',
  'unknown-key': 'INVALID_SIGNATURE',
  'wrong-scope': 'INVALID_SIGNATURE',
  expired: 'INVALID_SIGNATURE',
  invalid: 'INVALID_SIGNATURE',
};

/**
 * Plays the templates' REST API on the loopback interface: route, signature, the caller's policies, the function, in that
 * order, with API Gateway's own answers where one of them says no. Does not play throttling and request validation.
 *
 * @throws PortTaken
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const findRoute = createRouter(options.api);
  const findPreflight = createRouter({ stage: options.api.stage, routes: options.api.preflights });
  let port = options.port;
  const server = createServer((request, response) => {
    const requestId = randomUUID();
    const asked = { ...options, requestHeaders: request.headers };
    answer(asked, { findRoute, findPreflight }, request, requestId, port)
      .catch((error: unknown) => {
        options.report(`request ${requestId}: ${error instanceof Error ? error.stack : String(error)}`);
        return no(asked, requestId, 'INTEGRATION_FAILURE', 'Internal server error');
      })
      .then((result) => send(request, response, result))
      .catch(() => response.destroy());
  });
  port = await listen(server, options.port);
  return {
    endpoint: `http://${LOOPBACK}:${port}/${options.api.stage}`,
    port,
    close: () => close(server),
  };
}

type Asked = GatewayOptions & { readonly requestHeaders: IncomingHttpHeaders };

async function answer(
  options: Asked,
  {
    findRoute,
    findPreflight,
  }: { readonly findRoute: FindRoute; readonly findPreflight: FindRoute<PreflightDefinition> },
  incoming: IncomingMessage,
  requestId: string,
  port: number,
): Promise<Answer> {
  const { api, environment } = options;
  const body = await readRequestBody(incoming, BODY_MAX_BYTES);
  if (body === null) return no(options, requestId, 'REQUEST_TOO_LARGE', 'Request Entity Too Large');
  const request: SignedRequest = {
    method: incoming.method ?? '',
    // Node gives bytes as characters.
    target: Buffer.from(incoming.url ?? '', 'latin1').toString('utf8'),
    headers: toPairs(incoming.rawHeaders),
    body,
  };
  const { path } = splitTarget(request.target);
  const preflight = findPreflight(request.method, path);
  if (preflight !== null) return answerPreflight(preflight.route, incoming.headers.origin, requestId);
  const match = findRoute(request.method, path);
  if (match === null) return no(options, requestId, 'MISSING_AUTHENTICATION_TOKEN', 'Missing Authentication Token');
  const callers = request.headers.find(([name]) => name.toLowerCase() === 'x-amzn-trace-id')?.[1];
  const traceId = formatTraceHeader(options.sampled, callers);
  const asked = { request, requestId, match, api, environment, port, traceId, nowMs: Date.now() };
  const admitted = await admit(options, asked);
  if (!admitted.ok) return answerError(api, admitted.error, requestId, incoming.headers);

  const event = createGatewayEvent({ ...asked, ...admitted.value });
  const result = await options.invoke(match.route.functionName, event, traceId);
  switch (result.status) {
    case 'succeeded': {
      const accept = incoming.headers.accept ?? '';
      const answered = answerResponse(api, result.payload, requestId, accept);
      const flaw = answered.ok ? (options.checkAnswer?.(match.route, answered.value) ?? null) : answered.error;
      if (answered.ok && flaw === null) return answered.value;
      options.report(`request ${requestId}: malformed answer of ${match.route.functionName}: ${flaw}`);
      return no(options, requestId, 'INTEGRATION_FAILURE', 'Internal server error');
    }
    case 'failed':
      return no(options, requestId, 'INTEGRATION_FAILURE', 'Internal server error');
    case 'timed-out':
      return no(options, requestId, 'INTEGRATION_TIMEOUT', 'Endpoint request timed out');
    case 'throttled':
      return no(options, requestId, 'THROTTLED', 'Too Many Requests');
  }
}

/** Who calls, if the route asks for it and the caller may. */
async function admit(options: GatewayOptions, request: GatewayRequest): Promise<Result<Admitted, GatewayError>> {
  const { authorization } = request.match.route;
  switch (authorization.type) {
    case 'NONE':
      return ok({ caller: null, authorized: null });
    case 'AWS_IAM':
      return admitSigned(options, request);
    case 'CUSTOM':
      return admitByFunction(options, request, authorization.authorizer.name);
  }
}

async function admitByFunction(
  { invoke, report }: GatewayOptions,
  request: GatewayRequest,
  functionName: string,
): Promise<Result<Admitted, GatewayError>> {
  const authorized = await askAuthorizer({ request, functionName, invoke, nowMs: () => performance.now() });
  if (authorized.ok) return ok({ caller: null, authorized: authorized.value });
  const { type } = authorized.error;
  if (type.startsWith('AUTHORIZER_')) report(`request ${request.requestId}: ${type} of ${functionName}`);
  return authorized;
}

async function admitSigned(options: GatewayOptions, asked: GatewayRequest): Promise<Result<Admitted, GatewayError>> {
  const { api, environment, credentials, accessPolicies } = options;
  const verified = verifySignature(asked.request, {
    region: environment.region,
    service: 'execute-api',
    findCredential: credentials.find,
    now: toEpochMs(Date.now()),
  });
  if (!verified.ok) return refuse({ type: SIGNATURE_ERRORS[verified.error.reason], message: verified.error.message });
  const { accessKeyId } = verified.value;
  const credential = credentials.find(accessKeyId);
  if (credential === null) throw new Error('the key that was verified is gone');
  const caller = { accessKeyId, roleName: credential.roleName, sessionName: credential.sessionName };

  const resource = formatMethodArn(asked);
  const allowed = await accessPolicies.isAllowed({
    caller: { roleName: caller.roleName, sessionName: caller.sessionName },
    action: 'execute-api:Invoke',
    resource,
    ...(api.policy === null ? {} : { resourcePolicy: api.policy }),
  });
  if (allowed) return ok({ caller, authorized: null });
  const who = formatSessionArn(environment, caller);
  const message = `User: ${who} is not authorized to perform: execute-api:Invoke on resource: ${resource}`;
  return refuse({ type: 'ACCESS_DENIED', message });
}

function no({ api, requestHeaders }: Asked, requestId: string, type: GatewayErrorType, message: string): Answer {
  return answerError(api, { type, message }, requestId, requestHeaders);
}

function send(request: IncomingMessage, response: ServerResponse, { status, headers, body }: Answer): void {
  const bodiless = request.method === 'HEAD' || status === 204 || status === 304;
  response.writeHead(status, [...headers, ['content-length', String(bodiless ? 0 : body.length)]].flat());
  response.end(bodiless ? undefined : body);
}
