import { describe, expect, test } from 'vitest';
import { toMicroUsd } from '../../lib/domain/money.ts';
import type { Denial, PolicyExceeded } from '../../lib/domain/payment/denial.ts';
import type { Payment } from '../../lib/domain/payment/payment.ts';
import type { PolicyRefusal } from '../../lib/domain/policy/refusal.ts';
import { addMs } from '../../lib/domain/time.ts';
import type { Token } from '../../lib/domain/tokens/token.ts';
import { DETAIL_ATTRIBUTES, parsePaymentItem, toPaymentItem } from '../../lib/ledger/dynamodb/books/payment-items.ts';
import { makePayment, makeSession, NOW } from '../support/payments.ts';
import { wiring } from '../support/wiring.ts';

const pending = makePayment(makeSession());
const stored = (payment: Payment) => toPaymentItem(payment, wiring.schemeOf);
const readAgain = (payment: Payment) => parsePaymentItem(stored(payment), wiring.schemeOf);

const bare: PolicyRefusal = {
  reason: 'policy_refused',
  code: 'bursar:policy_wallet',
  rule: { scope: 'session', name: 'one-wallet', kind: 'wallets' },
  fact: null,
  found: null,
  figures: null,
  help: {},
  message: 'The rule says no.',
};
const counted: PolicyExceeded = { reason: 'policy_exceeded', key: 'AbCdEfGhIjK', max: 20n, used: 19n, asked: 2n };

const DENIALS: readonly Denial[] = [
  { reason: 'superseded' },
  { reason: 'approval_rejected' },
  { reason: 'approval_lapsed' },
  { reason: 'budget_exceeded', requested: toMicroUsd(3n), available: toMicroUsd(2n), reserved: toMicroUsd(1n) },
  counted,
  { ...counted, by: { ...bare, help: { waitUntil: addMs(NOW, 1_000) } } },
  bare,
  { ...bare, fact: 'payee', found: '0x01', help: { otherSeller: true } },
  {
    ...bare,
    figures: { unit: 'usd', limit: 10n, asked: 12n, remaining: 4n },
    help: { atMost: toMicroUsd(4n), waitUntil: NOW },
  },
];

describe('a payment as an item', () => {
  test.each(DENIALS.map((denial) => [denial.reason, denial] as const))(
    'keeps why it was denied: %s (%#)',
    (_, denial) => {
      const denied: Payment = { ...pending, status: 'DENIED', decidedAt: NOW, denial };
      expect(readAgain(denied)).toEqual(denied);
    },
  );

  test.each([
    [
      'that has a rate',
      { symbol: 'EURC', domainName: 'EURC', domainVersion: '2', rate: { picoUsd: 117n, asOf: '2026-11-20' } },
    ],
    ['without EIP-3009 and without a rate', { symbol: 'ACME', domainName: null, domainVersion: null, rate: null }],
  ])('keeps the token that it was made in, %s', (_, rest) => {
    const token: Token = { ...rest, address: pending.offer.asset, decimals: 18 };
    const payment: Payment = { ...pending, offer: { ...pending.offer, token } };
    expect(readAgain(payment)).toEqual(payment);
  });

  test('keeps what its policies left to keep, and what it was for', () => {
    for (const resource of [
      { url: 'https://a.example/', description: 'a report' },
      { url: 'https://a.example/', description: null },
    ]) {
      const payment: Payment = { ...pending, policyRecord: ['list|hash', 'o'], resource, agentName: 'buyer' };
      expect(readAgain(payment)).toEqual(payment);
    }
    expect(readAgain(pending)).toEqual(pending);
    expect(readAgain(pending)).not.toHaveProperty('policyRecord');
  });

  test('is on the list of visits unless it is denied when it is written, which leaves nothing to finish', () => {
    const denied: Payment = { ...pending, status: 'DENIED', decidedAt: NOW, denial: { reason: 'superseded' } };
    expect(Object.keys(stored(pending))).toEqual(expect.arrayContaining(['sh', 'sv']));
    expect(stored(denied)).not.toHaveProperty('sh');
    expect(stored(denied)).not.toHaveProperty('sv');
  });

  test('reads without its details as a payment of which nobody said more', () => {
    const resource = { url: 'https://a.example/', description: 'a report' };
    const item = stored({ ...pending, agentName: 'buyer', resource });
    expect(DETAIL_ATTRIBUTES).toHaveLength(3);
    for (const name of DETAIL_ATTRIBUTES) {
      expect(item).toHaveProperty(name);
      delete item[name];
    }
    expect(parsePaymentItem(item, wiring.schemeOf)).toEqual(pending);
  });
});
