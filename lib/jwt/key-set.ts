import { JwtInvalidSignatureAlgorithmError, KidNotFoundInJwksError } from 'aws-jwt-verify/error';
import type { Jwks, JwksCache, JwkWithKid } from 'aws-jwt-verify/jwk';
import { ISSUER_KEYS_MAX } from '../domain/limits.ts';
import { memberOf } from '../json/record.ts';
import { isAlgorithm } from './algorithm.ts';
import { FetchFailed, type FetchJson } from './fetch-json.ts';
import { parseSigningKey, type SigningKey, type UnusableKey } from './signing-key.ts';

/** How many members of a key set were left out, by the reason for it; `too_many` were usable and beyond the bound. */
export type DroppedKeys = Readonly<Partial<Record<UnusableKey | 'too_many', number>>>;

/**
 * The keys that an issuer published when it was asked, in the form in which the library asks for them. Fetches when it is told to
 * (`getJwks`, by the verifier's `hydrate`), never because of a token: who may ask an issuer again, and when, is for `issuers.ts`.
 */
export interface KeySet extends JwksCache {
  has(keyId: string): boolean;
  readonly size: number;
  readonly dropped: DroppedKeys;
}

/**
 * The library's own cache takes the first key of an id, refuses a set with one bad member in it, and has no bound: see ADR 12.
 * Here what is unusable is dropped first, and of two keys with one id the one that suits the token's algorithm is taken.
 */
export function createKeySet(fetchJson: FetchJson): KeySet {
  let keys: readonly SigningKey[] = [];
  let dropped: DroppedKeys = {};

  const take = (members: unknown): Jwks => {
    if (!Array.isArray(members)) throw new FetchFailed('the key set has no `keys`');
    ({ keys, dropped } = sift(members));
    return { keys: keys.map(({ jwk }) => jwk) };
  };
  const choose = (header: { readonly kid?: string; readonly alg?: string }): JwkWithKid => {
    const named = keys.filter(({ id }) => id === header.kid);
    if (named.length === 0) throw new KidNotFoundInJwksError('the issuer has no usable key of the id in `kid`');
    const { alg } = header;
    const suitable = named.find(({ algorithms }) => isAlgorithm(alg) && algorithms.has(alg));
    if (suitable !== undefined) return suitable.jwk;
    throw new JwtInvalidSignatureAlgorithmError('the key in `kid` is not for the algorithm in `alg`', alg);
  };
  return {
    addJwks: (_uri, jwks) => void take(jwks.keys),
    getJwks: async (uri) => take(memberOf(await fetchJson(uri), 'keys')),
    getCachedJwk: (_uri, { header }) => choose(header),
    getJwk: async (_uri, { header }) => choose(header),
    has: (keyId) => keys.some(({ id }) => id === keyId),
    get size() {
      return keys.length;
    },
    get dropped() {
      return dropped;
    },
  };
}

function sift(members: readonly unknown[]): { keys: readonly SigningKey[]; dropped: DroppedKeys } {
  const keys: SigningKey[] = [];
  const dropped: Partial<Record<UnusableKey | 'too_many', number>> = {};
  for (const member of members) {
    const key = parseSigningKey(member);
    const reason = key.ok ? 'too_many' : key.error;
    if (key.ok && keys.length < ISSUER_KEYS_MAX) keys.push(key.value);
    else dropped[reason] = (dropped[reason] ?? 0) + 1;
  }
  return { keys, dropped };
}
