import { expect, test } from 'vitest';
import type { Payment } from '../../lib/domain/payment/payment.ts';
import type { Offer } from '../../lib/domain/payment/shapes.ts';
import { toEpochMs, toEpochSeconds } from '../../lib/domain/time.ts';
import { tracePayment } from '../../lib/protocols/ceiling-traces.ts';
import { makePayment, makeSession } from '../support/payments.ts';

const word = (value: bigint) => `0x${value.toString(16).padStart(64, '0')}` as const;
const hex = (value: number) => `0x${value.toString(16)}`;

/** A payment with a ceiling, signed at 1,760,000,000.9. */
function signed(way: object = {}): Payment {
  const payment = makePayment(makeSession(), { createdAt: toEpochMs(1_760_000_000_900) });
  const permit = { scheme: 'upto', transferMethod: 'permit2', facilitator: payment.offer.payTo, ...way };
  return {
    ...payment,
    offer: { ...payment.offer, ...permit } as Offer,
    terms: { ...payment.terms, transferMethod: 'permit2', nonce: word(0n), validBefore: toEpochSeconds(1_760_000_300) },
  } as Payment;
}

/** Blocks of a second from 1,759,999,000 on; the nonce is used up at a time. */
function chainOf(usedAt: number) {
  const start = 1_759_999_000;
  return async (method: string, params: readonly unknown[]): Promise<unknown> => {
    if (method === 'eth_getBlockByNumber') {
      const height = params[0] === 'finalized' ? 2_000 : Number(params[0]);
      return { number: hex(height), timestamp: hex(start + height) };
    }
    if (method === 'eth_call') return word(start + Number(params[1]) >= usedAt ? 1n : 0n);
    return [{ data: word(400_000n), transactionHash: word(7n) }];
  };
}

test('what was taken of a ceiling is traced from two minutes before it was signed, for a clock that is ahead', async () => {
  const taken = { kind: 'used', amount: 400_000n, transaction: word(7n) };
  expect(await tracePayment(signed(), chainOf(1_760_000_200))).toEqual(taken);
  expect(await tracePayment(signed(), chainOf(1_759_999_880))).toEqual(taken);
  await expect(tracePayment(signed(), chainOf(1_759_999_879))).rejects.toThrow('before the permit was signed');
});

test.each([{ protocol: 'mpp' }, { scheme: 'exact' }, { transferMethod: 'eip3009' }])(
  'a payment of another kind has none: %j',
  (way) => {
    expect(() => tracePayment(signed(way), chainOf(0))).toThrow('no ceiling: ');
  },
);
