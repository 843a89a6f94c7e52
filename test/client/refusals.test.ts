import { describe, expect, test } from 'vitest';
import {
  BursarError,
  hasNoPayment,
  isClosedBefore,
  isFinalDenial,
  isSignedOtherwise,
  isUnknownRequest,
  leavesMoneyOpen,
  type BursarErrorDetails,
} from '../../lib/client/api/bursar-error.ts';
import {
  ProofEndedError,
  PurchaseError,
  toPurchaseError,
  UnpayableError,
} from '../../lib/client/purchase/purchase-error.ts';
import { toPurchaseToken } from '../../lib/client/purchase/purchase-token.ts';
import { readSignedTerms } from '../../lib/client/purchase/signed-terms.ts';
import { answered, CALL, failureOf, play } from './deployment.ts';
import { PAY_TO } from './script.ts';

const refusal = (details: Partial<BursarErrorDetails>) =>
  new BursarError('no', { errorName: 'ValidationException', status: 400, code: null, requestId: null, ...details });
const terms = { amountUsd: '0.50', network: 'eip155:84532', asset: PAY_TO, payTo: PAY_TO, validBefore: 1_790_000_000 };
const stored = { ...terms, processPaymentId: 'payment-1', paymentSessionId: 'session-1', denial: null };
const SIGNED = { ...stored, state: 'SIGNED' } as const;
const DENIED = { ...stored, state: 'DENIED', denial: 'bursar:budget_exceeded' } as const;

/** What a refusal means. */
const meaningOf = (error: unknown) => ({
  closed: isClosedBefore(error),
  final: isFinalDenial(error),
  signed: isSignedOtherwise(error),
  none: hasNoPayment(error),
  unknown: isUnknownRequest(error),
  open: leavesMoneyOpen(error),
});
const NOTHING = { closed: false, final: false, signed: false, none: false, unknown: false, open: false };

describe('a refusal means', () => {
  test.each<[string, unknown, object]>([
    ['no answer', new TypeError('fetch failed'), { open: true }],
    ['superseded', refusal({ code: 'bursar:superseded' }), { closed: true, final: true }],
    ['rejected by a person', refusal({ code: 'bursar:approval_rejected' }), { closed: false, final: true }],
    ['approved by nobody', refusal({ code: 'bursar:approval_lapsed' }), { closed: false, final: true }],
    ['attempts exhausted', refusal({ code: 'bursar:attempts_exhausted' }), { closed: true, final: true }],
    ['a denial', refusal({ code: 'bursar:budget_exceeded' }), { final: true }],
    [
      'a denial of an earlier call',
      refusal({ code: 'bursar:budget_exceeded', replayed: true }),
      { final: true, closed: true },
    ],
    ['another refusal of an earlier call', refusal({ code: 'bursar:frozen', replayed: true }), {}],
    ['a policy that refuses', refusal({ code: 'bursar:policy_refused' }), { final: true }],
    ['a policy that is exceeded', refusal({ code: 'bursar:policy_exceeded' }), { final: true }],
    ['other terms, signed', refusal({ code: 'bursar:other_terms', stored: SIGNED }), { signed: true, open: true }],
    ['other terms, denied', refusal({ code: 'bursar:other_terms', stored: DENIED }), { closed: true }],
    ['other terms', refusal({ code: 'bursar:other_terms' }), { open: true }],
    ['another code beside a payment', refusal({ code: 'bursar:frozen', stored: SIGNED }), {}],
    ['no payment', refusal({ code: 'bursar:no_payment' }), { none: true }],
    ['a request that is not known', refusal({ status: 404 }), { unknown: true }],
    ['a request that is not taken', refusal({}), { unknown: true }],
    ['a role', refusal({ status: 403 }), { unknown: true }],
    ['a conflict', refusal({ status: 409 }), {}],
    ['a failure', refusal({ status: 500 }), { open: true }],
    ['a busy service', refusal({ status: 429 }), { open: true }],
    [
      'a token of another request',
      refusal({ reason: 'IdempotentParameterMismatchException' }),
      { unknown: true, open: true },
    ],
    ['an attempt that was left open', refusal({ leftOpen: true }), { unknown: true, open: true }],
    ['an attempt that was left open, and a code', refusal({ leftOpen: true, code: 'bursar:frozen' }), {}],
  ])('%s', (_what, error, meaning) => {
    expect(meaningOf(error)).toEqual({ ...NOTHING, ...meaning });
  });

  test.each([SIGNED, DENIED])('the payment that its answer tells of: $state', async (bursar) => {
    const fieldList = [{ name: 'bursar:other_terms' }];
    const error = await failureOf(play([answered({ fieldList, bursar }, 400)]).client.send(CALL));
    expect(error).toMatchObject({ code: 'bursar:other_terms', stored: bursar });
  });

  test('nothing by a list that is none', async () => {
    const answer = answered({ fieldList: { name: 'bursar:frozen', map: 1 } }, 400);
    expect(await failureOf(play([answer]).client.send(CALL))).toMatchObject({ status: 400, code: null });
  });
});

describe('an error says in words', () => {
  const end = {
    purchaseId: 'report-1',
    processPaymentId: 'payment-1',
    endedAt: Date.UTC(2026, 0, 2),
    paidUsd: '0.50',
    askedUsd: '0.70',
  };

  test.each([
    ['settled', true, 'the chain shows it used. Nothing was paid now'],
    [
      'dead',
      false,
      'the chain shows it unused after its end, so that it moves no money any more. A new purchaseId buys anew',
    ],
    ['unknown', true, 'it may have been settled. Nothing was paid now'],
  ] as const)('what became of a proof that ended: %s', (fate, mayHavePaid, sentence) => {
    const error = new ProofEndedError({ ...end, fate });
    expect(error.message).toBe(
      `payment payment-1 of this purchase was signed for USD 0.50 (the seller asks 0.70 now), and its proof ended at 2026-01-02T00:00:00.000Z: ${sentence}`,
    );
    expect(error).toMatchObject({ name: 'ProofEndedError', mayHavePaid, code: null, fate, purchaseId: 'report-1' });
  });

  test('whether a purchase may have been paid', () => {
    const lost = new TypeError('fetch failed');
    expect(toPurchaseError(lost, 'report-1')).toMatchObject({
      name: 'PurchaseError',
      message: 'it is not known whether purchase report-1 was paid: fetch failed',
      cause: lost,
    });
    expect(toPurchaseError('gone', 'report-1').message).toBe(
      'it is not known whether purchase report-1 was paid: gone',
    );
    expect(toPurchaseError(refusal({ code: 'bursar:frozen' }), 'report-1')).toMatchObject({
      message: 'no',
      code: 'bursar:frozen',
      processPaymentId: null,
    });
    const own = new PurchaseError('own', { purchaseId: 'p', processPaymentId: null, mayHavePaid: false, code: null });
    expect(toPurchaseError(own, 'report-1')).toBe(own);
  });

  test('by its name what it is', () => {
    expect(String(new UnpayableError('too dear'))).toBe('UnpayableError: too dear');
  });
});

describe('the terms of a proof', () => {
  const token = { amount: '500000', name: 'EURC', version: '2' };

  test('are read with the token that they are in, and with the wish to hear of the outcome', () => {
    expect(readSignedTerms(terms)).toEqual(terms);
    for (const amount of ['7', '9'.repeat(78)])
      expect(readSignedTerms({ ...terms, token: { ...token, amount } })).toEqual({
        ...terms,
        token: { ...token, amount },
      });
    expect(readSignedTerms({ ...terms, wantsOutcome: true })).toEqual({ ...terms, wantsOutcome: true });
    expect(readSignedTerms({ ...terms, wantsOutcome: 'yes' })).toEqual(terms);
  });

  test.each([
    null,
    'EURC',
    [token],
    {},
    ...['', '-1', '1.5', 'x1', '1x', '1'.repeat(79), 7, null].map((amount) => ({ ...token, amount })),
  ])('are without the token %j, which is none', (none) => {
    expect(readSignedTerms({ ...terms, token: none })).toEqual(terms);
  });

  test.each([
    { amountUsd: 1 },
    { amountUsd: 'much' },
    { network: undefined },
    { asset: 1 },
    { payTo: null },
    { validBefore: '1' },
    { validBefore: 1.5 },
  ])('are none with %j', (change) => {
    expect(readSignedTerms({ ...terms, ...change })).toBeNull();
  });
});

test('the token of a purchase is the same for ever, or the purchase would be paid again after an upgrade', async () => {
  expect(await toPurchaseToken('report-1', 0)).toBe('4e25e3518859423c78915d9d33f1c957b096897ff80fc00c2120d9e6d53a4411');
  expect(await toPurchaseToken('report-1', 1)).toBe('3f0ab164de04b6288678afeffca1175b9d7d9514ab626bb915aa0be7fe42fa8b');
});
