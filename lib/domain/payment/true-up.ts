import { toMicroUsd, type BaseUnits, type MicroUsd } from '../money.ts';
import type { Release, Trace } from '../ports/schemes.ts';
import { assetOf, usdValueOf } from '../tokens/token.ts';
import type { EntryKey, Payment } from './payment.ts';

/** What a session may get back of payments that were counted with their ceiling. */
export interface Returns {
  /** The payments of which the chain has not been asked yet, with the amount that each was counted for. */
  readonly due: ReadonlyMap<EntryKey, MicroUsd>;
  /** All that came back so far: what was signed is what is spent and this. */
  readonly givenBack: MicroUsd;
}

export const NO_RETURNS: Returns = { due: new Map(), givenBack: toMicroUsd(0n) };

/** Whether a facilitator may take less of a payment than was signed for. */
export function mayReturn({ offer }: Pick<Payment, 'offer'>): boolean {
  return offer.facilitator !== undefined;
}

/**
 * What comes back of a ceiling once its chain was asked at a block that is final. Nothing where the chain shows what cannot be: more
 * than the ceiling, or a permit that is used up and moved nothing, which takes the key of the wallet.
 */
export function releaseOfCeiling(ceiling: BaseUnits, trace: Trace): Release {
  if (trace.kind === 'dead') return { kind: 'all' };
  if (trace.kind !== 'used' || trace.amount >= ceiling) return { kind: 'nothing' };
  return { kind: 'difference', amount: (ceiling - trace.amount) as BaseUnits };
}

/** The same in dollars. What was taken is valued as a payment is, rounded up, so that no more comes back than was left. */
export function usdOfRelease({ amount, offer }: Pick<Payment, 'amount' | 'offer'>, release: Release): MicroUsd {
  if (release.kind === 'nothing') return toMicroUsd(0n);
  if (release.kind === 'all') return amount;
  const taken = usdValueOf((offer.amount - release.amount) as BaseUnits, assetOf(offer));
  return toMicroUsd(taken >= amount ? 0n : amount - taken);
}
