import * as v from 'valibot';
import type { FieldProblem } from '../domain/refusal.ts';
import { ok, refuse, type Result } from '../domain/result.ts';
import { OPERATIONS, type OperationName, type OperationRoute } from './operations.ts';
import { REQUESTS, type OperationInput } from './requests.ts';

const PROBLEMS_MAX = 20;
/** Of all problems of one request as JSON: an answer stays small, whatever is wrong. */
const PROBLEMS_CHARS_MAX = 4_000;
const SHOWN_CHARS_MAX = 60;
const NAME_CHARS_MAX = 200;
// Tokens, payloads and what tells who somebody is: not quoted, not even to the caller that sent them.
const PRIVATE = /^(clientToken|nextToken|paymentInput)$|^(request|challenge)(\.|$)|\.linkedAccounts(\.|$)/;
/** Members whose own members the caller names. */
const NAMED_BY_CALLER = /^(tags)\..*$/s;

/** The schema of each of some operations. A function is given its own, so that it carries no others. */
export type RequestSchemas<N extends OperationName = OperationName> = { readonly [K in N]: (typeof REQUESTS)[K] };

/** Checks a request's members by the contract of all operations. */
export function validateInput<N extends OperationName>(
  operation: N,
  input: Readonly<Record<string, unknown>>,
): Result<OperationInput<N>, readonly FieldProblem[]> {
  const route: OperationRoute = OPERATIONS[operation];
  return checkInput(REQUESTS, operation, input, route);
}

/**
 * Checks a request's members. Returns every wrong one, at most twenty. Members that the schema does not know are dropped,
 * and so are those that are `null`: AWS's protocol takes them for absent.
 */
export function checkInput<N extends OperationName>(
  requests: RequestSchemas<N>,
  operation: N,
  input: Readonly<Record<string, unknown>>,
  { hasSecrets = false }: Pick<OperationRoute, 'hasSecrets'>,
): Result<OperationInput<N>, readonly FieldProblem[]> {
  // Stopping at a member's first problem keeps long texts away from the patterns behind the length check.
  const result = v.safeParse(
    requests[operation] as unknown as v.GenericSchema<unknown, OperationInput<N>>,
    Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null)),
    { abortPipeEarly: true },
  );
  return result.success ? ok(result.output) : refuse(problemsOf(result.issues, hasSecrets));
}

/** What is wrong with each member, at most twenty; `hasSecrets`: nothing is quoted. */
export function problemsOf(issues: readonly v.BaseIssue<unknown>[], hasSecrets: boolean): readonly FieldProblem[] {
  const byName = new Map<string, FieldProblem>();
  let chars = 0;
  for (const issue of issues) {
    const path = v.getDotPath(issue) ?? 'request';
    const name = clip(hasSecrets ? path.replace(NAMED_BY_CALLER, '$1') : path, NAME_CHARS_MAX);
    // The first problem of a member is the one to mend; the rest usually follow from it.
    if (byName.has(name)) continue;
    const problem = { name, message: `${name} ${describe(issue, hasSecrets || PRIVATE.test(path))}` };
    chars += JSON.stringify(problem).length;
    if (byName.size === PROBLEMS_MAX || (byName.size > 0 && chars > PROBLEMS_CHARS_MAX)) break;
    byName.set(name, problem);
  }
  return [...byName.values()];
}

// What stands where an object or a list should is somebody's misplaced content.
const CONTAINERS = new Set(['object', 'array', 'record']);

function describe(issue: v.BaseIssue<unknown>, isPrivate: boolean): string {
  if (issue.input === undefined) return 'is required';
  const expected = issue.type === 'object' ? 'must be an object' : issue.message;
  const isHidden = isPrivate || CONTAINERS.has(issue.type);
  return `${expected}. Received: ${isHidden ? sizeOf(issue.input) : show(issue.input)}`;
}

function sizeOf(value: unknown): string {
  if (typeof value === 'string') return `${value.length} characters`;
  return typeof value === 'object' ? show(value) : `a ${typeof value}`;
}

function show(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'string' ? `'${clip(value, SHOWN_CHARS_MAX)}'` : String(value);
}

function clip(text: string, charsMax: number): string {
  const shown = text.replace(/[^\x20-\x7e]/g, '?');
  return shown.length > charsMax ? `${shown.slice(0, charsMax)}...` : shown;
}
