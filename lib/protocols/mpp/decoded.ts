/** Whole groups of four, then at most one of two or three, whose last character has no bits that no byte has. */
const CANONICAL = /^(?:[\w-]{4})*(?:[\w-][AQgw]|[\w-]{2}[AEIMQUYcgkosw048])?$/;

/** Whether a text is base64url in the one way to write its bytes: without padding, and with no bits set that no byte has. */
export function isBase64Url(text: string): boolean {
  return CANONICAL.test(text);
}

/** The text of base64url that is UTF-8; `null` for other bytes. Throws on what is no base64url. */
export function textOfBase64Url(encoded: string): string | null {
  const binary = atob(encoded.replaceAll('-', '+').replaceAll('_', '/'));
  // Nearly all of them are ASCII, which is its own UTF-8.
  if (/^[\0-\x7f]*$/.test(binary)) return binary;
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  try {
    // A byte order mark stays, and is no JSON.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
