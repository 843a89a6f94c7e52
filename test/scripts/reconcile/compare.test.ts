import { expect, test } from 'vitest';
import type { Payment } from '../../../lib/domain/payment/payment.ts';
import type { Move } from '../../../scripts/reconcile/chain-moves.ts';
import { compare } from '../../../scripts/reconcile/compare.ts';
import { makePayment, makeSession, NOW } from '../../support/payments.ts';

const signed = (changes: Partial<Payment> = {}): Payment =>
  makePayment(makeSession(), { status: 'SIGNED', decidedAt: NOW, ...changes });
const timestamp = BigInt(Math.floor(NOW / 1_000));
const window = { since: NOW - 600_000, timestamp };

function moveOf({ offer, terms }: Payment, changes: Partial<Move> = {}): Move {
  return {
    transaction: `0x${'11'.repeat(32)}`,
    block: 7n,
    from: terms.from as Move['from'],
    to: offer.payTo as Move['to'],
    amount: offer.amount,
    nonce: terms.nonce,
    ...changes,
  };
}

test('a signed payment whose transfer is there is settled, whatever the case of its address', () => {
  const payment = signed();
  const from = payment.terms.from.toLowerCase() as Move['from'];
  expect(compare([moveOf(payment, { from })], [payment], window)).toEqual({
    settled: 1,
    unbooked: [],
    unsettled: [],
    uncompared: 0,
  });
});

test.each([
  ['no_payment', { nonce: `0x${'99'.repeat(32)}` as const }],
  ['no_authorization', { nonce: null }],
  ['other_terms', { amount: 500_001n }],
  ['other_terms', { to: `0x${'22'.repeat(20)}` as const }],
])('%s: a transfer that differs from what was signed is named', (why, changes) => {
  const payment = signed();
  const { settled, unbooked, unsettled } = compare([moveOf(payment, changes)], [payment], window);
  expect({ settled, unbooked, unsettled }).toMatchObject({
    settled: 0,
    unbooked: [{ why }],
    unsettled: [{ payment: { id: payment.id } }],
  });
});

test.each(['PENDING', 'ABORTED'] as const)('not_signed: a transfer of a payment that is %s is named', (status) => {
  const payment = signed({ status });
  expect(compare([moveOf(payment)], [payment], window)).toMatchObject({
    unbooked: [{ why: 'not_signed' }],
    unsettled: [],
  });
});

test.each([
  ['open', -1n],
  ['dead', 0n],
] as const)('a signed payment without a transfer is %s at %s seconds from its end', (state, seconds) => {
  const payment = signed();
  const at = { ...window, timestamp: BigInt(payment.terms.validBefore) + seconds };
  expect(compare([], [payment], at).unsettled).toEqual([{ payment, state }]);
});

test('a payment that was signed before the transfers begin may have been settled before them', () => {
  const payment = signed({ decidedAt: NOW });
  expect(compare([], [payment], { ...window, since: NOW + 1 }).unsettled).toEqual([]);
});
