import { formatHex } from '../../domain/hex.ts';
import type { Hex } from '../../domain/payment/shapes.ts';

/**
 * The bytes of base64url, or `null` where the text is not the one way to write them: with padding, or with bits set that no byte has.
 */
export function decodeBase64Url(text: string): Uint8Array | null {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return null;
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
    return encodeBase64Url(bytes) === text ? bytes : null;
  } catch {
    return null;
  }
}

export function encodeBase64Url(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The bytes of a text in base64url as a store keeps them. Throws on what is none: a parser has checked it. */
export function toStoredBytes(encoded: string): Hex {
  const bytes = decodeBase64Url(encoded);
  if (bytes === null) throw new Error('a challenge passed its parser with a text that is not base64url');
  return `0x${formatHex(bytes)}`;
}

export function fromStoredBytes(hex: Hex): string {
  const pairs = hex.slice(2).match(/../g) ?? [];
  return encodeBase64Url(Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16)));
}
