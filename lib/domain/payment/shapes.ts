import type { NetworkId } from '../assets.ts';
import type { BaseUnits } from '../money.ts';
import type { Token } from '../tokens/token.ts';
import type { EpochSeconds } from '../time.ts';

export type Hex = `0x${string}`;

/**
 * What the values of a chain family look like: its addresses, the messages that its keys sign, and the signatures. Empty here:
 * each folder of `lib/chains` adds its own entry by declaration merging, so that a new family changes no line of the core.
 */
// eslint-disable-next-line typescript/no-empty-object-type -- filled by the folders of lib/chains
export interface ChainFamilies {}

export type ChainFamily = keyof ChainFamilies;
/** An address on some chain; the network of an offer says of which family. */
export type Address = ChainFamilies[ChainFamily]['address'];
/** Something to sign, tagged by its form. A key signs the digest; a wallet provider is shown the whole message. */
export type SigningMessage = ChainFamilies[ChainFamily]['message'];
export type Signature = ChainFamilies[ChainFamily]['signature'];

/**
 * The offer and the terms of each way to pay, by `protocol/scheme/transferMethod`. Empty here: each scheme's folder in
 * `lib/protocols` adds its own entry by declaration merging.
 */
// eslint-disable-next-line typescript/no-empty-object-type -- filled by the folders of lib/protocols
export interface SchemeShapes {}

export type SchemeKey = keyof SchemeShapes;
/** What is to be paid. Every field was checked against our own tables; none is only what the seller says. */
export type Offer = { [K in SchemeKey]: SchemeShapes[K]['offer'] }[SchemeKey];
/** Everything that determines the bytes to sign. Written before signing and never changed once a payment is SIGNED. */
export type SigningTerms = { [K in SchemeKey]: SchemeShapes[K]['terms'] }[SchemeKey];

/** What every offer has. The first four name the scheme, are stored with the payment, and are never renamed. */
export interface OfferBase {
  readonly protocol: string;
  /** Of the protocol. */
  readonly version: string;
  readonly scheme: string;
  readonly transferMethod: string;
  /** A purchase pays a seller out of a budget; a transfer brings money home to its owner. */
  readonly kind: 'purchase' | 'transfer';
  readonly network: NetworkId;
  readonly asset: Address;
  /** What is known of the asset, where it is not the USDC of the network. Kept with the payment, so that its price stays what it was. */
  readonly token?: Token;
  /** The most that the signature lets anybody take, in the token's smallest unit. */
  readonly amount: BaseUnits;
  readonly payTo: Address;
  /** Who alone can settle, and decides how much, where the signature names somebody. */
  readonly facilitator?: Address;
  /** Of the payer at the token, where the payee submits a permit of the token first. Read of the chain before the intent. */
  readonly permitNonce?: bigint;
  /** What the payee allows; our own cap comes later. */
  readonly maxTimeoutSeconds: number;
  /** When the payee's offer ends, where it says so by the clock. */
  readonly expiresAt?: EpochSeconds;
}

/** What the terms of every scheme have. */
export interface TermsBase {
  readonly transferMethod: string;
  readonly from: Address;
  /** From this second on the authorization is worth nothing. */
  readonly validBefore: EpochSeconds;
}
