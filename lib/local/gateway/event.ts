import { LOOPBACK } from '../../domain/loopback.ts';
import { formatSessionArn } from '../iam/access-policies.ts';
import type { Identity } from '../iam/credentials.ts';
import type { Environment } from '../template/environment.ts';
import type { RouteMatch } from './routes.ts';
import { splitTarget } from '../../sigv4/canonical-request.ts';
import type { SignedRequest } from '../../sigv4/verification.ts';
import type { ApiDefinition } from '../template/api.ts';

/** What a Lambda authorizer's answer makes of a request: the context goes into the function's event, all as text. */
export interface Authorized {
  readonly principalId: string;
  readonly context: Readonly<Record<string, string>>;
  /** How long the authorizer took. */
  readonly latencyMs: number;
}

/** One request, as the gateway knows it before it knows who calls. */
export interface GatewayRequest {
  readonly request: SignedRequest;
  readonly requestId: string;
  readonly match: RouteMatch;
  readonly api: ApiDefinition;
  readonly environment: Environment;
  /** X-Ray's trace header. */
  readonly traceId: string;
  readonly port: number;
  readonly nowMs: number;
}

/** Who calls. Neither is known on a route that is open to everybody. */
export interface Admitted {
  /** Who signed. */
  readonly caller: (Identity & { readonly accessKeyId: string }) | null;
  /** What a Lambda authorizer said of the caller. */
  readonly authorized: Authorized | null;
}

export type EventSource = GatewayRequest & Admitted;

/**
 * Headers that do not reach a Lambda integration. A signature does not, either.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
 */
const DROPPED = new Set([
  'connection',
  'content-md5',
  'expect',
  'keep-alive',
  'max-forwards',
  'proxy-authenticate',
  'server',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'www-authenticate',
  // Replaced by the gateway's own.
  'x-amzn-trace-id',
]);
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/**
 * The event of a REST API's Lambda proxy integration. A body goes as text, whatever bytes it has, unless its content
 * type is one of the API's binary media types.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
 */
export function createGatewayEvent(source: EventSource): object {
  const { request, match, api } = source;
  const { query } = splitTarget(request.target);
  // A signature ends at the gateway; a token goes on to the function.
  const headers = headersOf(source).filter(
    ([name]) => source.caller === null || name.toLowerCase() !== 'authorization',
  );
  const binary = isBinary(api, contentTypeOf(request));
  return {
    resource: match.route.path,
    path: match.path,
    httpMethod: request.method,
    headers: lastOf(headers),
    multiValueHeaders: allOf(headers),
    queryStringParameters: query.length === 0 ? null : lastOf(query),
    multiValueQueryStringParameters: query.length === 0 ? null : allOf(query),
    pathParameters: match.pathParameters,
    stageVariables: null,
    requestContext: createRequestContext(source),
    body: request.body.length === 0 ? null : Buffer.from(request.body).toString(binary ? 'base64' : 'utf8'),
    isBase64Encoded: binary && request.body.length > 0,
  };
}

/** The ARN of a route's method as one request asks for it: what `execute-api:Invoke` is asked about. */
export function formatMethodArn({ request, match, api, environment }: GatewayRequest): string {
  const { partition, region, account } = environment;
  // In the request's resource a `*` is a character of the path, and IAM would take it for a pattern.
  const path = match.path.replaceAll('*', '%2A');
  return `arn:${partition}:execute-api:${region}:${account}:${api.id}/${api.stage}/${request.method}${path}`;
}

/**
 * The event of a Lambda authorizer of type REQUEST: the request without its body.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html
 */
export function createAuthorizerEvent(source: GatewayRequest): object {
  const { request, match } = source;
  const { query } = splitTarget(request.target);
  const headers = headersOf(source);
  return {
    type: 'REQUEST',
    methodArn: formatMethodArn(source),
    resource: match.route.path,
    path: match.path,
    httpMethod: request.method,
    headers: lastOf(headers),
    multiValueHeaders: allOf(headers),
    queryStringParameters: lastOf(query),
    multiValueQueryStringParameters: allOf(query),
    pathParameters: match.pathParameters ?? {},
    stageVariables: {},
    requestContext: createRequestContext({ ...source, caller: null, authorized: null }),
  };
}

function headersOf({ request, traceId, port }: GatewayRequest): Pairs {
  return [
    ...request.headers.filter(([name]) => !DROPPED.has(name.toLowerCase())),
    ['X-Amzn-Trace-Id', traceId.split(';')[0]!],
    ['X-Forwarded-For', LOOPBACK],
    ['X-Forwarded-Port', String(port)],
    ['X-Forwarded-Proto', 'http'],
  ];
}

/** What an authorizer said goes to the function as text; the two members of the gateway's own can't be said by it. */
function toAuthorizerContext({ context, principalId, latencyMs }: Authorized): object {
  return { authorizer: { ...context, principalId, integrationLatency: latencyMs } };
}

function createRequestContext(source: EventSource): object {
  const { request, requestId, match, api, environment, caller, authorized } = source;
  const { path } = splitTarget(request.target);
  const host = request.headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? '';
  const userAgent = request.headers.findLast(([name]) => name.toLowerCase() === 'user-agent')?.[1] ?? null;
  const user = caller === null ? null : `AROALOCAL:${caller.sessionName}`;
  return {
    accountId: environment.account,
    apiId: api.id,
    ...(authorized === null ? {} : toAuthorizerContext(authorized)),
    domainName: host,
    domainPrefix: api.id,
    extendedRequestId: requestId,
    httpMethod: request.method,
    identity: {
      accessKey: caller?.accessKeyId ?? null,
      accountId: caller === null ? null : environment.account,
      caller: user,
      cognitoAuthenticationProvider: null,
      cognitoAuthenticationType: null,
      cognitoIdentityId: null,
      cognitoIdentityPoolId: null,
      principalOrgId: null,
      sourceIp: LOOPBACK,
      user,
      userAgent,
      userArn: caller === null ? null : formatSessionArn(environment, caller),
    },
    path,
    protocol: 'HTTP/1.1',
    requestId,
    requestTime: formatRequestTime(new Date(source.nowMs)),
    requestTimeEpoch: source.nowMs,
    resourceId: `${api.id}-${match.route.path}`,
    resourcePath: match.route.path,
    stage: api.stage,
  };
}

/** Whether bodies of a content type are handed on in base64. */
export function isBinary(api: ApiDefinition, contentType: string): boolean {
  const type = contentType.split(';')[0]!.trim().toLowerCase();
  return api.binaryMediaTypes.some((binary) => {
    const wanted = binary.toLowerCase();
    if (wanted === '*/*') return true;
    return wanted.endsWith('/*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted;
  });
}

function contentTypeOf(request: SignedRequest): string {
  return request.headers.findLast(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
}

type Pairs = readonly (readonly [name: string, value: string])[];

/** Of a repeated name the last value counts. Names are told apart by case, as API Gateway does. */
function lastOf(pairs: Pairs): Record<string, string> {
  return Object.fromEntries(pairs);
}

function allOf(pairs: Pairs): Record<string, string[]> {
  const all = new Map<string, string[]>();
  for (const [name, value] of pairs) all.set(name, [...(all.get(name) ?? []), value]);
  return Object.fromEntries(all);
}

/** As in `21/Nov/2026:07:30:00 +0000`. */
function formatRequestTime(date: Date): string {
  const day = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}`;
  return `${day}:${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
