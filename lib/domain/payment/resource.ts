import { RESOURCE_DESCRIPTION_MAX_BYTES, RESOURCE_URL_MAX_BYTES } from '../limits.ts';

/** What a payment is for, in the caller's own words: Bursar does not check it, and no signature covers it. */
export interface Resource {
  /** Origin and path, without the query, which may hold private data. */
  readonly url: string;
  readonly description: string | null;
}

/** What is cut ends in this. */
const CUT_MARK = '…';
const encoder = new TextEncoder();

/**
 * Takes from what a caller says what a receipt keeps: without query, fragment, name and password, and cut to what a payment's item
 * has room for. `null` for what is no URL of the web.
 */
export function toResource(said: { readonly url: string; readonly description?: string | undefined }): Resource | null {
  const url = URL.canParse(said.url) ? new URL(said.url) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return null;
  // Half a character is cut off as well: strict readers of JSON take none.
  const description =
    said.description
      ?.toWellFormed()
      .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
      .trim() ?? '';
  return {
    url: cut(`${url.origin}${url.pathname}`, RESOURCE_URL_MAX_BYTES),
    description: description === '' ? null : cut(description, RESOURCE_DESCRIPTION_MAX_BYTES),
  };
}

/** Cuts between characters. */
function cut(text: string, maxBytes: number): string {
  if (encoder.encode(text).length <= maxBytes) return text;
  let kept = '';
  let bytes = encoder.encode(CUT_MARK).length;
  for (const character of text) {
    bytes += encoder.encode(character).length;
    if (bytes > maxBytes) break;
    kept += character;
  }
  return kept + CUT_MARK;
}
