import { createBoundedMap } from '../domain/bounded-map.ts';
import { ISSUER_CACHE_ENTRIES_MAX, ISSUER_KEYS_MAX_AGE_MS, ISSUER_RETRY_INTERVAL_MAX_MS } from '../domain/limits.ts';
import { isSecureUrl } from '../domain/loopback.ts';
import { issuerKey, issuerKeyOfDiscoveryUrl } from '../domain/tenants/jwt-authorizer.ts';
import type { Clock } from '../domain/time.ts';
import { memberOf } from '../json/record.ts';
import type { FetchJson } from './fetch-json.ts';

/** Where an issuer lets users sign in, and gives tokens for it. */
export interface SignInEndpoints {
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
}

interface Known {
  readonly endpoints: SignInEndpoints | null;
  readonly goodUntil: number;
}

/**
 * Reads from discovery documents where users sign in, and remembers it for ten minutes; `null` where the issuer cannot be asked or does
 * not say, which is remembered for half a minute, so that nobody who asks for pages burdens an issuer.
 */
export function createSignInReader({
  fetchJson,
  clock,
}: {
  readonly fetchJson: FetchJson;
  readonly clock: Clock;
}): (discoveryUrl: string) => Promise<SignInEndpoints | null> {
  const known = createBoundedMap<string, Known>(ISSUER_CACHE_ENTRIES_MAX);
  return async (discoveryUrl) => {
    const kept = known.get(discoveryUrl);
    if (kept !== undefined && clock.now() < kept.goodUntil) return kept.endpoints;
    const endpoints = await fetchJson(discoveryUrl).then(
      (document) => readEndpoints(document, discoveryUrl),
      () => null,
    );
    const life = endpoints === null ? ISSUER_RETRY_INTERVAL_MAX_MS : ISSUER_KEYS_MAX_AGE_MS;
    known.set(discoveryUrl, { endpoints, goodUntil: clock.now() + life });
    return endpoints;
  };
}

/** @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata */
function readEndpoints(document: unknown, discoveryUrl: string): SignInEndpoints | null {
  const [issuer, authorizationEndpoint, tokenEndpoint] = ['issuer', 'authorization_endpoint', 'token_endpoint'].map(
    (name) => {
      const value = memberOf(document, name);
      return typeof value === 'string' && URL.canParse(value) && isSecureUrl(new URL(value)) ? value : null;
    },
  );
  if (issuer == null || authorizationEndpoint == null || tokenEndpoint == null) return null;
  if (issuerKey(issuer) !== issuerKeyOfDiscoveryUrl(discoveryUrl)) return null;
  return { issuer, authorizationEndpoint, tokenEndpoint };
}
