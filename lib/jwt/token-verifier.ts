import { issuerKey, type VerifiedClaims } from '../domain/tenants/jwt-authorizer.ts';
import { ISSUER_MAX_CHARS, TOKEN_NOT_BEFORE_GRACE_SECONDS } from '../domain/limits.ts';
import { ok, type Result } from '../domain/result.ts';
import type { EpochMs } from '../domain/time.ts';
import { checkClaims } from './claims-text.ts';
import { parseIssuerUrl } from './fetch-json.ts';
import { createIssuerKeys, type IssuerDeps } from './issuer-keys.ts';
import { refuseToken, type TokenRefusal } from './token-refusal.ts';
import { parseToken } from './token-text.ts';

export interface TokenVerifier {
  /**
   * Verifies a token's form, issuer, signature and time. Does not judge for whom it was made: that is `admitClaims`, per manager.
   * Throws `IssuerUnavailable` when the issuer can't be asked, and what `findDiscoveryUrl` throws.
   */
  verify(token: string): Promise<Result<VerifiedClaims, TokenRefusal>>;
}

/** A verifier with its own memory of issuers; make one per process. Until the signature holds, `iss` is only a name to look up. */
export function createTokenVerifier(deps: IssuerDeps): TokenVerifier {
  const findIssuerKeys = createIssuerKeys(deps);
  return {
    verify: async (text) => {
      const token = parseToken(text);
      if (!token.ok) return token;
      const claims = checkClaims(token.value.claims);
      if (!claims.ok) return claims;
      const { iss } = claims.value;
      const { algorithm, keyId } = token.value;

      const found = isIssuer(iss) ? await findIssuerKeys(issuerKey(iss), keyId) : null;
      if (found === null || found.issuer !== iss) {
        return refuseToken('unknown_issuer', 'no payment manager trusts the issuer of the token');
      }
      const named = found.keys.filter(({ id }) => id === keyId);
      if (named.length === 0) return refuseToken('unknown_key', 'the issuer has no usable key of the id in `kid`');
      const key = named.find(({ suits }) => suits(algorithm));
      if (key === undefined) return refuseToken('algorithm', 'the key in `kid` is not for the algorithm in `alg`');
      if (!key.isSignerOf(text)) return refuseToken('signature', 'the signature is not by the key in `kid`');
      return checkTime(claims.value, deps.clock.now());
    },
  };
}

/** Issuers are URLs without a query or fragment (OpenID Connect Core 2); anything else needs no look-up. */
function isIssuer(iss: string): boolean {
  return iss.length <= ISSUER_MAX_CHARS && !/[?#\s\\]/.test(iss) && parseIssuerUrl(iss) !== null;
}

/** A token is dead in the very second of its `exp` (RFC 7519 4.1.4). */
function checkTime(claims: VerifiedClaims, now: EpochMs): Result<VerifiedClaims, TokenRefusal> {
  const notBefore = claims['nbf'];
  if (claims.exp * 1000 <= now) return refuseToken('expired', 'the token has expired');
  if (typeof notBefore === 'number' && (notBefore - TOKEN_NOT_BEFORE_GRACE_SECONDS) * 1000 > now) {
    return refuseToken('not_yet_valid', 'the token is not valid yet');
  }
  return ok(claims);
}
