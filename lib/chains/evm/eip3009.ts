import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { findNetwork, type Network, type NetworkId } from '../../domain/assets.ts';
import type { Hex, Offer, SigningTerms } from '../../domain/payment/payment.ts';

/** The `payload` of an x402 payment of scheme `exact` on EVM by EIP-3009; all numbers are decimal strings. */
export interface ExactEvmPayload {
  readonly signature: Hex;
  readonly authorization: {
    readonly from: Hex;
    readonly to: Hex;
    readonly value: string;
    readonly validAfter: string;
    readonly validBefore: string;
    readonly nonce: Hex;
  };
}

const hashText = (text: string): Uint8Array => keccak_256(utf8ToBytes(text));

// https://eips.ethereum.org/EIPS/eip-712#definition-of-domainseparator
const DOMAIN_TYPE = hashText('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)');
// https://eips.ethereum.org/EIPS/eip-3009
const TRANSFER_TYPE = hashText(
  'TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)',
);
const PREFIX = Uint8Array.of(0x19, 0x01);

const WORD_HEX_CHARS = 64;

/** One word of the encoding. Throws on any other length: to sign a field that was cut or shifted is worse than to fail. */
function word(hex: string): Uint8Array {
  if (hex.length !== WORD_HEX_CHARS) throw new RangeError(`a field of ${hex.length / 2} bytes: expected 32`);
  return hexToBytes(hex);
}

function numberWord(value: bigint | number): Uint8Array {
  return word(value.toString(16).padStart(WORD_HEX_CHARS, '0'));
}

function addressWord(address: Hex): Uint8Array {
  return word(`${'0'.repeat(24)}${address.slice(2)}`);
}

const separators = new Map<NetworkId, Uint8Array>();

function pinnedNetwork(id: NetworkId): Network {
  const network = findNetwork(id);
  if (network === undefined) throw new Error(`no pinned token on network ${id}`);
  return network;
}

/** The EIP-712 domain separator of a network's USDC, from our own table. Computed once per network. */
export function domainSeparator(id: NetworkId): Uint8Array {
  const known = separators.get(id);
  if (known !== undefined) return known;
  const { chainId, usdc } = pinnedNetwork(id);
  const separator = keccak_256(
    concatBytes(
      DOMAIN_TYPE,
      hashText(usdc.domainName),
      hashText(usdc.domainVersion),
      numberWord(chainId),
      addressWord(usdc.address),
    ),
  );
  separators.set(id, separator);
  return separator;
}

/**
 * The 32 bytes to sign for a transfer: a function of the offer and the frozen terms alone.
 * Throws where the offer is not in the network's pinned token or a field has not its length: a bug, never input.
 */
export function digestOf(offer: Offer, terms: SigningTerms): Uint8Array {
  const { usdc } = pinnedNetwork(offer.network);
  if (offer.asset !== usdc.address) throw new Error(`asset ${offer.asset} is not the pinned token of ${offer.network}`);
  const struct = keccak_256(
    concatBytes(
      TRANSFER_TYPE,
      addressWord(terms.from),
      addressWord(offer.payTo),
      numberWord(offer.amount),
      numberWord(terms.validAfter),
      numberWord(terms.validBefore),
      word(terms.nonce.slice(2)),
    ),
  );
  return keccak_256(concatBytes(PREFIX, domainSeparator(offer.network), struct));
}

/** The proof that goes into the payment header. A bearer instrument: never log it. */
export function presentProof(offer: Offer, terms: SigningTerms, signature: Hex): ExactEvmPayload {
  return {
    signature,
    authorization: {
      from: terms.from,
      to: offer.payTo,
      value: offer.amount.toString(),
      validAfter: terms.validAfter.toString(),
      validBefore: terms.validBefore.toString(),
      nonce: terms.nonce,
    },
  };
}

/** An Ethereum digest in hexadecimal, for logs and tests; a digest is no secret. */
export function formatDigest(digest: Uint8Array): Hex {
  return `0x${bytesToHex(digest)}`;
}
