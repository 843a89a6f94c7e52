/** Lower-case hexadecimal digits, two a byte. */
export function formatHex(bytes: Uint8Array): string {
  let digits = '';
  for (const byte of bytes) digits += (byte + 256).toString(16).slice(1);
  return digits;
}
