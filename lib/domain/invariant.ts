/**
 * Thrown when what the store holds cannot be: books that do not balance, an item without what every item of its kind has.
 * Nobody's request is to blame, retrying does not help, and an alarm goes off: see InvariantViolated in docs/operating.md.
 */
export class InvariantViolated extends Error {
  override readonly name = 'InvariantViolated';
}

const CAUSES_MAX = 5;

/** Whether an error or one of its causes is an `InvariantViolated`. */
export function isInvariantViolation(failure: unknown): boolean {
  let error = failure;
  for (let depth = 0; error instanceof Error && depth < CAUSES_MAX; depth += 1) {
    if (error instanceof InvariantViolated) return true;
    error = error.cause;
  }
  return false;
}
