import { QUOTED_MAX_CHARS } from '../domain/limits.ts';

// AWS's Python SDK sorts a refusal by these words, wherever in its message they stand; a stranger's text must not pick the sort.
const SORTING_WORDS = /budget|insufficient|expired|instrument|inactive|session not found/gi;

/** A text as it may be printed: clipped, on one line, in printable ASCII. */
export function clipPrintable(text: string, charsMax: number): string {
  const clipped = text.length > charsMax ? `${text.slice(0, charsMax)}...` : text;
  return clipped.replace(/[^\x20-\x7e]/g, '?');
}

/**
 * What was received, as a refusal may quote it: short, printable, without words that make it look like another refusal.
 * Names the type where a member should have had another one. Does not look into objects.
 */
export function formatReceived(value: unknown, wanted: 'string' | 'number' = 'string'): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  const masked = clipPrintable(String(value), QUOTED_MAX_CHARS).replace(
    SORTING_WORDS,
    (word) => `${word.slice(0, 1)}${'*'.repeat(word.length - 1)}`,
  );
  return value === null || typeof value === wanted ? masked : `${masked} (a ${typeof value})`;
}
