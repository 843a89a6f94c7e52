import { hashTypedData, hexToBytes, type Hex } from 'viem';
import { findNetwork } from '../../domain/assets.ts';
import type { OfferBase } from '../../domain/payment/shapes.ts';
import { PERMIT2 } from './addresses.ts';
import type { Eip712Message } from './shapes.ts';
import type { WindowTerms } from './window-terms.ts';

/** @see https://eips.ethereum.org/EIPS/eip-2612 */
const TYPES = {
  Permit: [
    { name: 'owner', type: 'address' },
    { name: 'spender', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'nonce', type: 'uint256' },
    { name: 'deadline', type: 'uint256' },
  ],
} as const;

/** Of the amount of an offer, no more and no less, until the payment itself ends, for Permit2 and nobody else. */
function permitOf({ amount }: OfferBase, { from: owner, validBefore }: WindowTerms, nonce: bigint) {
  return { owner, spender: PERMIT2, value: `${amount}`, nonce: `${nonce}`, deadline: `${validBefore}` } as const;
}

/** The domain of the USDC of a network, by our own table. Throws for an offer in anything else: a bug, never input. */
function domainOf({ network, asset }: OfferBase) {
  const { chainId, usdc } = findNetwork(network)!;
  const { address: verifyingContract, domainName: name, domainVersion: version } = usdc;
  if (asset !== verifyingContract) throw new Error(`nobody here knows whether ${asset} on ${network} has permits`);
  return { name, version, chainId, verifyingContract };
}

/**
 * What is signed so that somebody else may approve Permit2 in the wallet's name: a permit of the token itself.
 * @param nonce of the owner at the token, as its chain has it: with any other the permit is worth nothing
 */
export function tokenPermitMessage(offer: OfferBase, terms: WindowTerms, nonce: bigint): Eip712Message {
  const [domain, message] = [domainOf(offer), permitOf(offer, terms, nonce)];
  const { value, deadline, ...rest } = message;
  const counted = { ...rest, value: BigInt(value), nonce, deadline: BigInt(deadline) };
  return {
    form: 'eip712',
    digest: hexToBytes(hashTypedData({ domain, types: TYPES, primaryType: 'Permit', message: counted })),
    typedData: () => ({ domain, types: TYPES, primaryType: 'Permit', message }),
  };
}

/** The signed permit in x402's words. A bearer instrument: anybody may approve Permit2 with it, once. */
export function presentTokenPermit(offer: OfferBase, terms: WindowTerms, nonce: bigint, signature: Hex) {
  const { owner: from, spender, value: amount, ...rest } = permitOf(offer, terms, nonce);
  return { from, asset: offer.asset, spender, amount, ...rest, signature };
}
