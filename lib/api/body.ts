import {
  CHALLENGE_DEPTH_MAX,
  CHALLENGE_MEMBERS_MAX,
  JSON_DEPTH_MAX,
  JSON_MEMBERS_MAX,
  JSON_VALUES_MAX,
  OFFER_VALUES_MAX,
} from '../domain/limits.ts';
import type { Refusal } from '../domain/refusal.ts';
import { ok, refuse, type Result } from '../domain/result.ts';
import { memberOf } from '../json/record.ts';
import { parseStrictJson, type DocumentBounds } from '../json/strict-json.ts';
import type { ApiEvent } from './http.ts';

const OFFER_PATH = ['paymentInput', 'cryptoX402', 'payload'] as const;

/** An offer is read as widely as our client reads a seller's 402: most of it is never looked at. All else stays tight. */
const BOUNDS: DocumentBounds = {
  maxDepth: JSON_DEPTH_MAX,
  maxMembers: JSON_MEMBERS_MAX,
  maxValues: JSON_VALUES_MAX,
  part: {
    path: OFFER_PATH,
    maxDepth: CHALLENGE_DEPTH_MAX,
    maxMembers: CHALLENGE_MEMBERS_MAX,
    maxValues: OFFER_VALUES_MAX,
    prototypeNames: 'read',
  },
};

type BodyRefusal = Extract<Refusal, { reason: 'cannot_parse' }>;

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function unreadable(message: string): Result<never, BodyRefusal> {
  return refuse({ reason: 'cannot_parse', message });
}

/**
 * Reads a JSON object from a request's body; no body is an empty object. Whatever comes out has a canonical form (RFC 8785):
 * no unpaired surrogates and no numbers beyond double precision, which JSON's grammar allows and hashing does not.
 */
export function parseBody(
  event: Pick<ApiEvent, 'body' | 'isBase64Encoded'>,
  maxBytes: number,
): Result<Record<string, unknown>, BodyRefusal> {
  if (event.body === null || event.body === '') return ok({});
  const text = decodeBody(event.body, event.isBase64Encoded, maxBytes);
  if (!text.ok) return text;
  const parsed = parseStrictJson(text.value, BOUNDS);
  if (!parsed.ok) return parsed;
  const { value } = parsed;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return unreadable('the body is not a JSON object');
  }
  const flaw = findFlaw(value, valueAt(value, OFFER_PATH));
  // Sound after the check above.
  return flaw === null ? ok(value as Record<string, unknown>) : unreadable(flaw);
}

function decodeBody(body: string, isBase64: boolean, maxBytes: number): Result<string, BodyRefusal> {
  const tooLarge = unreadable(`the body is larger than ${maxBytes} bytes`);
  if (!isBase64) return Buffer.byteLength(body) > maxBytes ? tooLarge : ok(body);
  // No need to decode what is too large anyway.
  if (body.length > Math.ceil(maxBytes / 3) * 4) return tooLarge;
  if (!BASE64.test(body)) return unreadable('the body is not valid base64');
  const bytes = Buffer.from(body, 'base64');
  if (bytes.length > maxBytes) return tooLarge;
  try {
    return ok(utf8.decode(bytes));
  } catch {
    return unreadable('the body is not valid UTF-8');
  }
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  return path.reduce(memberOf, root);
}

/**
 * What keeps a parsed value from having a canonical form; `null` for nothing.
 * @param offer a part that is not looked into: of an offer only what its parser reads is ever hashed, and that is digits and addresses
 */
function findFlaw(root: object, offer: unknown): string | null {
  const stack: unknown[] = [root];
  while (stack.length > 0) {
    const value = stack.pop();
    if (typeof value === 'string' && !value.isWellFormed()) return 'the JSON has a text with an unpaired surrogate';
    if (typeof value === 'number' && !Number.isFinite(value)) return 'the JSON has a number that is too large';
    if (typeof value !== 'object' || value === null || value === offer) continue;
    // Of a list these are indexes, which are harmless.
    for (const [name, member] of Object.entries(value)) stack.push(name, member);
  }
  return null;
}
