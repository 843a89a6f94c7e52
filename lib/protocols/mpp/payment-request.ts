import { formatHex } from '../../domain/hex.ts';
import { ok, type Result } from '../../domain/result.ts';
import { isRecord } from '../../json/record.ts';
import { parseStrictJson } from '../../json/strict-json.ts';
import type { Hex } from '../../domain/payment/shapes.ts';
import { refuseChallenge as no, type ChallengeRefusal } from './refusal.ts';

const BOUNDS = { maxDepth: 8, maxMembers: 128 } as const;

/**
 * The bytes of base64url, or `null` where the text is not the one way to write them: with padding, or with bits set that no byte has.
 */
export function decodeBase64Url(text: string): Uint8Array | null {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return null;
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
    return encodeBase64Url(bytes) === text ? bytes : null;
  } catch {
    return null;
  }
}

export function encodeBase64Url(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/**
 * Reads the request of a challenge: canonical JSON (RFC 8785), whose one form is what the seller's id binds. Another form is refused
 * before anything is signed, since a seller that checks its id would not know the credential again.
 */
export function parsePaymentRequest(encoded: string): Result<object, ChallengeRefusal> {
  const code = 'invalid_challenge_request';
  const bytes = decodeBase64Url(encoded);
  if (bytes === null) return no(code, "The 'request' of the challenge is not base64url without padding");
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return no(code, "The 'request' of the challenge is not UTF-8 text");
  }
  const parsed = parseStrictJson(text, BOUNDS);
  if (!parsed.ok) return no(code, `The 'request' of the challenge cannot be read: ${parsed.error.message}`);
  if (!isRecord(parsed.value)) return no(code, "The 'request' of the challenge is not a JSON object");
  return canonical(parsed.value) === text
    ? ok(parsed.value)
    : no(code, "The 'request' of the challenge is not in the canonical form of RFC 8785");
}

/** The canonical form of a parsed JSON value. Numbers and texts are written by RFC 8785 as ECMAScript writes them. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isRecord(value)) return JSON.stringify(value);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}

/** The bytes of a text in base64url as a store keeps them. Throws on what is none. */
export function toStoredBytes(encoded: string): Hex {
  const bytes = decodeBase64Url(encoded);
  if (bytes === null) throw new Error('a challenge passed its parser with a request that is not base64url');
  return `0x${formatHex(bytes)}`;
}

export function fromStoredBytes(hex: Hex): string {
  const pairs = hex.slice(2).match(/../g) ?? [];
  return encodeBase64Url(Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16)));
}
