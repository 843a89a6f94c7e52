import { readBounded } from '../domain/bounded-bytes.ts';
import {
  ISSUER_FETCH_MAX_BYTES,
  ISSUER_FETCH_TIMEOUT_MS,
  ISSUER_URL_MAX_CHARS,
  JSON_DEPTH_MAX,
  JSON_MEMBERS_MAX,
} from '../domain/limits.ts';
import { isSecureUrl } from '../domain/loopback.ts';
import { isRecord } from '../json/record.ts';
import { parseStrictJson } from '../json/strict-json.ts';

/** Gets one JSON object. Throws {@link FetchFailed} for whatever keeps it from that. */
export type FetchJson = (url: string) => Promise<object>;

/** The document could not be had. The message names the host and what went wrong, nothing that the host sent. */
export class FetchFailed extends Error {
  override readonly name = 'FetchFailed';
}

export interface FetchBounds {
  /** For the whole exchange, from the name's resolution to the last byte. */
  readonly timeoutMs: number;
  /** Of the body after decompression. */
  readonly maxBytes: number;
}

/** The part of `fetch` that is used. Follows no redirect. */
export type Fetch = (
  url: URL,
  options: { readonly headers: Readonly<Record<string, string>>; readonly signal: AbortSignal },
) => Promise<Response>;

const plainFetch: Fetch = (url, options) => fetch(url, { redirect: 'manual', ...options });

export const FETCH_BOUNDS: FetchBounds = { timeoutMs: ISSUER_FETCH_TIMEOUT_MS, maxBytes: ISSUER_FETCH_MAX_BYTES };

/**
 * The URL of something we may ask an issuer for: https anywhere, http on the own host only, neither credentials nor a fragment.
 * `null` for any other text. Does not resolve the name.
 */
export function parseIssuerUrl(text: string): URL | null {
  if (text.length > ISSUER_URL_MAX_CHARS || !URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || text.includes('#')) return null;
  return isSecureUrl(url) ? url : null;
}

/**
 * One GET of a JSON object in bounded time and space; follows no redirect, sends no credentials, keeps no answer, tries once.
 * @param get sends the request. @default - to any address that the name resolves to
 */
export function createFetchJson(bounds: FetchBounds = FETCH_BOUNDS, get: Fetch = plainFetch): FetchJson {
  return async (text) => {
    const url = parseIssuerUrl(text);
    if (url === null) throw new FetchFailed('the URL is neither https nor http on the own host');
    const parsed = parseStrictJson(await fetchText(url, bounds, get), {
      maxDepth: JSON_DEPTH_MAX,
      maxMembers: JSON_MEMBERS_MAX,
    });
    if (!parsed.ok) throw new FetchFailed(`${url.host}: ${parsed.error.message}`);
    if (!isRecord(parsed.value)) throw new FetchFailed(`${url.host}: the document is not a JSON object`);
    return parsed.value;
  };
}

async function fetchText(url: URL, bounds: FetchBounds, get: Fetch): Promise<string> {
  try {
    const response = await get(url, {
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(bounds.timeoutMs),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new FetchFailed(`${url.host}: answered ${response.status}, expected 200`);
    }
    return await readText(response, url, bounds.maxBytes);
  } catch (error) {
    if (error instanceof FetchFailed) throw error;
    const isTimeout = error instanceof Error && error.name === 'TimeoutError';
    const isRefused = error instanceof Error && error.name === 'AddressRefused';
    const what = isTimeout ? `no complete answer within ${bounds.timeoutMs} ms` : 'the connection failed';
    throw new FetchFailed(isRefused ? error.message : `${url.host}: ${what}`, { cause: error });
  }
}

async function readText(response: Response, url: URL, maxBytes: number): Promise<string> {
  const bytes = await readBounded(response.body, maxBytes);
  if (bytes === null) throw new FetchFailed(`${url.host}: the document is larger than ${maxBytes} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new FetchFailed(`${url.host}: the document is not UTF-8`, { cause: error });
  }
}
