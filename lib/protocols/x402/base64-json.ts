import { refuse, type Result } from '../../domain/result.ts';
import { parseStrictJson, type JsonRefusal } from '../strict-json.ts';

/** Longest header that is read. */
export const HEADER_MAX_CHARS = 64 * 1024;
const BOUNDS = { maxDepth: 16, maxMembers: 2_000 };

/** Reads base64 of JSON, with or without padding, in either alphabet: what sellers put into headers. */
export function parseBase64Json(value: string): Result<unknown, JsonRefusal> {
  if (value.length > HEADER_MAX_CHARS) {
    return refuse({ reason: 'cannot_parse', message: `the header is longer than ${HEADER_MAX_CHARS} characters` });
  }
  try {
    const standard = value.trim().replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(standard), (char) => char.charCodeAt(0));
    return parseStrictJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes), BOUNDS);
  } catch {
    return refuse({ reason: 'cannot_parse', message: 'the header is not base64 of UTF-8 text' });
  }
}

/** Reads a JSON body within the same bounds. */
export function parseBodyJson(body: string): Result<unknown, JsonRefusal> {
  return body.length > HEADER_MAX_CHARS
    ? refuse({ reason: 'cannot_parse', message: `the body is longer than ${HEADER_MAX_CHARS} characters` })
    : parseStrictJson(body, BOUNDS);
}

/** Standard base64 of the JSON text, as x402 headers carry it. */
export function formatBase64Json(value: unknown): string {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** An own member of a parsed object; `undefined` for anything else. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
