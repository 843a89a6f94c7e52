import { RPC_ENDPOINTS_MAX, RPC_URLS_MAX_CHARS } from '../domain/chain-limits.ts';
import { findNetwork } from '../domain/assets.ts';
import { isSecureUrl } from '../domain/loopback.ts';
import { isRecord } from '../json/record.ts';
import type { Choice } from './values.ts';

/** Endpoints by CAIP-2 id, the preferred first. */
export type RpcUrls = Readonly<Record<string, readonly string[]>>;

/** Endpoints of networks, one as text or several as a list. They may have keys in them: a message never quotes one. */
export const RPC_URLS: Choice<readonly (readonly [id: string | undefined, given: unknown])[]> = {
  expected: () =>
    `a JSON object of https URLs by network, or of lists of at most ${RPC_ENDPOINTS_MAX} different ones, such as {"eip155:8453":["https://...","https://..."]}, together at most ${RPC_URLS_MAX_CHARS} characters; http is for this machine alone`,
  fits: (entries) =>
    JSON.stringify(Object.fromEntries(entries)).length <= RPC_URLS_MAX_CHARS &&
    entries.every(([id, given]) => id !== undefined && findNetwork(id)?.id === id && areEndpoints(toList(given))),
};

function toList(given: unknown): readonly unknown[] {
  return Array.isArray(given) ? given : [given];
}

function areEndpoints(urls: readonly unknown[]): boolean {
  const areDistinct = new Set(urls).size === urls.length;
  return urls.length > 0 && urls.length <= RPC_ENDPOINTS_MAX && areDistinct && urls.every(isEndpoint);
}

function isEndpoint(url: unknown): url is string {
  return typeof url === 'string' && URL.canParse(url) && isSecureUrl(new URL(url));
}

/** The endpoints in a function's variable. `null`: they do not fit. */
export function parseRpcUrls(json: string): RpcUrls | null {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return null;
  }
  if (!isRecord(value)) return null;
  const entries = Object.entries(value);
  if (!RPC_URLS.fits(entries)) return null;
  return Object.fromEntries(entries.map(([id, given]) => [id, toList(given) as readonly string[]]));
}
