import { EXPOSED_HEADERS } from '../contract/exposed-headers.ts';
import { OAUTH_PREFIX } from '../contract/route.ts';
import { headerValues, type ApiEvent, type ApiResponse } from './http.ts';

/**
 * Lets a page of a listed origin read the answer to a call with a token. Signed calls are no page's, and stay as they are.
 *
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function withOrigin(response: ApiResponse, event: ApiEvent, origins: readonly string[]): ApiResponse {
  if (!event.resource.startsWith(`${OAUTH_PREFIX}/`)) return response;
  const [origin, ...others] = headerValues(event, 'origin');
  const isListed = origin !== undefined && others.length === 0 && origins.includes(origin);
  const allowed = isListed
    ? { 'access-control-allow-origin': origin, 'access-control-expose-headers': EXPOSED_HEADERS.join(',') }
    : {};
  return { ...response, headers: { ...response.headers, ...allowed, vary: 'Origin' } };
}
