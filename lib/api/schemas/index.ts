import * as v from 'valibot';
import type { FieldProblem } from '../../domain/refusal.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { OperationName } from '../operations.ts';
import { controlPlaneSchemas } from './control-plane.ts';
import { dataPlaneSchemas } from './data-plane.ts';
import { identitySchemas } from './identities.ts';

/** One schema per operation, over body, path and query together. */
export const SCHEMAS = { ...controlPlaneSchemas, ...identitySchemas, ...dataPlaneSchemas } as const satisfies Record<
  OperationName,
  v.GenericSchema
>;

/** What a handler gets: the members of the schema, nothing else. */
export type OperationInput<N extends OperationName> = v.InferOutput<(typeof SCHEMAS)[N]>;

const PROBLEMS_MAX = 20;
const SHOWN_CHARS_MAX = 60;
const NAME_CHARS_MAX = 200;
// Tokens, credentials and what tells who somebody is: not quoted, not even to whoever sent them.
const PRIVATE =
  /^(clientToken|nextToken|userToken|workloadIdentityToken)$|^(providerConfigurationInput|paymentTokenRequest)(\.|$)|\.linkedAccounts\./;

/**
 * Checks a request's members. Returns every wrong one, at most twenty. Members that the schema does not know are dropped,
 * and so are those that are `null`: AWS's protocol takes them for absent.
 */
export function validateInput<N extends OperationName>(
  operation: N,
  input: Readonly<Record<string, unknown>>,
): Result<OperationInput<N>, readonly FieldProblem[]> {
  // Stopping at a member's first problem keeps long texts away from the patterns behind the length check.
  const result = v.safeParse(
    SCHEMAS[operation] as v.GenericSchema<unknown, OperationInput<N>>,
    Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null)),
    { abortPipeEarly: true },
  );
  return result.success ? ok(result.output) : refuse(problemsOf(result.issues));
}

function problemsOf(issues: readonly v.BaseIssue<unknown>[]): readonly FieldProblem[] {
  const byName = new Map<string, FieldProblem>();
  for (const issue of issues) {
    const name = clip(v.getDotPath(issue) ?? 'request', NAME_CHARS_MAX);
    // The first problem of a member is the one to mend; the rest usually follow from it.
    if (!byName.has(name)) byName.set(name, { name, message: `${name} ${describe(issue)}` });
    if (byName.size === PROBLEMS_MAX) break;
  }
  return [...byName.values()];
}

function describe(issue: v.BaseIssue<unknown>): string {
  if (issue.input === undefined) return 'is required';
  const expected = issue.type === 'object' ? 'must be an object' : issue.message;
  const isPrivate = PRIVATE.test(v.getDotPath(issue) ?? '');
  return `${expected}. Received: ${isPrivate ? sizeOf(issue.input) : show(issue.input)}`;
}

function sizeOf(value: unknown): string {
  return typeof value === 'string' ? `${value.length} characters` : typeof value;
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
