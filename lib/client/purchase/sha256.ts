import { formatHex } from '../../domain/hex.ts';

/** In lower-case hexadecimal; of a text its UTF-8. */
export async function toSha256(data: string | ArrayBuffer): Promise<string> {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  return formatHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}
