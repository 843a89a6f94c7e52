import type { Exposure } from '../offers/verdict.ts';
import type { BaseUnits } from '../money.ts';
import type { OfferedAsset } from '../tokens/token.ts';
import type {
  Address,
  Hex,
  Offer,
  OfferBase,
  SchemeKey,
  SchemeShapes,
  Signature,
  SigningMessage,
} from '../payment/shapes.ts';
import type { Refusal } from '../refusal.ts';
import type { Result } from '../result.ts';
import type { EpochMs } from '../time.ts';

/** The names that a stored payment keeps of its scheme. */
export type SchemeName = Pick<OfferBase, 'protocol' | 'scheme' | 'transferMethod'>;

/** What a scheme freezes its terms from. The same input always gives the same terms. */
export interface FreezeInput<O extends OfferBase = Offer> {
  readonly offer: O;
  /** Whose money it is. */
  readonly from: Address;
  /** 32 bytes that belong to this payment alone and to all its attempts, so that its chain settles at most one of them. */
  readonly uniqueness: Hex;
  readonly now: EpochMs;
  /** The longest that an authorization is good for. */
  readonly capSeconds: number;
  readonly sessionExpiresAt: EpochMs;
}

/** A value as a store keeps it, whatever the store. */
export type PackedValue = { readonly text: string } | { readonly number: bigint } | { readonly bytes: Hex };
/** By names of one or two letters, since a write is billed on the whole item. */
export type Packed = Readonly<Record<string, PackedValue>>;

/** What every stored offer has. */
export type CommonOffer = Omit<OfferBase, 'kind'>;

/** What only the scheme knows of a stored payment; what every offer has is kept by the store itself. */
export interface PackedScheme {
  readonly offer: Packed;
  readonly terms: Packed;
}

/** What some payments of a scheme sign and show besides the others. */
export interface Besides<K extends SchemeKey = SchemeKey> {
  /** After those of the scheme. */
  messages(offer: SchemeShapes[K]['offer'], terms: SchemeShapes[K]['terms']): readonly SigningMessage[];
  /**
   * What the payee gets to see beside the payload, by the names of its protocol's extensions. Bearer instruments: never log them.
   * @param signatures all of the payment
   */
  present(
    offer: SchemeShapes[K]['offer'],
    terms: SchemeShapes[K]['terms'],
    signatures: readonly Signature[],
  ): Readonly<Record<string, object>>;
}

/**
 * One way to pay: pure functions from an offer to bytes to sign to a proof. No clock, no network, no keys. Each lives in a
 * folder of its own, and nothing outside that folder and `lib/protocols/catalogue.ts` names it.
 */
export interface Scheme<K extends SchemeKey = SchemeKey> extends SchemeName {
  /** What is to be reserved. */
  ceiling(offer: SchemeShapes[K]['offer']): { readonly asset: OfferedAsset; readonly amount: BaseUnits };
  /** The contract that a wallet must have let take the token before anything can be settled; `null`: there is none. */
  readonly approved: Hex | null;
  /** By which offers of one price are told from each other. */
  readonly exposure: Exposure;
  /** What may have to be read of the chain before the intent; it is kept with the offer, so that every attempt signs the same. */
  readonly facts: 'none' | 'permit_nonce';
  /** Refuses where too little time is left for the payment to settle. */
  freeze(input: FreezeInput<SchemeShapes[K]['offer']>): Result<SchemeShapes[K]['terms'], Refusal>;
  /**
   * Every member of an offer that a signature covers, and nothing else: two offers ask for the same if these are equal, whatever
   * their descriptions and time-outs say.
   */
  covered(offer: SchemeShapes[K]['offer']): Readonly<Record<string, string>>;
  /**
   * What names the purchase, where the protocol gives it a name of its own: within a session it is paid once, whatever token it is
   * asked for under. @default - a purchase is its client token
   */
  purchase?(offer: SchemeShapes[K]['offer']): readonly string[];
  /** What a receipt shows of the terms: whose money, until when, and by what the chain can be asked. No signature. */
  show(terms: SchemeShapes[K]['terms']): Readonly<Record<string, string | number>>;
  /** What is to be signed, in order. */
  messages(offer: SchemeShapes[K]['offer'], terms: SchemeShapes[K]['terms']): readonly SigningMessage[];
  /** What the payee gets to see. A bearer instrument: never log it. */
  present(offer: SchemeShapes[K]['offer'], terms: SchemeShapes[K]['terms'], signatures: readonly Signature[]): object;
  /** What is signed and shown besides, loaded at its first use; `null`: nothing. @default - nothing, whatever the offer */
  besides?(offer: SchemeShapes[K]['offer']): Promise<Besides<K>> | null;
  pack(offer: SchemeShapes[K]['offer'], terms: SchemeShapes[K]['terms']): PackedScheme;
  unpack(
    common: CommonOffer,
    packed: PackedScheme,
  ): { readonly offer: SchemeShapes[K]['offer']; readonly terms: SchemeShapes[K]['terms'] };
}

/** How the chain shows an authorization to be used, for how much, or dead. */
export type Trace =
  | { readonly kind: 'used'; readonly amount: BaseUnits; readonly transaction: string }
  | { readonly kind: 'cancelled' }
  /** Over, and unused at a block after its end. */
  | { readonly kind: 'dead' }
  | { readonly kind: 'open' };

/** What may come back to the budget once the trace is known. */
export type Release =
  | { readonly kind: 'all' }
  | { readonly kind: 'difference'; readonly amount: BaseUnits }
  | { readonly kind: 'nothing' };

/**
 * What a scheme adds whose payee may take less than was signed for. Apart from the scheme, since who signs does not need it.
 * @see docs/decisions/0030-true-up.md
 */
export interface CeilingTrace<K extends SchemeKey = SchemeKey> extends SchemeName {
  /**
   * What a chain shows at a block that is final. Throws where the endpoint does not answer as such a chain does.
   * @param rpc asks the chain of the offer one thing, as JSON-RPC has it
   * @param since epoch seconds: a block before the payment was signed
   */
  trace(
    offer: SchemeShapes[K]['offer'],
    terms: SchemeShapes[K]['terms'],
    ask: { readonly rpc: (method: string, params: readonly unknown[]) => Promise<unknown>; readonly since: number },
  ): Promise<Trace>;
}

/** Finds the scheme of a payment. Throws for one that this release does not have: better no answer than a wrong one. */
export type SchemeOf = (name: SchemeName) => Scheme;
