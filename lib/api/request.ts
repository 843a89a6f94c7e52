import { AGENT_NAME_MAX_CHARS, USER_ID_MAX_CHARS } from '../domain/limits.ts';
import type { FieldProblem, Refusal } from '../domain/refusal.ts';
import { ok, refuse, type Result } from '../domain/result.ts';
import { parseBody } from './body.ts';
import { headerValues, type ApiEvent } from './http.ts';
import { OPERATIONS, type FunctionName, type OperationName } from './operations.ts';
import { validateInput, type OperationInput } from './schemas/index.ts';

export const USER_HEADER = 'X-Amzn-Bedrock-AgentCore-Payments-User-Id';
export const AGENT_HEADER = 'X-Amzn-Bedrock-AgentCore-Payments-Agent-Name';

/** A request that passed every check that needs no store. */
export interface ApiRequest<N extends OperationName = OperationName> {
  readonly operation: N;
  readonly input: OperationInput<N>;
  /** Empty for operations that act for nobody. */
  readonly userId: string;
  readonly agentName: string | null;
  readonly requestId: string;
}

/** The operation that a route of this function stands for. */
export function findOperation(
  name: FunctionName,
  event: Pick<ApiEvent, 'httpMethod' | 'resource' | 'path'>,
): Result<OperationName, Refusal> {
  const found = (Object.keys(OPERATIONS) as OperationName[]).find((operation) => {
    const route = OPERATIONS[operation];
    return route.function === name && route.method === event.httpMethod && route.path === event.resource;
  });
  return found === undefined
    ? refuse({ reason: 'unknown_operation', method: event.httpMethod, path: event.path })
    : ok(found);
}

/** Reads headers, path, query and body, and checks them against the operation's schema. Reports everything that is wrong at once. */
export function readRequest(operation: OperationName, event: ApiEvent): Result<ApiRequest, Refusal> {
  const body = parseBody(event);
  if (!body.ok) return body;
  const user = readHeader(event, USER_HEADER, 'userId', USER_ID_MAX_CHARS);
  const agent = readHeader(event, AGENT_HEADER, 'agentName', AGENT_NAME_MAX_CHARS);
  const query = readQuery(operation, event);
  const input = query.ok ? validateInput(operation, { ...query.value, ...body.value, ...decodePath(event) }) : query;

  const problems: FieldProblem[] = [user, agent, input].flatMap((part) => (part.ok ? [] : part.error));
  if (user.ok && user.value === null && OPERATIONS[operation].user === 'required') {
    problems.unshift({ name: 'userId', message: `userId is required: send it as the header ${USER_HEADER}` });
  }
  if (problems.length > 0 || !user.ok || !agent.ok || !input.ok) return refuse({ reason: 'invalid_request', problems });
  return ok({
    operation,
    input: input.value,
    userId: user.value ?? '',
    agentName: agent.value,
    requestId: event.requestContext.requestId,
  });
}

/** Members in the query string, where an operation without a body has them; elsewhere a query says nothing. */
function readQuery(operation: OperationName, event: ApiEvent): Result<Record<string, string>, FieldProblem[]> {
  if (OPERATIONS[operation].method !== 'GET') return ok({});
  const repeated = Object.values(event.multiValueQueryStringParameters ?? {}).some((values) => values.length > 1);
  if (repeated) return refuse([{ name: 'query', message: 'the query has a parameter twice; expected each once' }]);
  return ok({ ...event.queryStringParameters });
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

/** An optional header; an empty one counts as missing, since AWS's SDKs send it empty. */
function readHeader(
  event: ApiEvent,
  header: string,
  name: string,
  maxChars: number,
): Result<string | null, FieldProblem[]> {
  const values = headerValues(event, header).map((each) => each.trim());
  const [value = ''] = values;
  if (values.length > 1)
    return refuse([{ name, message: `${name} stands in more than one ${header} header; expected one` }]);
  if (value === '') return ok(null);
  if (value.length > maxChars)
    return refuse([{ name, message: `${name} must have at most ${maxChars} characters. Received: ${value.length}` }]);
  // Control characters and unpaired surrogates could break keys and log lines apart.
  if (/\p{C}/u.test(value)) return refuse([{ name, message: `${name} must not contain control characters` }]);
  return ok(value);
}
