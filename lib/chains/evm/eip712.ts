import { keccak_256 } from '@noble/hashes/sha3.js';
import { concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Network, NetworkId } from '../../domain/assets.ts';
import type { Hex } from '../../domain/payment/shapes.ts';
import { pinnedNetwork } from './tokens.ts';

// The parts of which an EIP-712 digest is made: https://eips.ethereum.org/EIPS/eip-712

const PREFIX = Uint8Array.of(0x19, 0x01);
const WORD_HEX_CHARS = 64;

/** What is computed when it is asked for first, and kept: a start hashes nothing that its first payment has no use for. */
export function computedOnce<T>(compute: () => T): () => T {
  let known: { readonly value: T } | null = null;
  return () => (known ??= { value: compute() }).value;
}

/** A domain separator for each network, from our own table, computed once for each. */
export function separatorByNetwork(compute: (network: Network) => Uint8Array): (id: NetworkId) => Uint8Array {
  const known = new Map<NetworkId, Uint8Array>();
  return (id) => {
    const kept = known.get(id);
    if (kept !== undefined) return kept;
    const separator = compute(pinnedNetwork(id));
    known.set(id, separator);
    return separator;
  };
}

export const hashText = (text: string): Uint8Array => keccak_256(utf8ToBytes(text));

/** One word of the encoding. Throws on any other length: to sign a field that was cut or shifted is worse than to fail. */
export function word(hex: string): Uint8Array {
  if (hex.length !== WORD_HEX_CHARS) throw new RangeError(`a field of ${hex.length / 2} bytes: expected 32`);
  return hexToBytes(hex);
}

export function numberWord(value: bigint | number): Uint8Array {
  return word(value.toString(16).padStart(WORD_HEX_CHARS, '0'));
}

export function addressWord(address: Hex): Uint8Array {
  return word(`${'0'.repeat(24)}${address.slice(2)}`);
}

/** The hash of a struct, or of a domain: of its type and its members, each one word. */
export function hashStruct(type: Uint8Array, ...members: readonly Uint8Array[]): Uint8Array {
  return keccak_256(concatBytes(type, ...members));
}

/** The 32 bytes to sign for a struct in a domain. */
export function hashTyped(domainSeparator: Uint8Array, struct: Uint8Array): Uint8Array {
  return keccak_256(concatBytes(PREFIX, domainSeparator, struct));
}
