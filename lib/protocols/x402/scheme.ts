import type { Network } from '../../domain/assets.ts';
import type { Offer, OfferBase, SchemeKey } from '../../domain/payment/shapes.ts';
import type { Scheme } from '../../domain/ports/schemes.ts';
import type { ChallengeCode, Refusal } from '../../domain/refusal.ts';
import { refuse, type Result } from '../../domain/result.ts';

export type ChallengeRefusal = Extract<Refusal, { reason: 'invalid_challenge' }>;
export type X402Version = '1' | '2';
export type X402Key = Extract<SchemeKey, `x402/${string}`>;

/** The members that an entry of `accepts` has in every scheme, checked. */
export type RequirementFields = Pick<OfferBase, 'network' | 'asset' | 'amount' | 'payTo' | 'maxTimeoutSeconds'> & {
  readonly version: X402Version;
};

/** A scheme of x402: it reads what is its own of an entry of the seller's `accepts`. */
export interface X402Scheme<K extends X402Key = X402Key> extends Scheme<K> {
  readonly protocol: 'x402';
  /** @param extra the entry's member of that name */
  read(fields: RequirementFields, extra: object, network: Network): Result<Offer, ChallengeRefusal>;
}

export function refuseChallenge(
  code: ChallengeCode,
  field: string,
  message: string,
): { readonly ok: false; readonly error: ChallengeRefusal } {
  return refuse({ reason: 'invalid_challenge', code, field, message });
}
