import { bytesOfBase64 } from '../../json/base64-bytes.ts';

/** Whole groups of four, then at most one of two or three, whose last character has no bits that no byte has. */
const CANONICAL = /^(?:[\w-]{4})*(?:[\w-][AQgw]|[\w-]{2}[AEIMQUYcgkosw048])?$/;

/** Whether a text is base64url in the one way to write its bytes: without padding, and with no bits set that no byte has. */
export function isBase64Url(text: string): boolean {
  return CANONICAL.test(text);
}

/** The bytes of base64url, or `null` where the text is not the one way to write them. */
export function decodeBase64Url(text: string): Uint8Array | null {
  return isBase64Url(text) ? bytesOfBase64(text) : null;
}
