import { ok, refuse, type Result } from '../../domain/result.ts';
import { isAllowedByPolicy } from '../iam/access-policies.ts';
import type { GatewayError } from './answer.ts';
import { createAuthorizerEvent, formatMethodArn, type Authorized, type GatewayRequest } from './event.ts';
import type { InvocationResult } from '../runtime/runtime.ts';

interface Answered extends Pick<Authorized, 'principalId' | 'context'> {
  readonly policyDocument: object;
}

export interface AuthorizerQuestion {
  readonly request: GatewayRequest;
  readonly functionName: string;
  readonly invoke: (functionName: string, event: object, traceHeader: string) => Promise<InvocationResult>;
  /** Of a clock that only goes forward. */
  readonly nowMs: () => number;
}

const UNAUTHORIZED: GatewayError = { type: 'UNAUTHORIZED', message: 'Unauthorized' };
const MISCONFIGURED: GatewayError = { type: 'AUTHORIZER_CONFIGURATION_ERROR', message: 'Internal server error' };

/**
 * Asks a REST API's Lambda authorizer of type REQUEST, whose identity source is the Authorization header: without one the
 * function is not asked. Nothing is cached.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
 */
export async function askAuthorizer(question: AuthorizerQuestion): Promise<Result<Authorized, GatewayError>> {
  const { request, nowMs } = question;
  const identity = request.request.headers.findLast(([name]) => name.toLowerCase() === 'authorization')?.[1] ?? '';
  if (identity === '') return refuse(UNAUTHORIZED);
  const askedAt = nowMs();
  const result = await question.invoke(question.functionName, createAuthorizerEvent(request), request.traceId);
  const latencyMs = Math.round(nowMs() - askedAt);
  if (result.status !== 'succeeded') return failed(result);
  const answer = parseAnswer(result.payload);
  if (answer === null) return refuse(MISCONFIGURED);
  const { principalId, context, policyDocument } = answer;
  const methodArn = formatMethodArn(request);
  const allowed = await isAllowedByPolicy(policyDocument, 'execute-api:Invoke', methodArn, request.environment);
  if (allowed === null) return refuse(MISCONFIGURED);
  if (allowed) return ok({ principalId, context, latencyMs });
  const message = 'User is not authorized to access this resource';
  return refuse({ type: 'ACCESS_DENIED', message, authorizer: context });
}

function failed(result: InvocationResult): Result<never, GatewayError> {
  const isRefusal = result.status === 'failed' && result.errorMessage === 'Unauthorized';
  return refuse(isRefusal ? UNAUTHORIZED : { type: 'AUTHORIZER_FAILURE', message: 'Internal server error' });
}

/** `null` for what API Gateway would not take: no principal, no policy, or a context with anything but plain values. */
function parseAnswer(payload: unknown): Answered | null {
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
