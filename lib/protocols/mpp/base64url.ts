/** Of a text in UTF-8, without padding. */
export function encodeBase64Url(text: string): string {
  // Nearly all of them are ASCII, which is its own UTF-8.
  const binary = /^[\0-\x7f]*$/.test(text) ? text : binaryOf(new TextEncoder().encode(text));
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function binaryOf(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return binary;
}
