import { createPublicKey } from 'node:crypto';
import { JwtBaseError } from 'aws-jwt-verify/error';
import type { Jwk } from 'aws-jwt-verify/jwk';
import { JwtVerifier } from 'aws-jwt-verify/jwt-verifier';
import { RSA_MODULUS_MAX_BITS, RSA_MODULUS_MIN_BITS } from '../domain/limits.ts';
import { isRecord, memberOf } from '../json/record.ts';
import { ALGORITHMS, isAlgorithm, type Algorithm } from './algorithm.ts';

/** A public key by which an issuer signs. */
export interface SigningKey {
  readonly id: string;
  /** Whether a token that names this algorithm may be signed by this key. */
  suits(algorithm: Algorithm): boolean;
  /** Whether the token's signature is by this key. Judges neither time nor audience. */
  isSignerOf(token: string): boolean;
}

/** Tokens' times are judged by the caller's clock, not by the machine's, to which the library has no alternative. */
const ANY_TIME_SECONDS = Number.POSITIVE_INFINITY;

/** Members of a private or a symmetric key (RFC 7518 6.2.2, 6.3.2, 6.4). A key that was published whole is nobody's. */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/**
 * A key of an issuer's set, or `null` for one that we can't or won't use: no id, not for signatures, symmetric, its private half
 * beside it, an unknown curve, RSA below 2048 bits, not a key at all. `jwksUri` is only a name here; nothing is fetched.
 */
export function parseSigningKey(jwk: unknown, issuer: string, jwksUri: string): SigningKey | null {
  const id = memberOf(jwk, 'kid');
  if (!isRecord(jwk) || typeof id !== 'string' || id === '' || !isForSignatures(jwk)) return null;
  const algorithms = Object.keys(ALGORITHMS).filter(isAlgorithm);
  const suitable = new Set(algorithms.filter((algorithm) => isOfKind(jwk, algorithm)));
  if (suitable.size === 0 || !isSound(jwk)) return null;
  const verifier = JwtVerifier.create({ issuer, jwksUri, audience: null, graceSeconds: ANY_TIME_SECONDS });
  verifier.cacheJwks({ keys: [jwk as Jwk] });
  return {
    id,
    suits: (algorithm) => suitable.has(algorithm),
    isSignerOf: (token) => {
      try {
        verifier.verifySync(token);
        return true;
      } catch (error) {
        if (error instanceof JwtBaseError) return false;
        throw error;
      }
    },
  };
}

function isForSignatures(jwk: object): boolean {
  const use = memberOf(jwk, 'use');
  const operations = memberOf(jwk, 'key_ops');
  const mayVerify = operations === undefined || (Array.isArray(operations) && operations.includes('verify'));
  return (use === undefined || use === 'sig') && mayVerify && !SECRET_MEMBERS.some((name) => Object.hasOwn(jwk, name));
}

/** A key that names its algorithm serves that one alone. */
function isOfKind(jwk: object, algorithm: Algorithm): boolean {
  const { kty, crv } = ALGORITHMS[algorithm];
  const own = memberOf(jwk, 'alg');
  return (
    memberOf(jwk, 'kty') === kty &&
    (crv === null || memberOf(jwk, 'crv') === crv) &&
    (own === undefined || own === algorithm)
  );
}

/** Whether the numbers are a key, and for RSA one that can't be factored and one that can't be forged by taking a root. */
function isSound(jwk: object): boolean {
  try {
    const { asymmetricKeyDetails: details } = createPublicKey({ key: { ...jwk }, format: 'jwk' });
    const { modulusLength: bits, publicExponent: exponent } = details ?? {};
    if (memberOf(jwk, 'kty') !== 'RSA') return true;
    if (bits === undefined || exponent === undefined) return false;
    return bits >= RSA_MODULUS_MIN_BITS && bits <= RSA_MODULUS_MAX_BITS && exponent >= 3n;
  } catch {
    return false;
  }
}
