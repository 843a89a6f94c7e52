import type { Network } from '../../domain/assets.ts';
import type { Hex, Offer, OfferBase, SchemeKey } from '../../domain/payment/shapes.ts';
import type { Scheme } from '../../domain/ports/schemes.ts';
import type { Result } from '../../domain/result.ts';
import type { JsonRpc, AuthorizationState } from '../../chains/evm/authorization-state.ts';
import type { ChallengeRefusal } from './refusal.ts';

export type X402Version = '1' | '2';
export type X402Key = Extract<SchemeKey, `x402/${string}`>;

/** Throws on a version that this release does not know: the stored payment is then a later release's. */
export function versionOf({ version }: Pick<OfferBase, 'version'>): X402Version {
  if (version !== '1' && version !== '2') throw new Error(`a stored payment has the unknown x402 version '${version}'`);
  return version;
}

/** Reads an address as a stranger writes it; `null`: it is none. What signs checks its EIP-55 checksum, what only buys leaves that to it. */
export type AddressReader = (text: string) => Hex | null;

/** What a deployment allows that only some schemes ask for. */
export interface SchemeLimits {
  /** Addresses that may decide how much of a ceiling is taken. `null`: it is left to the service to judge. */
  readonly facilitators: ReadonlySet<string> | null;
  readonly readAddress: AddressReader;
}

/** The members that an entry of `accepts` has in every scheme, checked. */
export type RequirementFields = Pick<
  OfferBase,
  'network' | 'asset' | 'token' | 'amount' | 'payTo' | 'maxTimeoutSeconds'
> & {
  readonly version: X402Version;
};

/** What a buyer needs of a scheme: to read its offers, and to find out what became of its proofs. It signs nothing. */
export interface BuyerScheme<K extends X402Key = X402Key> extends Pick<Scheme<K>, 'scheme' | 'transferMethod'> {
  readonly protocol: 'x402';
  /** @param extra the entry's member of that name */
  read(
    fields: RequirementFields,
    extra: object,
    network: Network,
    limits: SchemeLimits,
  ): Result<Offer, ChallengeRefusal>;
  /** What a proof was signed for besides what proofs of every scheme are. `null`: the payload is of another scheme. */
  recognize(payload: object): Pick<OfferBase, 'facilitator'> | null;
  /** The members of `extra` that make an entry one of this scheme, besides those of the token. */
  extraOf(signed: Pick<OfferBase, 'facilitator'>): object;
  /**
   * Finds out what became of a proof of a token, from its chain alone. `null`: the payload is of another scheme. Throws where the chain cannot
   * be asked.
   */
  trace(proof: { readonly payload: object; readonly token: Hex }, rpc: JsonRpc): Promise<AuthorizationState> | null;
}

/** A scheme of x402, whole. */
export interface X402Scheme<K extends X402Key = X402Key> extends Scheme<K>, BuyerScheme<K> {
  readonly protocol: 'x402';
}
