import * as v from 'valibot';
import { ANSWERS } from './answers.ts';
import { ERROR_CODES } from './error-codes.ts';
import { VALIDATION_REASONS, WIRE_ERRORS, type ErrorName } from './errors.ts';
import { OPERATIONS, type OperationName } from './operations.ts';

const errorNames = Object.keys(WIRE_ERRORS) as ErrorName[];

const errorAnswer = v.strictObject({
  __type: v.picklist(errorNames),
  message: v.string(),
  reason: v.optional(v.picklist(VALIDATION_REASONS)),
  /** The stored payment that a client token belongs to. */
  bursar: v.optional(v.record(v.string(), v.unknown())),
  fieldList: v.optional(
    v.array(
      v.strictObject({
        name: v.pipe(
          v.string(),
          v.check((name) => !name.startsWith('bursar:') || Object.hasOwn(ERROR_CODES, name), 'no code of the table'),
        ),
        message: v.string(),
      }),
    ),
  ),
});

/**
 * Compares what a function answered with the contract, strictly: a member that the contract does not name is as wrong as one
 * that is missing. For tests and the local stack; returns what is wrong, by names of members and never by their values.
 */
export function findAnswerFlaw(
  operation: OperationName,
  { status, text }: { readonly status: number; readonly text: string },
): string | null {
  const body: unknown = text === '' ? null : JSON.parse(text);
  if (status >= 400) return findErrorFlaw(operation, status, body);
  const { successStatus } = OPERATIONS[operation];
  if (status !== successStatus) return `${operation} answered ${status}, expected ${successStatus}`;
  const parsed = v.safeParse(ANSWERS[operation] as v.GenericSchema, body);
  return parsed.success ? null : `the answer of ${operation} is not what the contract says: ${describe(parsed.issues)}`;
}

function findErrorFlaw(operation: OperationName, status: number, body: unknown): string | null {
  const parsed = v.safeParse(errorAnswer, body);
  if (!parsed.success) return `an error of ${operation} is not what the contract says: ${describe(parsed.issues)}`;
  const { status: expected } = WIRE_ERRORS[parsed.output.__type];
  return status === expected
    ? null
    : `${operation} answered ${parsed.output.__type} as ${status}, expected ${expected}`;
}

function describe(issues: readonly v.BaseIssue<unknown>[]): string {
  return issues
    .map(
      (issue) => `${v.getDotPath(issue) ?? 'the body'} (${issue.type}, expected ${issue.expected ?? 'another value'})`,
    )
    .join('; ');
}
