import { formatUsd, toMicroUsd } from '../../money.ts';
import type { RuleTest } from '../call.ts';
import { resourceOf } from '../hosts.ts';
import type { PerPaymentRule, PriceChangeRule, ValidityRule } from '../document.ts';
import { formatFigure, quote, refuseBy, refuseUnstated, type RuleRef } from '../refusal.ts';

export function preparePerPayment({ max }: PerPaymentRule, ref: RuleRef): RuleTest {
  return ({ facts: { verified } }) => {
    const asked = verified.amount;
    if (asked <= max) return null;
    return refuseBy(ref, {
      fact: 'amount',
      figures: { unit: 'usd', limit: max, asked, remaining: max },
      help: { atMost: max, otherSeller: true },
      says: `allows ${formatFigure(max, 'usd')} a payment, and this one is of ${formatFigure(asked, 'usd')}`,
    });
  };
}

export function prepareValidity({ maxSeconds }: ValidityRule, ref: RuleRef): RuleTest {
  const limit = BigInt(maxSeconds);
  return ({ facts: { verified } }) => {
    if (verified.validitySeconds <= maxSeconds) return null;
    const asked = BigInt(Math.ceil(verified.validitySeconds));
    return refuseBy(ref, {
      fact: 'validitySeconds',
      figures: { unit: 'seconds', limit, asked, remaining: limit },
      help: { otherOffer: true },
      says: `allows an authorization to be good for ${maxSeconds} s, and this one would be for ${asked} s`,
    });
  };
}

/** The last price is compared in both directions: a price that falls as far is probably that of another product. */
export function preparePriceChange({ maxPercent }: PriceChangeRule, ref: RuleRef): RuleTest {
  const limit = BigInt(maxPercent);
  return ({ facts: { verified, remembered }, place }) => {
    const where = place();
    if (where === null) {
      const says = 'compares prices by what is bought, and the call does not state its URL in the plain form';
      return refuseUnstated(ref, 'origin', { state: 'origin', says });
    }
    const last = remembered.lastPrice;
    if (last === undefined)
      return refuseUnstated(ref, 'lastPrice', { says: 'compares with the last price, which was not read' });
    if (last === null) return null;
    const { amount } = verified;
    const difference = amount > last ? amount - last : last - amount;
    if (difference * 100n <= last * limit) return null;
    const asked = last === 0n ? 100n : (difference * 100n + last - 1n) / last;
    return refuseBy(ref, {
      fact: 'amount',
      figures: { unit: 'percent', limit, asked, remaining: limit },
      help: { ...(amount > last ? { atMost: toMicroUsd(last + (last * limit) / 100n) } : {}), otherSeller: true },
      says:
        `allows the price of ${quote(resourceOf(where))} to change by ${maxPercent} %, ` +
        `and it went from ${formatUsd(last)} to ${formatFigure(amount, 'usd')}`,
    });
  };
}
