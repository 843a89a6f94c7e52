import { validateHeaderName, validateHeaderValue, type IncomingHttpHeaders } from 'node:http';
import { refuse, ok, type Result } from '../../domain/result.ts';
import { isBinary } from './event.ts';
import type { ApiDefinition } from '../template/api.ts';
import type { PreflightDefinition } from '../template/preflight.ts';
import type { GatewayResponse } from '../template/gateway-response.ts';

/** What goes back to the client. */
export interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

/** What API Gateway answers itself. */
export type GatewayErrorType =
  | 'ACCESS_DENIED'
  | 'AUTHORIZER_CONFIGURATION_ERROR'
  | 'AUTHORIZER_FAILURE'
  | 'BAD_REQUEST_PARAMETERS'
  | 'EXPIRED_TOKEN'
  | 'INTEGRATION_FAILURE'
  | 'INTEGRATION_TIMEOUT'
  | 'INVALID_SIGNATURE'
  | 'MISSING_AUTHENTICATION_TOKEN'
  | 'REQUEST_TOO_LARGE'
  | 'THROTTLED'
  | 'UNAUTHORIZED';

export interface GatewayError {
  readonly type: GatewayErrorType;
  readonly message: string;
  /** The context of a Lambda authorizer that let nobody in. A template has it as `$context.authorizer`, and nothing escapes it. */
  readonly authorizer?: Readonly<Record<string, string>>;
}

interface ErrorDefaults {
  readonly status: number;
  readonly errorType: string;
}

/** @see https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html */
const DEFAULTS: Readonly<Record<GatewayErrorType, ErrorDefaults>> = {
  ACCESS_DENIED: { status: 403, errorType: 'AccessDeniedException' },
  AUTHORIZER_CONFIGURATION_ERROR: { status: 500, errorType: 'AuthorizerConfigurationException' },
  AUTHORIZER_FAILURE: { status: 500, errorType: 'AuthorizerFailureException' },
  BAD_REQUEST_PARAMETERS: { status: 400, errorType: 'BadRequestException' },
  EXPIRED_TOKEN: { status: 403, errorType: 'ExpiredTokenException' },
  INTEGRATION_FAILURE: { status: 502, errorType: 'InternalServerErrorException' },
  INTEGRATION_TIMEOUT: { status: 504, errorType: 'InternalServerErrorException' },
  INVALID_SIGNATURE: { status: 403, errorType: 'InvalidSignatureException' },
  MISSING_AUTHENTICATION_TOKEN: { status: 403, errorType: 'MissingAuthenticationTokenException' },
  REQUEST_TOO_LARGE: { status: 413, errorType: 'RequestEntityTooLargeException' },
  THROTTLED: { status: 429, errorType: 'TooManyRequestsException' },
  UNAUTHORIZED: { status: 401, errorType: 'UnauthorizedException' },
};
const DEFAULT_TEMPLATE = '{"message":$context.error.messageString}';
const VARIABLE = /\$context\.([A-Za-z.]+)/g;
const STATIC_VALUE = /^'(.*)'$/;
const REQUEST_HEADER = /^method\.request\.header\.(.+)$/;

/** Headers that API Gateway does not let a function set, and gives another name. */
const REMAPPED = new Set(['authorization', 'connection', 'date', 'server', 'user-agent', 'www-authenticate']);
const IGNORED = new Set(['content-length', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'trailer']);
const RESPONSE_MEMBERS = new Set(['statusCode', 'headers', 'multiValueHeaders', 'body', 'isBase64Encoded']);

/** What API Gateway answers a preflight; an origin that is not listed finds no permission in it. */
export function answerPreflight(
  { status, headers, origins }: PreflightDefinition,
  origin: string | undefined,
  requestId: string,
): Answer {
  const isListed = origin !== undefined && origins.includes(origin);
  const allowed = isListed ? [['Access-Control-Allow-Origin', origin] as const] : [];
  const added = [['x-amzn-requestid', requestId] as const];
  return { status, headers: [...Object.entries(headers), ...allowed, ...added], body: new Uint8Array() };
}

/** The gateway response of the template for an error, else API Gateway's own. */
export function answerError(
  api: ApiDefinition,
  error: GatewayError,
  requestId: string,
  requestHeaders: IncomingHttpHeaders = {},
): Answer {
  const { status, errorType } = DEFAULTS[error.type];
  const fallback = api.gatewayResponses[status < 500 ? 'DEFAULT_4XX' : 'DEFAULT_5XX'];
  const response: GatewayResponse | undefined = api.gatewayResponses[error.type] ?? fallback;
  const variables: Readonly<Record<string, string>> = {
    ...Object.fromEntries(Object.entries(error.authorizer ?? {}).map(([name, value]) => [`authorizer.${name}`, value])),
    'error.message': error.message,
    'error.messageString': JSON.stringify(error.message),
    'error.responseType': error.type,
    requestId,
    extendedRequestId: requestId,
    stage: api.stage,
  };
  const fill = (text: string): string => text.replaceAll(VARIABLE, (_, name: string) => variables[name] ?? '');
  const valueOf = (mapped: string): string | string[] | undefined => {
    const asked = REQUEST_HEADER.exec(mapped)?.[1];
    if (asked !== undefined) return requestHeaders[asked.toLowerCase()];
    return STATIC_VALUE.exec(mapped)?.[1] ?? variables[mapped.replace(/^context\./, '')] ?? '';
  };
  const headers = Object.entries(response?.headers ?? {}).flatMap(([name, mapped]) => {
    const value = valueOf(mapped);
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  return {
    status: response?.statusCode ?? status,
    headers: withDefaults(headers, [
      ['content-type', 'application/json'],
      ['x-amzn-requestid', requestId],
      ['x-amzn-errortype', errorType],
    ]),
    body: Buffer.from(fill(response?.template ?? DEFAULT_TEMPLATE)),
  };
}

/**
 * Reads a function's answer as API Gateway does; the refusal says what makes it malformed.
 * @param accept the client's Accept header: a base64 body is decoded only where its first type is a binary one
 */
export function answerResponse(
  api: ApiDefinition,
  payload: unknown,
  requestId: string,
  accept: string,
): Result<Answer, string> {
  if (typeof payload !== 'object' || payload === null) return refuse('the answer is not an object');
  const response = payload as Readonly<Record<string, unknown>>;
  const stranger = Object.keys(response).find((name) => !RESPONSE_MEMBERS.has(name));
  if (stranger !== undefined) return refuse(`the answer has a member ${stranger}`);
  const status = Number(response['statusCode']);
  if (!Number.isInteger(status) || status < 200 || status > 599) return refuse('statusCode is not a status');
  const body = response['body'] ?? '';
  if (typeof body !== 'string') return refuse('body is not text');
  const headers = readHeaders(response['headers'], response['multiValueHeaders']);
  if (headers === null) return refuse('headers are not what HTTP can carry');
  const decode = response['isBase64Encoded'] === true && isBinary(api, accept.split(',')[0]!);
  return ok({
    status,
    headers: withDefaults(headers, [
      ['content-type', 'application/json'],
      ['x-amzn-requestid', requestId],
    ]),
    body: Buffer.from(body, decode ? 'base64' : 'utf8'),
  });
}

function readHeaders(single: unknown, multiple: unknown): [string, string][] | null {
  const [singles, lists] = [toEntries(single), toEntries(multiple)];
  if (singles === null || lists === null) return null;
  const named = singles.filter(([name]) => !lists.some(([other]) => other.toLowerCase() === name.toLowerCase()));
  const headers: [string, string][] = [];
  for (const [name, given] of [...named, ...lists]) {
    for (const value of Array.isArray(given) ? given : [given]) {
      if (!isHeader(name, value)) return null;
      const lower = name.toLowerCase();
      if (!IGNORED.has(lower)) headers.push([REMAPPED.has(lower) ? `x-amzn-Remapped-${name}` : name, String(value)]);
    }
  }
  return headers;
}

function toEntries(value: unknown): [string, unknown][] | null {
  if (value === undefined || value === null) return [];
  return typeof value === 'object' && !Array.isArray(value) ? Object.entries(value) : null;
}

function isHeader(name: string, value: unknown): boolean {
  if (!['string', 'number', 'boolean'].includes(typeof value)) return false;
  try {
    validateHeaderName(name);
    validateHeaderValue(name, String(value));
    return true;
  } catch {
    return false;
  }
}

function withDefaults(
  headers: readonly (readonly [string, string])[],
  defaults: readonly (readonly [string, string])[],
): (readonly [string, string])[] {
  const missing = defaults.filter(([name]) => !headers.some(([given]) => given.toLowerCase() === name));
  return [...headers, ...missing];
}
