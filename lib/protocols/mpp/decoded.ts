import { encodeBase64Url } from './base64url.ts';

/**
 * The bytes of base64url, or `null` where the text is not the one way to write them: with padding, or with bits set that no byte has.
 */
export function decodeBase64Url(text: string): Uint8Array | null {
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
    return encodeBase64Url(bytes) === text ? bytes : null;
  } catch {
    return null;
  }
}
