import { toJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import type { PolicyDocument } from '../domain/policy/document.ts';
import type { FieldProblem } from '../domain/refusal.ts';
import { ok, refuse, type Result } from '../domain/result.ts';
import { policyDocument } from './fields/policy.ts';
import { problemsOf } from './validation.ts';

/** Reads a spend policy from parsed JSON, or says what is wrong with each member of it, named by its path: `rules.2.max`. */
export function readPolicy(value: unknown): Result<PolicyDocument, readonly FieldProblem[]> {
  const read = v.safeParse(policyDocument, value, { abortPipeEarly: true });
  return read.success ? ok(read.output) : refuse(problemsOf(read.issues, false));
}

/** The JSON Schema of a spend policy, as the text of its file. What it cannot say, time zones and hosts, only the service checks. */
export function formatPolicySchema(): string {
  const { $schema, ...rest } = toJsonSchema(policyDocument, { errorMode: 'ignore', typeMode: 'input' });
  const description =
    'A spend policy of Bursar: a payment is allowed where every rule of every policy in force allows it. Amounts are US dollars.';
  return `${JSON.stringify({ $schema, title: 'Bursar spend policy', description, ...rest }, null, 2)}\n`;
}
