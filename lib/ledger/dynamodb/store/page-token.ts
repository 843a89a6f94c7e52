import { createHash } from 'node:crypto';
import { NEXT_TOKEN_MAX_CHARS } from '../../../domain/limits.ts';

const TOKEN_VERSION = 1;
const BASE64URL = /^[A-Za-z0-9_-]+$/;
const SCOPE_HASH_BYTES = 12;

function hashScope(scope: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify(scope))
    .digest()
    .subarray(0, SCOPE_HASH_BYTES)
    .toString('base64url');
}

/**
 * Writes where the next page of a list begins. The token is opaque, but neither secret nor signed: it holds a sort
 * position only, and the partition to read is always made from the caller's own identity. A forged one can at most
 * start the caller's own list at another place.
 * @param scope what identifies the list: its name, whose it is, its filter
 * @param position the sort key of the last item of this page
 */
export function formatPageToken(scope: readonly string[], position: string): string {
  return Buffer.from(JSON.stringify([TOKEN_VERSION, hashScope(scope), position])).toString('base64url');
}

/** The position that a token of this very list holds, or `null` for any other text. Does not look at the position. */
export function parsePageToken(scope: readonly string[], token: string): string | null {
  if (token.length > NEXT_TOKEN_MAX_CHARS || !BASE64URL.test(token)) return null;
  const position = readPosition(Buffer.from(token, 'base64url').toString());
  // Printing it again checks the version, the scope and every character at once.
  return position !== null && formatPageToken(scope, position) === token ? position : null;
}

function readPosition(json: string): string | null {
  try {
    const value: unknown = JSON.parse(json);
    const position: unknown = Array.isArray(value) ? value[2] : null;
    return typeof position === 'string' ? position : null;
  } catch {
    return null;
  }
}
