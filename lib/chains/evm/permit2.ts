import type { Hex, OfferBase } from '../../domain/payment/shapes.ts';
import type { FreezeInput, Packed } from '../../domain/ports/schemes.ts';
import { PERMIT2 } from './addresses.ts';
import {
  addressWord,
  computedOnce,
  hashStruct,
  hashText,
  hashTyped,
  numberWord,
  separatorByNetwork,
} from './eip712.ts';
import type { Eip712Message, TypedData } from './shapes.ts';
import { pinnedNetwork, tokenOf, type Transfer } from './tokens.ts';
import { freezeWindow, onlySignature, unpackWindow, type WindowTerms } from './window-terms.ts';

const METHOD = 'permit2';

/** The frozen terms of a `PermitWitnessTransferFrom`; `validBefore` is its deadline, and the nonce is one bit of the owner's map. */
export type Permit2Terms = WindowTerms<typeof METHOD>;

/**
 * Who may take the money, and what binds it: a contract (the spender) that pays the witness's `to` and nobody else. With a
 * facilitator in the witness, that address alone can settle, and decides how much of the amount.
 */
export interface Permit2Spender {
  readonly address: Hex;
  /** `null`: the witness names no facilitator, and the whole amount is taken. */
  readonly facilitator: Hex | null;
}

/** A signed permit as facilitators take it; all numbers are decimal strings. */
export interface Permit2Payload {
  readonly signature: Hex;
  readonly permit2Authorization: Permit2Authorization;
}

interface Permit2Authorization {
  readonly from: Hex;
  readonly permitted: { readonly token: Hex; readonly amount: string };
  readonly spender: Hex;
  readonly nonce: string;
  readonly deadline: string;
  readonly witness: { readonly to: Hex; readonly facilitator?: Hex; readonly validAfter: string };
}

const TOKEN_PERMISSIONS = 'TokenPermissions(address token,uint256 amount)';
const WITNESS = 'Witness(address to,uint256 validAfter)';
const FACILITATOR_WITNESS = 'Witness(address to,address facilitator,uint256 validAfter)';

/** The types of a permit and of its witness, by whether the witness names a facilitator. */
function typesOf(witness: string) {
  return computedOnce(() => ({
    permit: hashText(
      'PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,Witness witness)' +
        `${TOKEN_PERMISSIONS}${witness}`,
    ),
    witness: hashText(witness),
  }));
}

// Permit2's domain has no version: https://github.com/Uniswap/permit2/blob/main/src/EIP712.sol
const DOMAIN_TYPE = computedOnce(() => hashText('EIP712Domain(string name,uint256 chainId,address verifyingContract)'));
const TOKEN_PERMISSIONS_TYPE = computedOnce(() => hashText(TOKEN_PERMISSIONS));
const TYPES = typesOf(WITNESS);
const FACILITATOR_TYPES = typesOf(FACILITATOR_WITNESS);

/** Permit2's EIP-712 domain separator on a network. */
const permit2Separator = separatorByNetwork(({ chainId }) =>
  hashStruct(DOMAIN_TYPE(), hashText('Permit2'), numberWord(chainId), addressWord(PERMIT2)),
);

export const freezePermit = (input: FreezeInput<OfferBase>) => freezeWindow(METHOD, input);

/** The terms of stored ones. Throws where a member is missing: the item is then none of ours. */
export const unpackPermitTerms = (packed: Packed): Permit2Terms => unpackWindow(METHOD, packed);

/**
 * The 32 bytes to sign for a permit: a function of the offer, the spender and the frozen terms alone.
 * Throws where the offer is not in the network's pinned token or a field has not its length: a bug, never input.
 */
function permitDigest(offer: Transfer, { address, facilitator }: Permit2Spender, terms: Permit2Terms): Uint8Array {
  tokenOf(offer);
  const types = facilitator === null ? TYPES() : FACILITATOR_TYPES();
  const permitted = hashStruct(TOKEN_PERMISSIONS_TYPE(), addressWord(offer.asset), numberWord(offer.amount));
  const witness = hashStruct(
    types.witness,
    addressWord(offer.payTo),
    ...(facilitator === null ? [] : [addressWord(facilitator)]),
    numberWord(terms.validAfter),
  );
  const struct = hashStruct(
    types.permit,
    permitted,
    addressWord(address),
    numberWord(BigInt(terms.nonce)),
    numberWord(terms.validBefore),
    witness,
  );
  return hashTyped(permit2Separator(offer.network), struct);
}

/** What is signed for a permit, with its digest. */
export function permitMessage(offer: Transfer, spender: Permit2Spender, terms: Permit2Terms): Eip712Message {
  return {
    form: 'eip712',
    digest: permitDigest(offer, spender, terms),
    typedData: () => permitTypedData(offer, spender, terms),
  };
}

function permitTypedData(offer: Transfer, spender: Permit2Spender, terms: Permit2Terms): TypedData {
  const { from: _from, ...message } = authorizationOf(offer, spender, terms);
  return {
    domain: { name: 'Permit2', chainId: pinnedNetwork(offer.network).chainId, verifyingContract: PERMIT2 },
    types: {
      PermitWitnessTransferFrom: [
        { name: 'permitted', type: 'TokenPermissions' },
        { name: 'spender', type: 'address' },
        { name: 'nonce', type: 'uint256' },
        { name: 'deadline', type: 'uint256' },
        { name: 'witness', type: 'Witness' },
      ],
      TokenPermissions: [
        { name: 'token', type: 'address' },
        { name: 'amount', type: 'uint256' },
      ],
      Witness: [
        { name: 'to', type: 'address' },
        ...(spender.facilitator === null ? [] : [{ name: 'facilitator', type: 'address' }]),
        { name: 'validAfter', type: 'uint256' },
      ],
    },
    primaryType: 'PermitWitnessTransferFrom',
    message,
  };
}

function authorizationOf(
  offer: Transfer,
  { address, facilitator }: Permit2Spender,
  terms: Permit2Terms,
): Permit2Authorization {
  return {
    from: terms.from,
    permitted: { token: offer.asset, amount: offer.amount.toString() },
    spender: address,
    nonce: BigInt(terms.nonce).toString(),
    deadline: terms.validBefore.toString(),
    witness: {
      to: offer.payTo,
      ...(facilitator === null ? {} : { facilitator }),
      validAfter: terms.validAfter.toString(),
    },
  };
}

/** The signed permit. A bearer instrument: never log it. Throws unless there is exactly one signature. */
export function presentPermit(
  offer: Transfer,
  spender: Permit2Spender,
  terms: Permit2Terms,
  signatures: readonly Hex[],
): Permit2Payload {
  return { signature: onlySignature(signatures), permit2Authorization: authorizationOf(offer, spender, terms) };
}
