import {
  JwtBaseError,
  JwtExpiredError,
  JwtInvalidSignatureAlgorithmError,
  JwtInvalidSignatureError,
  JwtNotBeforeError,
  KidNotFoundInJwksError,
} from 'aws-jwt-verify/error';
import type { JwksCache } from 'aws-jwt-verify/jwk';
import { JwtVerifierBase } from 'aws-jwt-verify/jwt-verifier';
import type { VerifiedClaims } from '../domain/tenants/jwt-authorizer.ts';
import { TOKEN_CLOCK_GRACE_SECONDS } from '../domain/limits.ts';
import { ok, type Result } from '../domain/result.ts';
import { refuseToken, type TokenRefusal } from './token-refusal.ts';
import type { UnverifiedToken } from './token-text.ts';

/** One issuer, by which `aws-jwt-verify` judges its tokens: key, signature, issuer and time. */
export interface IssuerVerifier {
  /** As the issuer itself spells it. */
  readonly issuer: string;
  /** Fetches the key set. Throws what keeps it from that. */
  hydrate(): Promise<void>;
  /**
   * Judges a token with the claims that were found well-formed in it. Of the key set it takes what `hydrate` fetched.
   * Its time is the machine's, with a grace on both ends: `exp` to the second is for the caller.
   */
  judge(token: UnverifiedToken, claims: VerifiedClaims): Promise<Result<'verified', TokenRefusal>>;
}

interface IssuerProperties {
  readonly [name: string]: unknown;
  readonly issuer: string;
  readonly jwksUri: string;
  /** Audiences are each manager's own. */
  readonly audience: null;
  readonly graceSeconds: number;
}

/**
 * A verifier of the library's own kind, as its verifiers for Cognito and for load balancers are: it takes tokens apart itself.
 * The library's reader refuses a `scope` that is a list, and takes names twice and base64 that is not canonical.
 */
class StrictVerifier extends JwtVerifierBase<Record<string, unknown>, IssuerProperties, false> {
  readonly #properties: IssuerProperties;

  constructor(properties: IssuerProperties, jwksCache: JwksCache) {
    super(properties, jwksCache);
    this.#properties = properties;
  }

  async check({ header, parts }: UnverifiedToken, { iss, exp, nbf }: VerifiedClaims): Promise<void> {
    const payload = { iss, exp, ...(typeof nbf === 'number' ? { nbf } : {}) };
    const [headerB64, payloadB64, signatureB64] = parts;
    const decomposed = { header, headerB64, payload, payloadB64, signatureB64 };
    await this.verifyDecomposedJwt(decomposed, this.#properties.jwksUri, { ...this.#properties });
  }
}

/** A verifier of one issuer with one key set; a newer set takes a newer verifier, since the library remembers keys by their ids. */
export function createIssuerVerifier(issuer: string, jwksUri: string, jwksCache: JwksCache): IssuerVerifier {
  const properties = { issuer, jwksUri, audience: null, graceSeconds: TOKEN_CLOCK_GRACE_SECONDS };
  const verifier = new StrictVerifier(properties, jwksCache);
  return {
    issuer,
    hydrate: () => verifier.hydrate(),
    judge: async (token, claims) => {
      try {
        await verifier.check(token, claims);
        return ok('verified');
      } catch (error) {
        if (error instanceof JwtBaseError) return refusalOf(error);
        throw error;
      }
    },
  };
}

/** The library's error as our refusal. Throws one that says nothing about the token. */
function refusalOf(error: JwtBaseError): { ok: false; error: TokenRefusal } {
  if (error instanceof KidNotFoundInJwksError) {
    return refuseToken('unknown_key', 'the issuer has no usable key of the id in `kid`');
  }
  if (error instanceof JwtInvalidSignatureAlgorithmError) {
    return refuseToken('algorithm', 'the key in `kid` is not for the algorithm in `alg`');
  }
  if (error instanceof JwtInvalidSignatureError) {
    return refuseToken('signature', 'the signature is not by the key in `kid`');
  }
  if (error instanceof JwtExpiredError) return refuseToken('expired', 'the token has expired');
  if (error instanceof JwtNotBeforeError) return refuseToken('not_yet_valid', 'the token is not valid yet');
  throw error;
}
