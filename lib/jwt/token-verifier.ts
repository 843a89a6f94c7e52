import { issuerKey, type VerifiedClaims } from '../domain/tenants/jwt-authorizer.ts';
import { ISSUER_MAX_CHARS, TOKEN_CLOCK_GRACE_SECONDS } from '../domain/limits.ts';
import { ok, refuse, type Result } from '../domain/result.ts';
import type { Clock, EpochMs } from '../domain/time.ts';
import { memberOf } from '../json/record.ts';
import { checkClaims } from './claims-text.ts';
import { parseIssuerUrl } from './fetch-json.ts';
import { createIssuers, type FindIssuer, type IssuersDeps } from './issuers.ts';
import { refuseToken, type TokenRefusal } from './token-refusal.ts';
import { parseToken, type UnverifiedToken } from './token-text.ts';

export interface TokenVerifier {
  /**
   * Verifies a token's form, issuer, signature and time. Does not judge for whom it was made: that is `admitClaims`, per manager.
   * Throws `IssuerUnavailable` when the issuer can't be asked, and what `findDiscoveryUrl` throws.
   */
  verify(token: string): Promise<Result<VerifiedClaims, TokenRefusal>>;
}

/** A verifier with its own memory of issuers; make one per process. Until the signature holds, `iss` is only a name to look up. */
export function createTokenVerifier(deps: IssuersDeps): TokenVerifier {
  const findIssuer = createIssuers(deps);
  return {
    verify: async (text) => {
      const token = parseToken(text);
      if (!token.ok) return token;
      const iss = memberOf(token.value.claims, 'iss');
      const judged = await judge(findIssuer, deps.clock, token.value);
      return judged.ok || !isIssuer(iss) ? judged : refuse({ ...judged.error, issuer: iss });
    },
  };
}

async function judge(
  findIssuer: FindIssuer,
  clock: Clock,
  token: UnverifiedToken,
): Promise<Result<VerifiedClaims, TokenRefusal>> {
  const claims = checkClaims(token.claims);
  if (!claims.ok) return claims;
  const { iss } = claims.value;
  const { kid } = token.header;

  const issuer = isIssuer(iss) ? await findIssuer(issuerKey(iss), kid) : null;
  if (issuer === null || issuer.issuer !== iss) return UNKNOWN_ISSUER;
  let judged = await issuer.judge(token, claims.value);
  if (!judged.ok && judged.error.reason === 'signature') {
    // The issuer may have another key under the same id by now.
    const newer = await findIssuer(issuerKey(iss), kid, issuer);
    if (newer === null || newer.issuer !== iss) return UNKNOWN_ISSUER;
    if (newer !== issuer) judged = await newer.judge(token, claims.value);
  }
  return judged.ok ? checkTime(claims.value, clock.now()) : judged;
}

const UNKNOWN_ISSUER = refuseToken('unknown_issuer', 'no payment manager trusts the issuer of the token');

/** Issuers are URLs without a query or fragment (OpenID Connect Core 2); anything else needs no look-up. */
function isIssuer(iss: unknown): iss is string {
  return (
    typeof iss === 'string' &&
    iss.length <= ISSUER_MAX_CHARS &&
    !/[?#\s\\"\p{C}]/u.test(iss) &&
    parseIssuerUrl(iss) !== null
  );
}

/** A token is dead in the very second of its `exp` (RFC 7519 4.1.4). */
function checkTime(claims: VerifiedClaims, now: EpochMs): Result<VerifiedClaims, TokenRefusal> {
  const notBefore = claims['nbf'];
  if (claims.exp * 1000 <= now) return refuseToken('expired', 'the token has expired');
  if (typeof notBefore === 'number' && (notBefore - TOKEN_CLOCK_GRACE_SECONDS) * 1000 > now) {
    return refuseToken('not_yet_valid', 'the token is not valid yet');
  }
  return ok(claims);
}
