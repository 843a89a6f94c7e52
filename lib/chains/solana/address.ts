import type { SolanaAddress } from '../../domain/tenants/solana.ts';

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const FORM = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/;
const ADDRESS_BYTES = 32;

/**
 * Reads an address as a stranger writes it: 32 bytes in base58.
 * @returns `null` where the form is wrong, or the number of bytes
 * @see https://solana.com/docs/core/accounts#account-address
 */
export function parseSolanaAddress(text: string): SolanaAddress | null {
  if (!FORM.test(text)) return null;
  let value = 0n;
  for (const digit of text) value = value * 58n + BigInt(ALPHABET.indexOf(digit));
  const zeros = /^1*/.exec(text)![0].length;
  const bytes = value === 0n ? 0 : Math.ceil(value.toString(16).length / 2);
  return zeros + bytes === ADDRESS_BYTES ? (text as SolanaAddress) : null;
}
