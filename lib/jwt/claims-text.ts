import type { VerifiedClaims } from '../domain/tenants/jwt-authorizer.ts';
import {
  CLAIMS_TEXT_MAX_BYTES,
  TOKEN_CLAIMS_DEPTH_MAX,
  TOKEN_CLAIMS_MEMBERS_MAX,
  TOKEN_INSTANT_MAX_SECONDS,
} from '../domain/limits.ts';
import { isUserId, USER_ID_RULE } from '../domain/tenants/user-id.ts';
import { ok, type Result } from '../domain/result.ts';
import { isRecord, memberOf } from '../json/record.ts';
import { parseStrictJson } from '../json/strict-json.ts';
import { refuseToken, type TokenRefusal } from './token-refusal.ts';

/**
 * Whether parsed JSON has the form of an access token's claims: an issuer, a user, times that are numbers. Says nothing about
 * their truth: neither signature nor time nor audience.
 *
 * Access and ID tokens are otherwise taken alike, since only some issuers mark them. Cognito does, as `token_use`, and gives both
 * the same issuer and keys; its ID token is made for the client's own eyes and its `aud` is the client, so it is refused here.
 *
 * @see https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html
 */
export function checkClaims(claims: object): Result<VerifiedClaims, TokenRefusal> {
  if (typeof memberOf(claims, 'iss') !== 'string') return refuseToken('claims', 'expected `iss` to be a string');
  if (!isUserId(memberOf(claims, 'sub'))) {
    return refuseToken('claims', `expected \`sub\` to be a string of ${USER_ID_RULE}`);
  }
  if (!isInstant(memberOf(claims, 'exp'))) return refuseToken('claims', 'expected `exp` to be epoch seconds');
  const instant = ['nbf', 'iat'].find((name) => Object.hasOwn(claims, name) && !isInstant(memberOf(claims, name)));
  if (instant !== undefined) return refuseToken('claims', `expected \`${instant}\` to be epoch seconds`);
  if (Object.hasOwn(claims, 'jti') && typeof memberOf(claims, 'jti') !== 'string') {
    return refuseToken('claims', 'expected `jti` to be a string');
  }
  if (Object.hasOwn(claims, 'aud') && !isTextOrTexts(memberOf(claims, 'aud'))) {
    return refuseToken('claims', 'expected `aud` to be a string or a list of strings');
  }
  const scope = ['scope', 'scp'].find((name) => !isScope(memberOf(claims, name)));
  if (scope !== undefined) return refuseToken('claims', `expected \`${scope}\` to be a string or a list of strings`);
  if (memberOf(claims, 'token_use') === 'id') return refuseToken('claims', 'expected an access token, not an ID token');
  if (Buffer.byteLength(JSON.stringify(claims)) > CLAIMS_TEXT_MAX_BYTES) {
    return refuseToken('claims', `expected at most ${CLAIMS_TEXT_MAX_BYTES} bytes of claims`);
  }
  return ok(claims as VerifiedClaims);
}

/** RFC 7519 NumericDate; fractions are allowed there. `1e400` is valid JSON and parses as infinity. */
function isInstant(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= TOKEN_INSTANT_MAX_SECONDS;
}

/** RFC 8693 4.2 has a string; Duende IdentityServer, Spring Authorization Server and UAA write lists, others `null` for none. */
function isScope(value: unknown): boolean {
  return value === undefined || value === null || isTextOrTexts(value);
}

function isTextOrTexts(value: unknown): boolean {
  return typeof value === 'string' || (Array.isArray(value) && value.every((item) => typeof item === 'string'));
}

/** Claims as the one string that the authorizer may hand to the function behind it; at most {@link CLAIMS_TEXT_MAX_BYTES}. */
export function formatClaims(claims: VerifiedClaims): string {
  return JSON.stringify(claims);
}

/**
 * Reads what {@link formatClaims} wrote, or answers `null`. The text bears no signature, so a caller must have taken it from the
 * authorizer's context and from nowhere else.
 */
export function parseClaims(text: string): VerifiedClaims | null {
  const parsed = parseStrictJson(text, {
    maxBytes: CLAIMS_TEXT_MAX_BYTES,
    maxDepth: TOKEN_CLAIMS_DEPTH_MAX,
    maxMembers: TOKEN_CLAIMS_MEMBERS_MAX,
  });
  if (!parsed.ok || !isRecord(parsed.value)) return null;
  const checked = checkClaims(parsed.value);
  return checked.ok ? checked.value : null;
}
