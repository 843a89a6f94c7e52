import { keccak_256 } from '@noble/hashes/sha3.js';
import { concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { findNetwork, type Asset, type Network, type NetworkId } from '../../domain/assets.ts';
import type { Hex, OfferBase, TermsBase } from '../../domain/payment/shapes.ts';
import { validityWindow } from '../../domain/payment/validity.ts';
import type { FreezeInput, Packed, PackedValue } from '../../domain/ports/schemes.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { ok, type Result } from '../../domain/result.ts';
import { toEpochSeconds, type EpochSeconds } from '../../domain/time.ts';
import { toChecksumAddress } from './address.ts';
import type { Eip712Message, TypedData } from './shapes.ts';

/** The part of an offer that a transfer by EIP-3009 is made of. */
export type Transfer = Pick<OfferBase, 'network' | 'asset' | 'amount' | 'payTo'>;

/** The frozen terms of a `TransferWithAuthorization`. */
export interface Eip3009Terms extends TermsBase {
  readonly transferMethod: 'eip3009';
  readonly from: Hex;
  /** 32 bytes, the same for all attempts of a payment: the chain settles at most one of them. */
  readonly nonce: Hex;
  readonly validAfter: EpochSeconds;
  readonly validBefore: EpochSeconds;
}

/** A signed transfer as facilitators take it; all numbers are decimal strings. */
export interface Eip3009Payload {
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

/** The pinned token of a transfer. Throws where the transfer is in another one: a bug, never input. */
export function tokenOf({ network, asset }: Pick<Transfer, 'network' | 'asset'>): Asset {
  const { usdc } = pinnedNetwork(network);
  if (asset !== usdc.address) throw new Error(`asset ${asset} is not the pinned token of ${network}`);
  return usdc;
}

/**
 * Freezes the terms of a transfer: from ten minutes ago to the end of its validity, under a nonce that is this payment's alone.
 */
export function freezeTransfer({
  offer,
  from,
  uniqueness,
  now,
  capSeconds,
  sessionExpiresAt,
}: FreezeInput<OfferBase>): Result<Eip3009Terms, Refusal> {
  const window = validityWindow({ now, maxTimeoutSeconds: offer.maxTimeoutSeconds, capSeconds, sessionExpiresAt });
  if (!window.ok) return window;
  return ok({ transferMethod: 'eip3009', from, nonce: uniqueness, ...window.value });
}

/** All of a transfer that the signature covers and that the payee decides. */
export function coveredByTransfer({ network, asset, amount, payTo }: Transfer): Readonly<Record<string, string>> {
  return { network, asset, amount: `${amount}`, payTo };
}

/**
 * The 32 bytes to sign for a transfer: a function of the offer and the frozen terms alone.
 * Throws where the offer is not in the network's pinned token or a field has not its length: a bug, never input.
 */
export function transferDigest(offer: Transfer, terms: Eip3009Terms): Uint8Array {
  tokenOf(offer);
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

/** What is signed for a transfer, with its digest. */
export function transferMessage(offer: Transfer, terms: Eip3009Terms): Eip712Message {
  return {
    form: 'eip712',
    digest: transferDigest(offer, terms),
    typedData: () => transferTypedData(offer, terms),
  };
}

function transferTypedData(offer: Transfer, terms: Eip3009Terms): TypedData {
  const { chainId, usdc } = pinnedNetwork(offer.network);
  return {
    domain: { name: usdc.domainName, version: usdc.domainVersion, chainId, verifyingContract: usdc.address },
    types: {
      TransferWithAuthorization: [
        { name: 'from', type: 'address' },
        { name: 'to', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'validAfter', type: 'uint256' },
        { name: 'validBefore', type: 'uint256' },
        { name: 'nonce', type: 'bytes32' },
      ],
    },
    primaryType: 'TransferWithAuthorization',
    message: authorizationOf(offer, terms),
  };
}

function authorizationOf(offer: Transfer, terms: Eip3009Terms): Eip3009Payload['authorization'] {
  return {
    from: terms.from,
    to: offer.payTo,
    value: offer.amount.toString(),
    validAfter: terms.validAfter.toString(),
    validBefore: terms.validBefore.toString(),
    nonce: terms.nonce,
  };
}

/** The signed transfer. A bearer instrument: never log it. Throws unless there is exactly one signature. */
export function presentTransfer(offer: Transfer, terms: Eip3009Terms, signatures: readonly Hex[]): Eip3009Payload {
  const [signature, ...others] = signatures;
  if (signature === undefined || others.length > 0) throw new Error('a transfer has exactly one signature');
  return { signature, authorization: authorizationOf(offer, terms) };
}

/** What may be shown of the terms: by the nonce the chain can be asked whether the transfer took place. */
export function showTransferTerms({ from, nonce, validAfter, validBefore }: Eip3009Terms) {
  return { from, nonce, validAfter, validBefore };
}

/** The terms as a store keeps them. */
export function packTransferTerms(terms: Eip3009Terms): Packed {
  return {
    fr: { bytes: terms.from },
    nc: { bytes: terms.nonce },
    va: { number: BigInt(terms.validAfter) },
    vb: { number: BigInt(terms.validBefore) },
  };
}

/** Throws where a member is missing: the item is then none of ours. */
export function unpackTransferTerms(packed: Packed): Eip3009Terms {
  return {
    transferMethod: 'eip3009',
    from: toChecksumAddress(readBytes(packed['fr'])),
    nonce: readBytes(packed['nc']),
    validAfter: readSeconds(packed['va']),
    validBefore: readSeconds(packed['vb']),
  };
}

function readBytes(value: PackedValue | undefined): Hex {
  if (value === undefined || !('bytes' in value)) throw new Error('stored terms of a transfer lack bytes');
  return value.bytes;
}

function readSeconds(value: PackedValue | undefined): EpochSeconds {
  if (value === undefined || !('number' in value)) throw new Error('stored terms of a transfer lack an instant');
  return toEpochSeconds(Number(value.number));
}
