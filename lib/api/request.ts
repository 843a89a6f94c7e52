import { AGENT_NAME_MAX_CHARS, USER_HEADER_PLAIN_MAX_CHARS, USER_ID_MAX_CHARS } from '../domain/limits.ts';
import { signedCaller, type Principal } from '../domain/tenants/principal.ts';
import { parseUserHeader } from '../domain/tenants/user-id.ts';
import type { FieldProblem, Refusal } from '../domain/refusal.ts';
import { ok, refuse, type Result } from '../domain/result.ts';
import { clientsOf } from '../jwt/admission.ts';
import { parseBody } from './body.ts';
import { headerValues, type ApiEvent } from './http.ts';
import type { readTokenCaller } from './token-caller.ts';
import { AGENT_HEADER, USER_HEADER } from '../contract/headers.ts';
import type { OperationName } from '../contract/operations.ts';
import { bodyMaxBytes, OAUTH_PREFIX, type FunctionName, type OperationRoute } from '../contract/route.ts';
import type { OperationInput } from '../contract/requests.ts';
import { checkInput, type RequestSchemas } from '../contract/validation.ts';

/** Who the user of a caller that signed with IAM is: whom the header names, or the name of the caller's role session. */
export type UserBinding = 'header' | 'role-session';

/** A request that passed every check that needs no store. */
export interface ApiRequest<N extends OperationName = OperationName> {
  readonly operation: N;
  readonly input: OperationInput<N>;
  /** Without a user for operations that act for nobody. */
  readonly principal: Principal;
  readonly agentName: string | null;
  /** Who called: a role's ARN, or the client of a token, or its user where it names none. Empty where nobody told. */
  readonly caller: string;
  readonly requestId: string;
}

/** Where operations stand, by name. A function is given those of its own files alone, since each costs it start. */
export type Routes = Readonly<Partial<Record<OperationName, OperationRoute>>>;

/** What a function reads its requests by. */
export interface OwnContract {
  readonly routes: Routes;
  readonly requests: RequestSchemas;
}

/** The route of an operation of a function. Throws for one that it was not given: a bug, never input. */
export function routeOf(routes: Routes, operation: OperationName): OperationRoute {
  const route = routes[operation];
  if (route === undefined) throw new Error(`this function has no route of ${operation}`);
  return route;
}

/** The operation that a route of this function stands for. */
export function findOperation(
  routes: Routes,
  name: FunctionName,
  event: Pick<ApiEvent, 'httpMethod' | 'resource' | 'path'>,
): Result<OperationName, Refusal> {
  const found = (Object.keys(routes) as OperationName[]).find((operation) => {
    const route = routeOf(routes, operation);
    if (route.function !== name || route.method !== event.httpMethod) return false;
    return route.path === event.resource || (route.oauth !== null && OAUTH_PREFIX + route.path === event.resource);
  });
  return found === undefined
    ? refuse({ reason: 'unknown_operation', method: event.httpMethod, path: event.path })
    : ok(found);
}

/** Whether the call came with a token, and so with what the authorizer says of it. */
export function bearsToken({ resource }: Pick<ApiEvent, 'resource'>): boolean {
  return resource.startsWith(`${OAUTH_PREFIX}/`);
}

/**
 * Reads headers, path, query and body, and checks them against the operation's schema. Reports everything that is wrong at once.
 * @param readToken reads who bears a token: most callers sign, so that it is loaded with the first one
 */
export function readRequest(
  { routes, requests }: OwnContract,
  operation: OperationName,
  event: ApiEvent,
  binding: UserBinding = 'header',
  readToken: typeof readTokenCaller | null = null,
): Result<ApiRequest, Refusal> {
  const route = routeOf(routes, operation);
  const body = parseBody(event, bodyMaxBytes(route));
  if (!body.ok) return body;
  const token = bearsToken(event) ? readToken!(event, route, body.value) : null;
  if (token?.ok === false) return token;
  const principal = token === null ? readPrincipal(route, event, binding) : ok(token.value.principal);
  const agent = readAgentName(event);
  const query = readQuery(route, event);
  const inBody = Object.entries(token?.value.members ?? body.value).filter(
    ([name]) => !Object.hasOwn(route.query ?? {}, name),
  );
  const input = query.ok
    ? checkInput(requests, operation, { ...Object.fromEntries(inBody), ...query.value, ...decodePath(event) }, route)
    : query;

  const problems: FieldProblem[] = [principal, agent, input].flatMap((part) => (part.ok ? [] : part.error));
  if (problems.length > 0 || !principal.ok || !agent.ok || !input.ok) {
    return refuse({ reason: 'invalid_request', problems });
  }
  const { requestId } = event.requestContext;
  const caller = callerOf(event, principal.value);
  return ok({ operation, input: input.value, principal: principal.value, agentName: agent.value, caller, requestId });
}

function callerOf(event: ApiEvent, { claims }: Principal): string {
  if (claims === null) return event.requestContext.identity?.userArn ?? '';
  return clientsOf(claims)[0] ?? claims.sub;
}

function readPrincipal(
  route: OperationRoute,
  event: ApiEvent,
  binding: UserBinding,
): Result<Principal, readonly FieldProblem[]> {
  if (route.user === 'none') return ok(signedCaller(''));
  const header = readUserId(event);
  if (!header.ok) return header;
  if (binding === 'role-session') return readBoundUser(event, header.value);
  if (header.value !== null) return ok(signedCaller(header.value, readCallerArn(event)));
  return refuse([{ name: 'userId', message: `userId is required: send it as the header ${USER_HEADER}` }]);
}

const ROLE_SESSION = /^arn:[a-z-]+:sts::[0-9]{12}:assumed-role\/[^/]+\/([^/]+)$/;

const ASSUMED_ROLE = /^arn:(aws[a-z-]*):sts::([0-9]{12}):assumed-role\/([^/]+)\/[^/]+$/;

/** The role of a caller that assumed one, else the ARN as the gateway has it. */
function readCallerArn(event: ApiEvent): string | undefined {
  const arn = event.requestContext.identity?.userArn ?? undefined;
  const [, partition, account, role] = ASSUMED_ROLE.exec(arn ?? '') ?? [];
  return role === undefined ? arn : `arn:${partition}:iam::${account}:role/${role}`;
}

/** The user is who the caller's role session is named after. A header that names another user is refused, since it is a mistake of the caller. */
function readBoundUser(event: ApiEvent, header: string | null): Result<Principal, readonly FieldProblem[]> {
  const userId = ROLE_SESSION.exec(event.requestContext.identity?.userArn ?? '')?.[1];
  if (userId === undefined) {
    const message = 'userId is the name of the role session here: expected a caller that assumed a role';
    return refuse([{ name: 'userId', message }]);
  }
  if (header === null || header === userId) return ok(signedCaller(userId, readCallerArn(event)));
  const message = `userId is the name of the role session here, and the header ${USER_HEADER} differs: leave it out`;
  return refuse([{ name: 'userId', message }]);
}

/** Members in the query string, of those that the operation has there; they stand nowhere else, and elsewhere a query says nothing. */
function readQuery(
  { query = {} }: OperationRoute,
  event: ApiEvent,
): Result<Record<string, string | readonly string[]>, FieldProblem[]> {
  const members: Record<string, string | readonly string[]> = {};
  for (const [name, count] of Object.entries(query)) {
    const single = event.queryStringParameters?.[name];
    const values = event.multiValueQueryStringParameters?.[name] ?? (single === undefined ? [] : [single]);
    const [value] = values;
    if (value === undefined) continue;
    if (count === 'one' && values.length > 1) {
      return refuse([{ name, message: `${name} stands in the query ${values.length} times; expected once` }]);
    }
    members[name] = count === 'many' ? values : value;
  }
  return ok(members);
}

/** Path parameters arrive as they stand in the URL, still encoded. */
function decodePath(event: ApiEvent): Record<string, string> {
  return Object.fromEntries(
    Object.entries(event.pathParameters ?? {}).map(([name, value]) => {
      try {
        return [name, decodeURIComponent(value)];
      } catch {
        return [name, value];
      }
    }),
  );
}

/** An optional header without the blanks around it; an empty one counts as missing, since AWS's SDKs send it empty. */
function readHeader(event: ApiEvent, header: string, name: string): Result<string | null, FieldProblem[]> {
  // RFC 9110 5.5: spaces and tabs around a value are no part of it. Any other blank is, and may tell two users apart.
  const values = headerValues(event, header).map((each) => each.replace(/^[ \t]+|[ \t]+$/g, ''));
  const [value = ''] = values;
  if (values.length > 1)
    return refuse([{ name, message: `${name} stands in more than one ${header} header; expected one` }]);
  return ok(value === '' ? null : value);
}

function readAgentName(event: ApiEvent): Result<string | null, FieldProblem[]> {
  const name = 'agentName';
  const header = readHeader(event, AGENT_HEADER, name);
  if (!header.ok || header.value === null) return header;
  const { length } = header.value;
  if (length > AGENT_NAME_MAX_CHARS)
    return refuse([
      { name, message: `${name} must have at most ${AGENT_NAME_MAX_CHARS} characters. Received: ${length}` },
    ]);
  // Control characters and unpaired surrogates could break keys and log lines apart.
  if (/\p{C}/u.test(header.value)) return refuse([{ name, message: `${name} must not contain control characters` }]);
  return header;
}

/** An id goes as it is where it is ASCII and short, else encoded: see `lib/domain/tenants/user-id.ts`. */
function readUserId(event: ApiEvent): Result<string | null, FieldProblem[]> {
  const name = 'userId';
  const header = readHeader(event, USER_HEADER, name);
  if (!header.ok || header.value === null) return header;
  const userId = parseUserHeader(header.value);
  if (userId !== null) return ok(userId);
  const encoded = `UTF-8'' and the percent-encoded UTF-8 of up to ${USER_ID_MAX_CHARS} characters, such as UTF-8''%C3%A9va`;
  if (/^[\x20-\x7e]+$/.test(header.value)) {
    const message = `${name} must have at most ${USER_HEADER_PLAIN_MAX_CHARS} characters in a header; a longer one is sent as ${encoded}`;
    return refuse([{ name, message: `${message}. Received: ${header.value.length} characters` }]);
  }
  const message = `${name} must be printable ASCII in a header, which carries nothing else reliably; any other is sent as ${encoded}`;
  return refuse([{ name, message }]);
}
