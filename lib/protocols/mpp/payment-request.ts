import { ok, type Result } from '../../domain/result.ts';
import { isRecord, memberOf } from '../../json/record.ts';
import { parseStrictJson } from '../../json/strict-json.ts';
import { isBase64Url, textOfBase64Url } from './decoded.ts';
import { refuseChallenge as no, type ChallengeRefusal } from './refusal.ts';

const BOUNDS = { maxDepth: 8, maxMembers: 128 } as const;

/**
 * Reads the request of a challenge: canonical JSON (RFC 8785), whose one form is what the seller's id binds. Another form is refused
 * before anything is signed, since a seller that checks its id would not know the credential again.
 */
export function parsePaymentRequest(encoded: string): Result<object, ChallengeRefusal> {
  const code = 'invalid_challenge_request';
  if (!isBase64Url(encoded)) return no(code, "The 'request' of the challenge is not base64url without padding");
  const text = textOfBase64Url(encoded);
  if (text === null) return no(code, "The 'request' of the challenge is not UTF-8 text");
  const parsed = parseStrictJson(text, BOUNDS);
  if (!parsed.ok) return no(code, `The 'request' of the challenge cannot be read: ${parsed.error.message}`);
  if (!isRecord(parsed.value)) return no(code, "The 'request' of the challenge is not a JSON object");
  return canonical(parsed.value) === text
    ? ok(parsed.value)
    : no(code, "The 'request' of the challenge is not in the canonical form of RFC 8785");
}

/** The canonical form of a parsed JSON value. Numbers and texts are written by RFC 8785 as ECMAScript writes them. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isRecord(value)) return JSON.stringify(value);
  // By their UTF-16 code units, as RFC 8785 has it.
  const names = Object.keys(value).toSorted();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(memberOf(value, name))}`).join(',')}}`;
}
