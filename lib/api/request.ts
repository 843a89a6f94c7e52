import {
  AGENT_NAME_MAX_CHARS,
  BODY_MAX_BYTES,
  JSON_DEPTH_MAX,
  JSON_MEMBERS_MAX,
  USER_ID_MAX_CHARS,
} from '../domain/limits.ts';
import type { FieldProblem, Refusal } from '../domain/refusal.ts';
import { ok, refuse, type Result } from '../domain/result.ts';
import { parseStrictJson } from '../protocols/strict-json.ts';
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
  const body = readBody(event);
  if (!body.ok) return body;
  const user = readHeader(event, USER_HEADER, 'userId', USER_ID_MAX_CHARS);
  const agent = readHeader(event, AGENT_HEADER, 'agentName', AGENT_NAME_MAX_CHARS);
  const input = validateInput(operation, { ...event.queryStringParameters, ...body.value, ...decodePath(event) });

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

function readBody(event: ApiEvent): Result<Record<string, unknown>, Refusal> {
  if (event.body === null || event.body === '') return ok({});
  // Base64 is a third longer than what it holds: no need to decode what is too large anyway.
  const encodedBytes = Buffer.byteLength(event.body);
  const tooLarge = encodedBytes > (event.isBase64Encoded ? Math.ceil((BODY_MAX_BYTES * 4) / 3) + 4 : BODY_MAX_BYTES);
  const text = tooLarge ? '' : event.isBase64Encoded ? Buffer.from(event.body, 'base64').toString('utf8') : event.body;
  if (tooLarge || Buffer.byteLength(text) > BODY_MAX_BYTES) {
    return refuse({ reason: 'cannot_parse', message: `the body is larger than ${BODY_MAX_BYTES} bytes` });
  }
  const parsed = parseStrictJson(text, { maxDepth: JSON_DEPTH_MAX, maxMembers: JSON_MEMBERS_MAX });
  if (!parsed.ok) return parsed;
  const { value } = parsed;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse({ reason: 'cannot_parse', message: 'the body is not a JSON object' });
  }
  return ok(value as Record<string, unknown>);
}

/** An optional header; an empty one counts as missing, since AWS's SDKs send it empty. */
function readHeader(
  event: ApiEvent,
  header: string,
  name: string,
  maxChars: number,
): Result<string | null, FieldProblem[]> {
  const values = headerValues(event, header);
  const [value] = values;
  if (value === undefined || (values.length === 1 && value === '')) return ok(null);
  if (values.length > 1)
    return refuse([{ name, message: `${name} stands in more than one ${header} header; expected one` }]);
  if (value.length > maxChars)
    return refuse([{ name, message: `${name} must have at most ${maxChars} characters. Received: ${value.length}` }]);
  // Control characters and unpaired surrogates could break keys and log lines apart.
  if (/\p{C}/u.test(value)) return refuse([{ name, message: `${name} must not contain control characters` }]);
  return ok(value);
}
