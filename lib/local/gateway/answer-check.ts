import { findAnswerFlaw } from '../../contract/answer-check.ts';
import { OAUTH_PREFIX, OPERATIONS, type OperationName } from '../../contract/operations.ts';
import type { Answer } from './answer.ts';

/** What is wrong with a function's answer; `null` for a right one. */
export type CheckAnswer = (route: { readonly method: string; readonly path: string }, answer: Answer) => string | null;

/** Compares every answer with the contract, so that the local stack shows a wrong one before a deployment does. */
export const checkByContract: CheckAnswer = (route, { status, body }) => {
  const operation = operationOf(route);
  if (operation === null) return null;
  return findAnswerFlaw(operation, { status, text: Buffer.from(body).toString('utf8') });
};

function operationOf({ method, path }: { readonly method: string; readonly path: string }): OperationName | null {
  const own = path.startsWith(`${OAUTH_PREFIX}/`) ? path.slice(OAUTH_PREFIX.length) : path;
  const found = (Object.keys(OPERATIONS) as OperationName[]).find(
    (name) => OPERATIONS[name].method === method && OPERATIONS[name].path === own,
  );
  return found ?? null;
}
