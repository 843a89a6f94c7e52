import { expect, test } from 'vitest';
import type { PaymentId } from '../../../lib/domain/ids.ts';
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

const permit = (changes: Partial<Payment['offer']> = {}, id = 1): Payment => {
  const made = signed({ id: `00000000-0000-8000-8000-00000000000${id}` as PaymentId });
  return { ...made, offer: { ...made.offer, transferMethod: 'permit2', ...changes } as Payment['offer'] };
};

test('a permit, whose nonce no event tells, is settled by a transfer of its amount to its payee, and by one alone', () => {
  const payment = permit();
  const move = moveOf(payment, { nonce: null });
  expect(compare([move], [payment], window)).toMatchObject({ settled: 1, unbooked: [], unsettled: [] });
  expect(compare([move, move], [payment], window)).toMatchObject({
    settled: 1,
    unbooked: [{ why: 'no_authorization' }],
  });
  expect(compare([move, move], [payment, permit({}, 2)], window)).toMatchObject({ settled: 2, unbooked: [] });
});

test.each([
  ['amount', { amount: 499_999n }],
  ['payee', { to: `0x${'22'.repeat(20)}` as const }],
  ['payer', { from: `0x${'22'.repeat(20)}` as const }],
])('a permit is not settled by a transfer of another %s', (_what, changes) => {
  const payment = permit();
  expect(compare([moveOf(payment, { nonce: null, ...changes })], [payment], window)).toMatchObject({
    settled: 0,
    unbooked: [{ why: 'no_authorization' }],
    unsettled: [{ payment: { id: payment.id } }],
  });
});

test('a ceiling is settled by a transfer of at most its amount', () => {
  const payment = permit({ scheme: 'upto', facilitator: `0x${'33'.repeat(20)}` } as Partial<Payment['offer']>);
  const moved = (amount: bigint) => compare([moveOf(payment, { nonce: null, amount })], [payment], window).settled;
  expect([moved(1n), moved(payment.offer.amount), moved(payment.offer.amount + 1n)]).toEqual([1, 1, 0]);
});
