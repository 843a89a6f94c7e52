import { OAUTH_PREFIX, OPERATIONS, type OperationName, type OperationRoute } from '../../lib/contract/operations.ts';
import { USER_HEADER } from '../../lib/contract/headers.ts';
import type { VerifiedClaims } from '../../lib/domain/tenants/jwt-authorizer.ts';
import type { ApiEvent } from '../../lib/api/http.ts';

/** An event as API Gateway makes it. */
export function makeEvent(
  operation: OperationName,
  parts: Partial<ApiEvent> & { readonly json?: unknown } = {},
): ApiEvent {
  const { method, path } = OPERATIONS[operation];
  const { json, ...rest } = parts;
  return {
    httpMethod: method,
    resource: path,
    path,
    headers: { 'X-Amzn-Bedrock-AgentCore-Payments-User-Id': 'user-1', 'content-type': 'application/json' },
    multiValueHeaders: null,
    pathParameters: null,
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    body: json === undefined ? null : JSON.stringify(json),
    isBase64Encoded: false,
    requestContext: { requestId: '11111111-2222-3333-4444-555555555555' },
    ...rest,
  };
}

export interface CallOptions {
  /** The body; members that the operation has in its query are sent there. */
  readonly json?: object;
  readonly path?: Readonly<Record<string, string>>;
  readonly user?: string;
  /** The claims of a verified token, for a call under /oauth; the user is its subject. */
  readonly claims?: VerifiedClaims;
  readonly event?: Partial<ApiEvent>;
}

/** A request with its members where the operation has them: in the query or in the body. */
export function toEvent(operation: OperationName, options: CallOptions): ApiEvent {
  const route: OperationRoute = OPERATIONS[operation];
  const { json, path = {}, user = 'user-1', claims, event = {} } = options;
  const entries = Object.entries(json ?? {});
  const isQuery = ([name]: [string, unknown]) => Object.hasOwn(route.query ?? {}, name);
  const query = Object.fromEntries(entries.filter(isQuery).map(([name, value]) => [name, [value].flat().map(String)]));
  const body = Object.fromEntries(entries.filter((entry) => !isQuery(entry)));
  const isRead = route.method === 'GET' || route.method === 'DELETE';
  return makeEvent(operation, {
    ...(isRead || json === undefined ? {} : { json: body }),
    multiValueQueryStringParameters: query,
    pathParameters: path,
    headers: { [USER_HEADER]: user },
    ...(claims === undefined ? {} : underOauth(route, claims)),
    ...event,
  });
}

/** What the route under /oauth gets once the JWT authorizer let a token pass. */
function underOauth(route: OperationRoute, claims: VerifiedClaims): Partial<ApiEvent> {
  return {
    resource: OAUTH_PREFIX + route.path,
    path: OAUTH_PREFIX + route.path,
    headers: {},
    requestContext: {
      requestId: '11111111-2222-3333-4444-555555555555',
      authorizer: { claims: JSON.stringify(claims) },
    },
  };
}
