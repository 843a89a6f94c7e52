import { isLoopbackUrl } from '../domain/loopback.ts';
import { createFetchJson, FetchFailed, type FetchJson } from '../jwt/fetch-json.ts';

const OWN_HOST = /^(127\.0\.0\.1|localhost|\[::1\])$/;

/**
 * Asks issuers for their documents. Plain http on the own host is for the local stack, whose AWS endpoints are there as well;
 * in a deployed function the own host has nothing but Lambda's runtime, so there such a URL is refused.
 */
export function composeFetchJson(env: NodeJS.ProcessEnv): FetchJson {
  const fetchJson = createFetchJson();
  const endpoints = Object.entries(env).filter(([name]) => name.startsWith('AWS_ENDPOINT_URL'));
  if (endpoints.some(([, url = '']) => URL.canParse(url) && OWN_HOST.test(new URL(url).hostname))) return fetchJson;
  return async (url) => {
    if (URL.canParse(url) && isLoopbackUrl(new URL(url))) {
      throw new FetchFailed('an issuer on the own host is for the local stack only');
    }
    return fetchJson(url);
  };
}
