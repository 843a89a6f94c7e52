import canonicalize from 'canonicalize';
import { describe, expect, test } from 'vitest';
import { toMicroUsd } from '../../lib/domain/money.ts';
import type { Payment } from '../../lib/domain/payment/payment.ts';
import { toPolicyRecord } from '../../lib/domain/payment/policy-record.ts';
import { addMs, formatInstant } from '../../lib/domain/time.ts';
import { toReceipt } from '../../lib/receipts/receipt.ts';
import { makePayment, makeSession, NOW } from '../support/payments.ts';
import { schemeOf } from '../../lib/protocols/catalogue.ts';

const DEPLOYMENT = { partition: 'aws', region: 'us-east-1', account: '111122223333' };
const SIGNATURE = `0x${'5c'.repeat(65)}` as const;

const session = makeSession({ sessionId: 'payment-session-000000000000001' });
const make = (overrides: Partial<Payment> = {}) => makePayment(session, { agentName: 'research-agent', ...overrides });

const textOf = (payment: Payment) => JSON.stringify(toReceipt(DEPLOYMENT, payment, schemeOf));
const usd = (micros: bigint) => toMicroUsd(micros);
const decidedAt = addMs(NOW, 120);
const signed: Partial<Payment> = {
  status: 'SIGNED',
  signatures: [SIGNATURE],
  decidedAt,
  budget: { available: usd(9_500_000n), reserved: usd(500_000n), spent: usd(0n) },
};
const denied: Partial<Payment> = {
  status: 'DENIED',
  decidedAt,
  denial: { reason: 'budget_exceeded', requested: usd(500_000n), available: usd(46_697n), reserved: usd(0n) },
};

test('a receipt names the lists that the payment was held against, with their state, and nothing else that is kept', () => {
  const feed = { feed: 'sanctions', hash: 'ab'.repeat(32), importedAt: decidedAt, checked: ['payee'] } as const;
  const payment = make({ ...signed, policyRecord: toPolicyRecord([feed], true) });
  expect(toReceipt(DEPLOYMENT, payment, schemeOf).feeds).toEqual([
    { ...feed, importedAt: formatInstant(feed.importedAt) },
  ]);
});

test('a receipt says who paid what to whom, under which authorization, and what was left', () => {
  const payment = make(signed);
  expect(toReceipt(DEPLOYMENT, payment, schemeOf)).toEqual({
    receiptVersion: 0,
    processPaymentId: payment.id,
    paymentManagerArn: 'arn:aws:bedrock-agentcore:us-east-1:111122223333:payment-manager/contract-0000000001',
    paymentSessionId: 'payment-session-000000000000001',
    paymentInstrumentId: 'payment-instrument-000000000000001',
    userId: 'user#1',
    agentName: 'research-agent',
    resource: null,
    purpose: 'PAYMENT',
    decision: 'PAID',
    denial: null,
    amountUsd: '0.50',
    offer: {
      protocol: 'x402',
      version: '2',
      scheme: 'exact',
      transferMethod: 'eip3009',
      network: 'eip155:84532',
      asset: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
      symbol: 'USDC',
      decimals: 6,
      usdRate: null,
      amount: '500000',
      payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
    },
    authorization: {
      from: '0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1',
      nonce: `0x${'cd'.repeat(32)}`,
      validAfter: 1_759_999_400,
      validBefore: 1_760_000_060,
    },
    budget: { availableUsd: '9.50', reservedUsd: '0.50', spentUsd: '0.00' },
    feeds: [],
    requestHash: `0x${'ab'.repeat(32)}`,
    attempt: 1,
    createdAt: '2025-10-09T08:53:20.000Z',
    decidedAt: '2025-10-09T08:53:20.120Z',
  });
});

test('a receipt holds no signature, not even a part of it', () => {
  expect(textOf(make(signed))).not.toMatch(/5c5c|signature/i);
});

test('a receipt of a denial says why, with the figures of that moment', () => {
  expect(toReceipt(DEPLOYMENT, make(denied), schemeOf)).toMatchObject({
    decision: 'DENIED',
    denial: {
      code: 'bursar:budget_exceeded',
      requestedUsd: '0.50',
      availableUsd: '0.046697',
      reservedUsd: '0.00',
    },
    budget: null,
  });
});

describe('a receipt of a payment without a proof', () => {
  test.each([
    ['PENDING', {}, null],
    ['ABORTED', { status: 'ABORTED', decidedAt }, '2025-10-09T08:53:20.120Z'],
  ] as const)('is %s', (decision, overrides, at) => {
    expect(toReceipt(DEPLOYMENT, make(overrides), schemeOf)).toMatchObject({
      decision,
      denial: null,
      budget: null,
      decidedAt: at,
    });
  });
});

test('a session without a limit leaves nothing to say of what is left', () => {
  const budget = { available: null, reserved: usd(500_000n), spent: usd(0n) };
  expect(toReceipt(DEPLOYMENT, make({ ...signed, budget }), schemeOf).budget).toEqual({
    availableUsd: null,
    reservedUsd: '0.50',
    spentUsd: '0.00',
  });
});

test('equal payments have receipts of equal bytes, in the order of RFC 8785', () => {
  const payment = make(signed);
  const reversed = Object.fromEntries(Object.entries(payment).toReversed()) as unknown as Payment;
  const text = textOf(payment);
  expect(textOf(reversed)).toBe(text);
  expect(text).toBe(canonicalize(toReceipt(DEPLOYMENT, payment, schemeOf)));
  expect(text.startsWith('{"agentName":"research-agent","amountUsd":"0.50","attempt":1,"authorization":{"from":')).toBe(
    true,
  );
});

test.each([
  ['the amount', { amount: usd(500_001n) }],
  ['the attempt', { attempt: 2 }],
  ['the user', { userId: 'user#2' }],
  ['the outcome', denied],
] as const)('receipts that differ in %s differ in their bytes', (_what, overrides) => {
  const payment = make(signed);
  expect(textOf({ ...payment, ...overrides })).not.toBe(textOf(payment));
});

test('a receipt of a withdrawal says so, and is of no budget', () => {
  const home = makePayment(makeSession({ sessionId: 'withdrawal-000000000000001' }), signed);
  expect(toReceipt(DEPLOYMENT, home, schemeOf)).toMatchObject({
    purpose: 'WITHDRAWAL',
    decision: 'PAID',
    budget: null,
  });
});
