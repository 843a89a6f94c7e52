import { ok, refuse, type Result } from '../../domain/result.ts';
import { isAllowedByPolicy } from './authorize.ts';
import type { GatewayError } from './gateway-answer.ts';
import type { Environment } from './intrinsics.ts';
import type { RouteMatch } from './routes.ts';
import type { InvocationResult } from './runtime.ts';
import { splitTarget } from './sigv4-canonical.ts';
import type { SignedRequest } from './sigv4.ts';
import type { ApiDefinition } from './template-api.ts';

/** What a Lambda authorizer's answer makes of a request: the context goes into the function's event, all as text. */
export interface Authorized {
  readonly principalId: string;
  readonly context: Readonly<Record<string, string>>;
}

export interface AuthorizerQuestion {
  readonly request: SignedRequest;
  readonly requestId: string;
  readonly match: RouteMatch;
  readonly api: ApiDefinition;
  readonly environment: Environment;
  readonly functionName: string;
  readonly invoke: (functionName: string, event: object) => Promise<InvocationResult>;
}

const UNAUTHORIZED: GatewayError = { type: 'UNAUTHORIZED', message: 'Unauthorized' };

/**
 * Asks a REST API's Lambda authorizer of type REQUEST, whose identity source is the Authorization header: without one the
 * function is not asked. Nothing is cached.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
 */
export async function askAuthorizer(question: AuthorizerQuestion): Promise<Result<Authorized, GatewayError>> {
  const { request, api, environment, match } = question;
  const identity = request.headers.find(([name]) => name.toLowerCase() === 'authorization')?.[1] ?? '';
  if (identity === '') return refuse(UNAUTHORIZED);
  const { partition, region, account } = environment;
  const methodArn = `arn:${partition}:execute-api:${region}:${account}:${api.id}/${api.stage}/${request.method}${match.path.replaceAll('*', '%2A')}`;
  const result = await question.invoke(question.functionName, toEvent(question, methodArn));
  if (result.status !== 'succeeded') return failed(result);
  const answer = parseAnswer(result.payload);
  if (answer === null) {
    return refuse({ type: 'AUTHORIZER_CONFIGURATION_ERROR', message: 'Internal server error' });
  }
  const allowed = await isAllowedByPolicy(answer.policyDocument, 'execute-api:Invoke', methodArn, environment);
  if (allowed) return ok(answer);
  return refuse({ type: 'ACCESS_DENIED', message: 'User is not authorized to access this resource' });
}

function failed(result: InvocationResult): Result<never, GatewayError> {
  const isRefusal = result.status === 'failed' && result.errorMessage === 'Unauthorized';
  return refuse(isRefusal ? UNAUTHORIZED : { type: 'AUTHORIZER_FAILURE', message: 'Internal server error' });
}

function toEvent({ request, requestId, match, api, environment }: AuthorizerQuestion, methodArn: string): object {
  const { path, query } = splitTarget(request.target);
  return {
    type: 'REQUEST',
    methodArn,
    resource: match.route.path,
    path: match.path,
    httpMethod: request.method,
    headers: Object.fromEntries(request.headers),
    multiValueHeaders: allOf(request.headers),
    queryStringParameters: Object.fromEntries(query),
    multiValueQueryStringParameters: allOf(query),
    pathParameters: match.pathParameters ?? {},
    stageVariables: {},
    requestContext: {
      accountId: environment.account,
      apiId: api.id,
      httpMethod: request.method,
      identity: { sourceIp: '127.0.0.1' },
      path,
      requestId,
      resourcePath: match.route.path,
      stage: api.stage,
    },
  };
}

function allOf(pairs: readonly (readonly [name: string, value: string])[]): Record<string, string[]> {
  const all: Record<string, string[]> = {};
  for (const [name, value] of pairs) (all[name] ??= []).push(value);
  return all;
}

/** `null` for what API Gateway would not take: no principal, no policy, or a context with anything but plain values. */
function parseAnswer(payload: unknown): (Authorized & { readonly policyDocument: object }) | null {
  if (!isObject(payload)) return null;
  const { principalId, policyDocument, context = {} } = payload;
  if (typeof principalId !== 'string' || !isObject(policyDocument) || !isObject(context)) return null;
  const entries = Object.entries(context);
  if (!entries.every(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))) return null;
  return {
    principalId,
    policyDocument,
    context: Object.fromEntries(entries.map(([name, value]) => [name, String(value)])),
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
