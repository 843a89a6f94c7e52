import type { NetworkId } from '../../domain/assets.ts';
import type { Hex, OfferBase } from '../../domain/payment/shapes.ts';
import type { FreezeInput, Packed } from '../../domain/ports/schemes.ts';
import type { OfferedAsset, Token } from '../../domain/tokens/token.ts';
import {
  addressWord,
  computedOnce,
  hashStruct,
  hashText,
  hashTyped,
  numberWord,
  separatorByNetwork,
  word,
} from './eip712.ts';
import type { Eip712Message, TypedData } from './shapes.ts';
import { pinnedNetwork, tokenOf, type Transfer } from './tokens.ts';
import { freezeWindow, onlySignature, unpackWindow, type WindowTerms } from './window-terms.ts';

const METHOD = 'eip3009';

/** The frozen terms of a `TransferWithAuthorization`. */
export type Eip3009Terms = WindowTerms<typeof METHOD>;

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

// https://eips.ethereum.org/EIPS/eip-712#definition-of-domainseparator
const DOMAIN_TYPE = computedOnce(() =>
  hashText('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'),
);
// https://eips.ethereum.org/EIPS/eip-3009
const TRANSFER_TYPE = computedOnce(() =>
  hashText(
    'TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)',
  ),
);

/** The hash by which a token of EIP-3009 knows a transfer. */
export const transferTypeHash = (): Uint8Array => TRANSFER_TYPE();

/** A token as EIP-712 names it. Throws for one that has no EIP-3009: a bug, never input. */
function domainOf({ symbol, address, domainName, domainVersion }: OfferedAsset, chainId: number) {
  if (domainName === null || domainVersion === null) throw new Error(`${symbol} has no EIP-3009`);
  return { name: domainName, version: domainVersion, chainId, verifyingContract: address };
}

function separatorOf(chainId: number, asset: OfferedAsset): Uint8Array {
  const { name, version, verifyingContract } = domainOf(asset, chainId);
  return hashStruct(
    DOMAIN_TYPE(),
    hashText(name),
    hashText(version),
    numberWord(chainId),
    addressWord(verifyingContract),
  );
}

const usdcSeparator = separatorByNetwork(({ chainId, usdc }) => separatorOf(chainId, usdc));

/** The EIP-712 domain separator of a network's USDC, or of another token on it. */
export function domainSeparator(network: NetworkId, token?: Token): Uint8Array {
  return token === undefined ? usdcSeparator(network) : separatorOf(pinnedNetwork(network).chainId, token);
}

export const freezeTransfer = (input: FreezeInput<OfferBase>) => freezeWindow(METHOD, input);

/** The terms of stored ones. Throws where a member is missing: the item is then none of ours. */
export const unpackTransferTerms = (packed: Packed): Eip3009Terms => unpackWindow(METHOD, packed);

/**
 * The 32 bytes to sign for a transfer: a function of the offer and the frozen terms alone.
 * Throws where the offer is in no token of its network or a field has not its length: a bug, never input.
 */
export function transferDigest(offer: Transfer, terms: Eip3009Terms): Uint8Array {
  tokenOf(offer);
  const struct = hashStruct(
    TRANSFER_TYPE(),
    addressWord(terms.from),
    addressWord(offer.payTo),
    numberWord(offer.amount),
    numberWord(terms.validAfter),
    numberWord(terms.validBefore),
    word(terms.nonce.slice(2)),
  );
  return hashTyped(domainSeparator(offer.network, offer.token), struct);
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
  const { chainId } = pinnedNetwork(offer.network);
  return {
    domain: domainOf(tokenOf(offer), chainId),
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
  return { signature: onlySignature(signatures), authorization: authorizationOf(offer, terms) };
}
