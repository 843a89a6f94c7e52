import { keccak_256 } from '@noble/hashes/sha3.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Hex } from './payment.ts';

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
  const hash = keccak_256(utf8ToBytes(lower));
  let text = '0x';
  for (let i = 0; i < lower.length; i += 1) {
    const nibble = (hash[i >> 1]! >> (i % 2 === 0 ? 4 : 0)) & 0xf;
    text += nibble >= 8 ? lower[i]!.toUpperCase() : lower[i];
  }
  return text as Hex;
}

/** Whether a mixed-case address carries the right checksum; addresses in one case carry none and pass. */
export function hasValidChecksum(address: Hex): boolean {
  const digits = address.slice(2);
  if (digits === digits.toLowerCase() || digits === digits.toUpperCase()) return true;
  return toChecksumAddress(address) === address;
}
