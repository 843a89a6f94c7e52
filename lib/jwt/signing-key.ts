import { createPublicKey } from 'node:crypto';
import type { JwkWithKid } from 'aws-jwt-verify/jwk';
import { RSA_MODULUS_MAX_BITS, RSA_MODULUS_MIN_BITS } from '../domain/limits.ts';
import { ok, refuse, type Result } from '../domain/result.ts';
import { isRecord, memberOf } from '../json/record.ts';
import { ALGORITHMS, isAlgorithm, type Algorithm } from './algorithm.ts';

/** A public key by which an issuer signs. */
export interface SigningKey {
  readonly id: string;
  readonly jwk: JwkWithKid;
  /** What a token that is signed by this key may name as its algorithm. */
  readonly algorithms: ReadonlySet<Algorithm>;
}

/** Why a member of a key set is not taken. */
export type UnusableKey = 'not_a_key' | 'no_id' | 'not_for_signatures' | 'secret' | 'unsupported' | 'unsound';

/** Members of a private or a symmetric key (RFC 7518 6.2.2, 6.3.2, 6.4). A key that was published whole is nobody's. */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/**
 * A key of an issuer's set that may sign tokens. Refuses one without an id, for another purpose, with its private half beside it,
 * symmetric, of an unknown curve, RSA below 2048 bits, and what is no key at all.
 */
export function parseSigningKey(jwk: unknown): Result<SigningKey, UnusableKey> {
  if (!isRecord(jwk) || typeof memberOf(jwk, 'kty') !== 'string') return refuse('not_a_key');
  const id = memberOf(jwk, 'kid');
  if (typeof id !== 'string' || id === '') return refuse('no_id');
  if (!isForSignatures(jwk)) return refuse('not_for_signatures');
  if (SECRET_MEMBERS.some((name) => Object.hasOwn(jwk, name))) return refuse('secret');
  const algorithms = new Set(
    Object.keys(ALGORITHMS)
      .filter(isAlgorithm)
      .filter((algorithm) => isOfKind(jwk, algorithm)),
  );
  if (algorithms.size === 0) return refuse('unsupported');
  return isSound(jwk) ? ok({ id, jwk: jwk as JwkWithKid, algorithms }) : refuse('unsound');
}

function isForSignatures(jwk: object): boolean {
  const use = memberOf(jwk, 'use');
  const operations = memberOf(jwk, 'key_ops');
  const mayVerify = operations === undefined || (Array.isArray(operations) && operations.includes('verify'));
  return (use === undefined || use === 'sig') && mayVerify;
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
