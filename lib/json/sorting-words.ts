// AWS's Python SDK sorts a refusal by these words, wherever in its message they stand; a stranger's text must not pick the sort.

export const BUDGET_OR_EXPIRY = /budget|insufficient|expired|session not found/gi;
export const INSTRUMENT = /instrument|inactive/gi;

/** Keeps text that a caller or a seller wrote from making a refusal look like another one. */
export function maskWords(text: string, ...sorts: readonly RegExp[]): string {
  return sorts.reduce(
    (masked, words) => masked.replace(words, (word) => `${word.slice(0, 1)}${'*'.repeat(word.length - 1)}`),
    text,
  );
}
