import { USER_HEADER_PLAIN_MAX_CHARS, USER_ID_MAX_CHARS } from '../limits.ts';

/**
 * Whether a text is a user id: what a token may bring as `sub` and a header, plain or encoded, may name. Anything of 1 to
 * {@link USER_ID_MAX_CHARS} characters but control characters and half surrogate pairs, which could not be stored. Ids are
 * compared as they are: neither case nor Unicode's forms nor blanks at an end make two ids one.
 */
export function isUserId(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= USER_ID_MAX_CHARS &&
    !/\p{Cc}/u.test(value) &&
    value.isWellFormed()
  );
}

/** What {@link isUserId} takes, in words. */
export const USER_ID_RULE = `1 to ${USER_ID_MAX_CHARS} characters without control characters`;

/** The mark of RFC 8187 3.2.1's extended value, with an empty language. */
const ENCODED_MARK = "UTF-8''";
/** Visible ASCII with single blanks inside: what every HTTP client, proxy and signer leaves as it is. */
const PLAIN = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/;

/** A user id as the user header carries it: as it is where that is safe, else `UTF-8''` and its UTF-8, percent-encoded. */
export function formatUserHeader(userId: string): string {
  return isPlain(userId) ? userId : ENCODED_MARK + percentEncode(userId);
}

/**
 * The user id that a header names, of which blanks at the ends are gone; `null` for one that names none. Only what
 * {@link formatUserHeader} makes counts as encoded: any other text is the id itself, even if it begins with the mark. So each id
 * has a header, and no header stands for two ids.
 */
export function parseUserHeader(value: string): string | null {
  const decoded = decode(value);
  if (decoded !== null) return decoded;
  return /^[\x20-\x7e]+$/.test(value) && value.length <= USER_HEADER_PLAIN_MAX_CHARS ? value : null;
}

function isPlain(userId: string): boolean {
  return userId.length <= USER_HEADER_PLAIN_MAX_CHARS && PLAIN.test(userId) && decode(userId) === null;
}

/** The id that the text is the encoded form of, or `null`. Each step of the recursion with `isPlain` has a shorter text. */
function decode(value: string): string | null {
  if (!value.startsWith(ENCODED_MARK)) return null;
  const text = value.slice(ENCODED_MARK.length);
  const userId = percentDecode(text);
  return isUserId(userId) && percentEncode(userId) === text && !isPlain(userId) ? userId : null;
}

/** RFC 3986 unreserved characters as they are; of what `encodeURIComponent` leaves, RFC 8187's attr-char has no quotes or brackets. */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function percentDecode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
