import { describe, expect, test } from 'vitest';
import { toBaseUnits, toMicroUsd } from '../../../lib/domain/money.ts';
import { mayReturn, releaseOfCeiling, usdOfRelease } from '../../../lib/domain/payment/true-up.ts';
import type { Trace } from '../../../lib/domain/ports/schemes.ts';
import { makePayment, makeSession } from '../../support/payments.ts';

const CEILING = toBaseUnits(50_000n);
const exact = makePayment(makeSession(), { amount: toMicroUsd(50_000n) });
const payment = {
  ...exact,
  offer: { ...exact.offer, amount: CEILING, facilitator: exact.offer.payTo },
} as typeof exact;
const used = (amount: bigint): Trace => ({ kind: 'used', amount: toBaseUnits(amount), transaction: '0x' });

describe('of a ceiling', () => {
  test.each<[string, Trace, bigint]>([
    ['that was not taken before it died, all of it', { kind: 'dead' }, 50_000n],
    ['of which some was taken, the rest', used(12_000n), 38_000n],
    ['of which nothing was taken, all of it', used(0n), 50_000n],
    ['of which all was taken, nothing', used(50_000n), 0n],
    ['of which more was taken than can be, nothing', used(50_001n), 0n],
    ['that may still be taken, nothing', { kind: 'open' }, 0n],
    ['whose permit moved what nobody can tell, nothing', { kind: 'cancelled' }, 0n],
  ])('%s comes back', (_what, trace, back) => {
    expect(usdOfRelease(payment, releaseOfCeiling(CEILING, trace))).toBe(back);
  });

  test.each([50_000n, 50_001n])('%s were taken, so that there is no difference', (amount) => {
    expect(releaseOfCeiling(CEILING, used(amount))).toEqual({ kind: 'nothing' });
  });

  test('no more comes back than was counted, though the offer was worth more', () => {
    const release = releaseOfCeiling(CEILING, used(12_000n));
    for (const [counted, back] of [
      [12_001n, 1n],
      [12_000n, 0n],
      [11_999n, 0n],
    ] as const)
      expect(usdOfRelease({ ...payment, amount: toMicroUsd(counted) }, release)).toBe(back);
  });

  test('only a payment whose facilitator may take less returns anything', () => {
    expect([mayReturn(payment), mayReturn(exact)]).toEqual([true, false]);
  });
});
