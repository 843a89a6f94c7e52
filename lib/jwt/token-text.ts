import {
  TOKEN_CLAIMS_DEPTH_MAX,
  TOKEN_CLAIMS_MEMBERS_MAX,
  TOKEN_HEADER_DEPTH_MAX,
  TOKEN_HEADER_MEMBERS_MAX,
  TOKEN_KEY_ID_MAX_CHARS,
  TOKEN_MAX_CHARS,
} from '../domain/limits.ts';
import { ok, type Result } from '../domain/result.ts';
import { isRecord, memberOf } from '../json/record.ts';
import { parseStrictJson } from '../json/strict-json.ts';
import { isAlgorithm, SIGNATURE_BYTES, type Algorithm } from './algorithm.ts';
import { refuseToken, type TokenRefusal } from './token-refusal.ts';

/** A token taken apart. Nothing of it is verified. */
export interface UnverifiedToken {
  readonly header: { readonly alg: Algorithm; readonly kid: string };
  readonly claims: object;
  /** Header, claims and signature as they stand in the token. */
  readonly parts: readonly [header: string, claims: string, signature: string];
}

const SHAPE = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;

/** Header members by which a token would choose its own key (RFC 7515 4.1.2 to 4.1.6) or its own rules (4.1.11, RFC 7797). */
const FORBIDDEN_HEADERS = ['jku', 'jwk', 'x5u', 'x5c', 'crit', 'b64', 'zip', 'enc'];

/** RFC 7519 5.1 and RFC 9068 2.1. A token made for another purpose says so here, such as `logout+jwt`. */
const TYPES = /^(?:application\/)?(?:jwt|at\+jwt)$/i;

/**
 * Takes a JSON Web Token in its compact form apart: bounded, in the one canonical spelling of base64url, JSON without a name
 * twice, an asymmetric algorithm. Never throws, verifies nothing.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8725 JSON Web Token Best Current Practices
 */
export function parseToken(text: string): Result<UnverifiedToken, TokenRefusal> {
  if (text.length > TOKEN_MAX_CHARS) return refuseToken('malformed', `longer than ${TOKEN_MAX_CHARS} characters`);
  const [, headerText = '', claimsText = '', signatureText = ''] = SHAPE.exec(text) ?? [];
  const header = parsePart(headerText, TOKEN_HEADER_DEPTH_MAX, TOKEN_HEADER_MEMBERS_MAX);
  const claims = parsePart(claimsText, TOKEN_CLAIMS_DEPTH_MAX, TOKEN_CLAIMS_MEMBERS_MAX);
  const signature = decodeBase64Url(signatureText);
  if (header === null || claims === null || signature === null) {
    return refuseToken('malformed', 'expected two JSON objects and a signature, each in base64url, with dots between');
  }
  const checked = checkHeader(header);
  if (!checked.ok) return checked;
  const bytes = SIGNATURE_BYTES[checked.value.alg];
  if (bytes !== null && signature.length !== bytes) {
    return refuseToken('signature', `expected a signature of ${bytes} bytes for ${checked.value.alg}`);
  }
  return ok({ header: checked.value, claims, parts: [headerText, claimsText, signatureText] });
}

function checkHeader(header: object): Result<UnverifiedToken['header'], TokenRefusal> {
  const alg = memberOf(header, 'alg');
  if (!isAlgorithm(alg)) return refuseToken('algorithm', 'expected an asymmetric signature algorithm in `alg`');
  const forbidden = FORBIDDEN_HEADERS.find((name) => Object.hasOwn(header, name));
  if (forbidden !== undefined) return refuseToken('malformed', `the header \`${forbidden}\` is not allowed`);
  const type = memberOf(header, 'typ');
  if (type !== undefined && !(typeof type === 'string' && TYPES.test(type))) {
    return refuseToken('malformed', 'expected `typ` to be JWT or at+jwt');
  }
  const kid = memberOf(header, 'kid');
  if (typeof kid !== 'string' || kid === '' || kid.length > TOKEN_KEY_ID_MAX_CHARS) {
    return refuseToken('malformed', `expected \`kid\` to be a string of 1 to ${TOKEN_KEY_ID_MAX_CHARS} characters`);
  }
  return ok({ alg, kid });
}

function parsePart(text: string, maxDepth: number, maxMembers: number): object | null {
  const json = decodeUtf8(decodeBase64Url(text));
  const parsed = json === null ? null : parseStrictJson(json, { maxDepth, maxMembers });
  return parsed !== null && parsed.ok && isRecord(parsed.value) ? parsed.value : null;
}

/** Only the canonical spelling: unused bits of the last character are zero, so that a token has one text. */
function decodeBase64Url(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length > 0 && bytes.toString('base64url') === text ? bytes : null;
}

/** A byte order mark stays, and is no JSON. */
function decodeUtf8(bytes: Uint8Array | null): string | null {
  try {
    return bytes === null ? null : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
