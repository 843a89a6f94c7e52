import * as v from 'valibot';
import type { FieldProblem } from '../../domain/refusal.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { OperationName } from '../operations.ts';
import { controlPlaneSchemas } from './control-plane.ts';
import { dataPlaneSchemas } from './data-plane.ts';

/** One schema per operation, over body, path and query together. */
export const SCHEMAS = { ...controlPlaneSchemas, ...dataPlaneSchemas } as const satisfies Record<
  OperationName,
  v.GenericSchema
>;

/** What a handler gets: the members of the schema, nothing else. */
export type OperationInput<N extends OperationName> = v.InferOutput<(typeof SCHEMAS)[N]>;

const PROBLEMS_MAX = 20;
const SHOWN_CHARS_MAX = 60;

/** Checks a request's members. Returns every wrong one, at most twenty. Members that the schema does not know are dropped. */
export function validateInput<N extends OperationName>(
  operation: N,
  input: Readonly<Record<string, unknown>>,
): Result<OperationInput<N>, readonly FieldProblem[]> {
  const result = v.safeParse(SCHEMAS[operation] as v.GenericSchema<unknown, OperationInput<N>>, input);
  return result.success ? ok(result.output) : refuse(problemsOf(result.issues));
}

function problemsOf(issues: readonly v.BaseIssue<unknown>[]): readonly FieldProblem[] {
  const byName = new Map<string, FieldProblem>();
  for (const issue of issues) {
    const name = v.getDotPath(issue) ?? 'request';
    // The first problem of a member is the one to mend; the rest usually follow from it.
    if (!byName.has(name)) byName.set(name, { name, message: `${name} ${describe(issue)}` });
    if (byName.size === PROBLEMS_MAX) break;
  }
  return [...byName.values()];
}

function describe(issue: v.BaseIssue<unknown>): string {
  if (issue.input === undefined) return 'is required';
  const expected = issue.message.startsWith('Invalid') ? `must be ${issue.expected ?? 'valid'}` : issue.message;
  return `${expected}. Received: ${show(issue.input)}`;
}

function show(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const shown = String(value).replace(/[^\x20-\x7e]/g, '?');
  return shown.length > SHOWN_CHARS_MAX ? `${shown.slice(0, SHOWN_CHARS_MAX)}...` : shown;
}
