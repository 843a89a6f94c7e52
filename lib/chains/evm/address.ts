import { keccak_256 } from '@noble/hashes/sha3.js';
import type { Hex } from '../../domain/payment/payment.ts';

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

/** Whether a text has the form of an EVM address; says nothing about its checksum. */
export function isAddress(text: string): text is Hex {
  return ADDRESS.test(text);
}

/**
 * Writes an address with its EIP-55 checksum. Throws on anything that is not an address.
 * @see https://eips.ethereum.org/EIPS/eip-55
 */
export function toChecksumAddress(address: string): Hex {
  if (!ADDRESS.test(address)) throw new Error('not an EVM address: expected 0x and 40 hexadecimal digits');
  const lower = address.slice(2).toLowerCase();
  const hash = keccak_256(new TextEncoder().encode(lower));
  let text = '0x';
  for (let i = 0; i < lower.length; i += 1) {
    const nibble = (hash[i >> 1]! >> (i % 2 === 0 ? 4 : 0)) & 0xf;
    text += nibble >= 8 ? lower[i]!.toUpperCase() : lower[i];
  }
  return text as Hex;
}

/**
 * Reads an address as a stranger writes it: in one case, or with its EIP-55 checksum.
 * @returns the address with its checksum, or `null` where the form or the checksum is wrong
 */
export function parseAddress(text: string): Hex | null {
  if (!ADDRESS.test(text)) return null;
  const address = toChecksumAddress(text);
  const digits = text.slice(2);
  const isOneCase = digits === digits.toLowerCase() || digits === digits.toUpperCase();
  return isOneCase || address === text ? address : null;
}
