import { isLoopbackUrl } from '../../domain/loopback.ts';
import { createAddressGuard, type AddressRanges } from '../../jwt/address-ranges.ts';
import { createFetchJson, FETCH_BOUNDS, FetchFailed, type FetchJson } from '../../jwt/fetch-json.ts';
import { createGuardedFetch } from '../../jwt/guarded-fetch.ts';

const OWN_HOST = /^(127\.0\.0\.1|localhost|\[::1\])$/;

/**
 * Asks issuers for their documents. Plain http on the own host is for the local stack, whose AWS endpoints are there as well;
 * in a deployed function the own host has nothing but Lambda's runtime, so there such a URL is refused, and so are addresses of
 * private networks, which a VPC may reach, but those that the deployer allows.
 */
export function composeFetchJson(env: NodeJS.ProcessEnv, allowed: AddressRanges): FetchJson {
  const endpoints = Object.entries(env).filter(([name]) => name.startsWith('AWS_ENDPOINT_URL'));
  const isLocal = endpoints.some(([, url = '']) => URL.canParse(url) && OWN_HOST.test(new URL(url).hostname));
  if (isLocal) return createFetchJson();
  const fetchJson = createFetchJson(FETCH_BOUNDS, createGuardedFetch(createAddressGuard(allowed)));
  return async (url) => {
    if (URL.canParse(url) && isLoopbackUrl(new URL(url))) {
      throw new FetchFailed('an issuer on the own host is for the local stack only');
    }
    return fetchJson(url);
  };
}
