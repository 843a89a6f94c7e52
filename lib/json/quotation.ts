import { QUOTED_MAX_CHARS } from '../domain/limits.ts';
import { BUDGET_OR_EXPIRY, INSTRUMENT, maskWords } from './sorting-words.ts';

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
  const masked = maskWords(clipPrintable(String(value), QUOTED_MAX_CHARS), BUDGET_OR_EXPIRY, INSTRUMENT);
  return value === null || typeof value === wanted ? masked : `${masked} (a ${typeof value})`;
}
