/**
 * The signature algorithms that a token may name, all asymmetric: a verifier that has a shared secret could also sign. The
 * kind of key belongs to the algorithm, as RFC 7518 3.4 fixes each curve; node:crypto alone would let RS256 name an EC key.
 */
export const ALGORITHMS = {
  RS256: { kty: 'RSA', crv: null },
  RS384: { kty: 'RSA', crv: null },
  RS512: { kty: 'RSA', crv: null },
  ES256: { kty: 'EC', crv: 'P-256' },
  ES384: { kty: 'EC', crv: 'P-384' },
  ES512: { kty: 'EC', crv: 'P-521' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
} as const;

export type Algorithm = keyof typeof ALGORITHMS;

/** RFC 7518 3.4 and RFC 8037 3.1: two integers side by side, never DER. An RSA signature is as long as its modulus. */
export const SIGNATURE_BYTES: Readonly<Record<Algorithm, number | null>> = {
  RS256: null,
  RS384: null,
  RS512: null,
  ES256: 64,
  ES384: 96,
  ES512: 132,
  EdDSA: 64,
};

/** Exactly one of the names, in its own case. */
export function isAlgorithm(value: unknown): value is Algorithm {
  return typeof value === 'string' && Object.hasOwn(ALGORITHMS, value);
}
