import { JSON_DEPTH_MAX, JSON_MEMBERS_MAX, TOKEN_BODY_MAX_CHARS } from '../domain/limits.ts';
import type { FieldProblem } from '../domain/refusal.ts';
import { ok, refuse, type Result } from '../domain/result.ts';
import { parseStrictJson } from '../json/strict-json.ts';

const HOST = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::[0-9]{1,5})?$/;
const PATH = /^\/[a-zA-Z0-9/_\-.~%?=&]+$/;

/** @returns the problem of one member, as the only one, in the form that a request's refusal reports */
export function refuseField(name: string, message: string): Result<never, readonly FieldProblem[]> {
  return refuse([{ name, message: `${name} ${message}` }]);
}

/** The URL of a request to a provider, as an HTTP client would send it: dot segments are resolved, a query stays. */
export function parseRequestUrl(host: string, path: string): Result<URL, readonly FieldProblem[]> {
  if (!PATH.test(path)) return refuseField('requestPath', 'must be a path such as /platform/v2/evm/accounts');
  const text = `https://${host}${path}`;
  return HOST.test(host) && URL.canParse(text)
    ? ok(new URL(text))
    : refuseField('requestHost', 'must be a host name in lower case');
}

/**
 * The body of a request that a token is bound to: a JSON object or list, so that there is something to bind.
 * A body that another reader may take for something else, with a name twice in an object, is refused.
 */
export function parseRequestBody(text: string): Result<object, readonly FieldProblem[]> {
  const parsed = parseStrictJson(text, {
    maxBytes: TOKEN_BODY_MAX_CHARS,
    maxDepth: JSON_DEPTH_MAX,
    maxMembers: JSON_MEMBERS_MAX,
  });
  if (!parsed.ok) return refuseField('requestBody', `must be JSON: ${parsed.error.message}`);
  const { value } = parsed;
  return typeof value === 'object' && value !== null
    ? ok(value)
    : refuseField('requestBody', 'must be a JSON object or list');
}
