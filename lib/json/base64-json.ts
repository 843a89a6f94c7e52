import {
  CHALLENGE_BODY_MAX_BYTES,
  CHALLENGE_DEPTH_MAX,
  CHALLENGE_HEADER_MAX_CHARS,
  CHALLENGE_MEMBERS_MAX,
} from '../domain/limits.ts';
import { refuse, type Result } from '../domain/result.ts';
import { bytesOfBase64 } from './base64-bytes.ts';
import { parseStrictJson, type JsonBounds, type JsonRefusal } from './strict-json.ts';

/** Most of a seller's document is only sent back to it as it came: bounded by what it costs, not by what it means. */
const BOUNDS: JsonBounds = {
  maxBytes: CHALLENGE_BODY_MAX_BYTES,
  maxDepth: CHALLENGE_DEPTH_MAX,
  maxMembers: CHALLENGE_MEMBERS_MAX,
  prototypeNames: 'read',
};

/** Reads base64 of JSON, with or without padding, in either alphabet: what sellers put into headers. */
export function parseBase64Json(value: string): Result<unknown, JsonRefusal> {
  if (value.length > CHALLENGE_HEADER_MAX_CHARS) {
    return refuse({
      reason: 'cannot_parse',
      message: `the header is longer than ${CHALLENGE_HEADER_MAX_CHARS} characters`,
    });
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytesOfBase64(value.trim()));
    return parseStrictJson(text, BOUNDS);
  } catch {
    return refuse({ reason: 'cannot_parse', message: 'the header is not base64 of UTF-8 text' });
  }
}

/** Reads a JSON body within the same bounds. */
export function parseBodyJson(body: string): Result<unknown, JsonRefusal> {
  return parseStrictJson(body, BOUNDS);
}

/** Standard base64 of the JSON text, as x402 headers carry it. */
export function formatBase64Json(value: unknown): string {
  const json = JSON.stringify(value);
  // Nearly all of them are ASCII, which is its own UTF-8.
  if (/^[ -~]*$/.test(json)) return btoa(json);
  return btoa(Array.from(new TextEncoder().encode(json), (byte) => String.fromCharCode(byte)).join(''));
}
