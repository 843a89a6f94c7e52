import { expect, test } from 'vitest';
import { toWireError, toWireFailure } from '../../lib/api/errors.ts';
import type { PaymentId } from '../../lib/domain/ids.ts';
import { toMicroUsd } from '../../lib/domain/money.ts';
import { NotNow, OutcomeUnknown, PageTokenRefused } from '../../lib/domain/ports/services.ts';
import type { Refusal } from '../../lib/domain/refusal.ts';
import { makePayment, makeSession } from '../support/payments.ts';
import { toEpochMs } from '../../lib/domain/time.ts';

const INSTANT = toEpochMs(1_760_000_000_000);
const HOSTILE = 'budget insufficient expired instrument inactive';

/** One of each; a new reason does not compile until it is here. */
const REFUSALS: { readonly [R in Refusal['reason']]: Extract<Refusal, { reason: R }> } = {
  cannot_parse: { reason: 'cannot_parse', message: 'the text is not valid JSON' },
  provider_refused: { reason: 'provider_refused', trouble: 'delegation_inactive', message: 'the grant is not active' },
  invalid_request: {
    reason: 'invalid_request',
    problems: [
      { name: 'paymentSessionId', message: `paymentSessionId must be an id. Received: '${HOSTILE}'` },
      { name: 'paymentType', message: 'paymentType is required' },
    ],
  },
  invalid_challenge: {
    reason: 'invalid_challenge',
    code: 'invalid_asset',
    field: 'payload.asset',
    message: `Payment asset is not valid. Received: ${HOSTILE}`,
  },
  unknown_operation: { reason: 'unknown_operation', method: 'PATCH', path: '/payments/managers' },
  not_found: { reason: 'not_found', resource: 'session' },
  session_not_found: { reason: 'session_not_found' },
  instrument_not_found: { reason: 'instrument_not_found' },
  instrument_not_active: { reason: 'instrument_not_active', status: 'INITIATED' },
  session_expired: { reason: 'session_expired', expiresAt: INSTANT },
  session_closing: { reason: 'session_closing', expiresAt: INSTANT },
  frozen: { reason: 'frozen', scope: 'instrument', since: INSTANT },
  allowance_requested: { reason: 'allowance_requested', message: 'an approval is asked for: retry in a minute' },
  insufficient_funds: { reason: 'insufficient_funds', message: 'Insufficient balance in the payer wallet' },
  chain_unavailable: { reason: 'chain_unavailable', message: 'Rate exceeded: no endpoint of eip155:84532 answers' },
  session_below_floor: { reason: 'session_below_floor', floor: INSTANT },
  session_pinned: { reason: 'session_pinned', to: 'agent' },
  policy_exceeded: { reason: 'policy_exceeded', key: 'AbCdEfGh', max: 2_000_000n, used: 1_900_000n, asked: 500_000n },
  policy_refused: {
    reason: 'policy_refused',
    code: 'bursar:policy_origin',
    rule: { scope: 'user', name: `expired budget ${HOSTILE}`.slice(0, 64), kind: 'origins' },
    fact: 'origin',
    found: 'https://budget.example',
    figures: null,
    help: { otherSeller: true },
    message: `The rule 'expired budget' of the user policy does not list the origin 'https://instrument.example'.`,
  },
  too_many_counters: { reason: 'too_many_counters', max: 64 },
  budget_exceeded: {
    reason: 'budget_exceeded',
    requested: toMicroUsd(8_000_000n),
    available: toMicroUsd(7_500_000n),
    reserved: toMicroUsd(46_697n),
  },
  repeated_purchase: {
    reason: 'repeated_purchase',
    paymentId: '5f0c2b5e-8a3d-8f1e-9b7c-0a1b2c3d4e5f' as PaymentId,
    until: INSTANT,
  },
  destination_not_allowed: {
    reason: 'destination_not_allowed',
    destination: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
  },
  withdrawal_lapsed: { reason: 'withdrawal_lapsed' },
  approvals_off: { reason: 'approvals_off' },
  unsupported_wallet: { reason: 'unsupported_wallet' },
  coin_not_withdrawable: { reason: 'coin_not_withdrawable', message: 'a wallet of another signs none' },
  withdrawal_under_way: { reason: 'withdrawal_under_way', message: 'another one is under way' },
  token_reused: { reason: 'token_reused' },
  other_terms: { reason: 'other_terms', payment: makePayment(makeSession(), { status: 'SIGNED' }) },
  no_payment: { reason: 'no_payment' },
  challenge_unreadable: { reason: 'challenge_unreadable', message: HOSTILE },
  no_payable_offer: {
    reason: 'no_payable_offer',
    offers: [
      {
        seller: { index: 0, priced: null, flaw: { code: 'invalid_asset', reason: HOSTILE } },
        verdict: { allowed: false, code: 'invalid_asset', reason: HOSTILE },
      },
    ],
  },
  quote_expired: { reason: 'quote_expired', expiresAt: INSTANT },
  quote_mismatch: { reason: 'quote_mismatch' },
  superseded: { reason: 'superseded' },
  approval_rejected: { reason: 'approval_rejected' },
  approval_lapsed: { reason: 'approval_lapsed' },
  conflict: { reason: 'conflict', message: 'the resource is being changed' },
  busy: { reason: 'busy', what: 'payment' },
  attempts_exhausted: { reason: 'attempts_exhausted' },
  token_not_admitted: { reason: 'token_not_admitted', check: 'audience' },
  access_denied: { reason: 'access_denied', message: 'The token lacks the scope bursar/manage' },
  unauthorized: { reason: 'unauthorized', message: 'The workload access token is not valid' },
  quota_exceeded: { reason: 'quota_exceeded', message: 'The payment manager has 100 connectors' },
  resource_conflict: { reason: 'resource_conflict', message: 'The name is taken' },
};

const NAMES = {
  cannot_parse: [400, 'ValidationException', 'CannotParse'],
  invalid_request: [400, 'ValidationException', 'FieldValidationFailed'],
  invalid_challenge: [400, 'ValidationException', 'FieldValidationFailed'],
  unknown_operation: [404, 'ResourceNotFoundException', undefined],
  not_found: [404, 'ResourceNotFoundException', undefined],
  session_not_found: [400, 'ValidationException', 'FieldValidationFailed'],
  instrument_not_found: [400, 'ValidationException', 'FieldValidationFailed'],
  instrument_not_active: [400, 'ValidationException', 'FieldValidationFailed'],
  session_expired: [400, 'ValidationException', 'FieldValidationFailed'],
  session_closing: [400, 'ValidationException', 'FieldValidationFailed'],
  policy_exceeded: [400, 'ValidationException', 'FieldValidationFailed'],
  policy_refused: [400, 'ValidationException', 'FieldValidationFailed'],
  too_many_counters: [400, 'ValidationException', 'FieldValidationFailed'],
  budget_exceeded: [400, 'ValidationException', 'FieldValidationFailed'],
  repeated_purchase: [400, 'ValidationException', 'FieldValidationFailed'],
  destination_not_allowed: [400, 'ValidationException', 'FieldValidationFailed'],
  withdrawal_lapsed: [400, 'ValidationException', 'FieldValidationFailed'],
  unsupported_wallet: [403, 'AccessDeniedException', undefined],
  approvals_off: [400, 'ValidationException', 'FieldValidationFailed'],
  coin_not_withdrawable: [400, 'ValidationException', 'FieldValidationFailed'],
  withdrawal_under_way: [400, 'ValidationException', 'FieldValidationFailed'],
  token_reused: [400, 'ValidationException', 'IdempotentParameterMismatchException'],
  conflict: [409, 'ConflictException', undefined],
  busy: [429, 'ThrottlingException', undefined],
  attempts_exhausted: [400, 'ValidationException', 'FieldValidationFailed'],
  other_terms: [400, 'ValidationException', 'IdempotentParameterMismatchException'],
  no_payment: [400, 'ValidationException', 'FieldValidationFailed'],
  challenge_unreadable: [400, 'ValidationException', 'FieldValidationFailed'],
  no_payable_offer: [400, 'ValidationException', 'FieldValidationFailed'],
  quote_expired: [400, 'ValidationException', 'FieldValidationFailed'],
  quote_mismatch: [400, 'ValidationException', 'FieldValidationFailed'],
  superseded: [400, 'ValidationException', 'FieldValidationFailed'],
  approval_rejected: [400, 'ValidationException', 'FieldValidationFailed'],
  approval_lapsed: [400, 'ValidationException', 'FieldValidationFailed'],
  frozen: [400, 'ValidationException', 'FieldValidationFailed'],
  session_below_floor: [400, 'ValidationException', 'FieldValidationFailed'],
  allowance_requested: [400, 'ValidationException', 'FieldValidationFailed'],
  insufficient_funds: [400, 'ValidationException', 'FieldValidationFailed'],
  chain_unavailable: [429, 'ThrottlingException', undefined],
  session_pinned: [400, 'ValidationException', 'FieldValidationFailed'],
  token_not_admitted: [404, 'ResourceNotFoundException', undefined],
  access_denied: [403, 'AccessDeniedException', undefined],
  unauthorized: [401, 'UnauthorizedException', undefined],
  provider_refused: [403, 'AccessDeniedException', undefined],
  quota_exceeded: [402, 'ServiceQuotaExceededException', undefined],
  resource_conflict: [400, 'ValidationException', 'ResourceConflict'],
} as const satisfies { readonly [R in Refusal['reason']]: readonly [number, string, string | undefined] };

/**
 * The order in which AWS's Python SDK looks at a ValidationException's message.
 * @see https://github.com/aws/bedrock-agentcore-sdk-python/tree/main/src/bedrock_agentcore/payments
 */
function sortAsPythonSdk(message: string): string {
  const text = message.toLowerCase();
  if (text.includes('budget') || text.includes('insufficient')) return 'InsufficientBudget';
  if (text.includes('expired')) return 'PaymentSessionExpired';
  if (text.includes('instrument') || text.includes('inactive')) return 'InvalidPaymentInstrument';
  if (text.includes('session not found')) return 'PaymentSessionNotFound';
  return 'PaymentError';
}

const SORTED: Partial<Record<Refusal['reason'], string>> = {
  budget_exceeded: 'InsufficientBudget',
  policy_exceeded: 'InsufficientBudget',
  // AWS words it so too, and its SDK takes it for one.
  insufficient_funds: 'InsufficientBudget',
  session_expired: 'PaymentSessionExpired',
  session_closing: 'PaymentSessionExpired',
  session_below_floor: 'PaymentSessionExpired',
  instrument_not_active: 'InvalidPaymentInstrument',
  instrument_not_found: 'InvalidPaymentInstrument',
  session_not_found: 'PaymentSessionNotFound',
  not_found: 'PaymentSessionNotFound',
};

const reasons = Object.keys(REFUSALS) as Refusal['reason'][];

test.each(reasons)('maps %s to its own status, name and reason', (reason) => {
  const { status, name, reason: wireReason } = toWireError(REFUSALS[reason]);
  expect([status, name, wireReason]).toEqual(NAMES[reason]);
});

test.each(reasons)("words %s so that AWS's Python SDK takes it for what it is", (reason) => {
  expect(sortAsPythonSdk(toWireError(REFUSALS[reason]).message)).toBe(SORTED[reason] ?? 'PaymentError');
});

test.each(['session', 'payment', 'creation', 'change', 'window', 'signer'] as const)(
  'says of a busy %s to retry under the same token',
  (what) => {
    const { message } = toWireError({ reason: 'busy', what });
    expect(message).toContain('Retry with the same clientToken');
    expect(sortAsPythonSdk(message)).toBe('PaymentError');
  },
);

test('lets a wrong instrument id be sorted as one, and still hides what was sent in it', () => {
  const message = `paymentInstrumentId must be an id. Received: '${HOSTILE}'`;
  const error = toWireError({ reason: 'invalid_request', problems: [{ name: 'paymentInstrumentId', message }] });
  expect(sortAsPythonSdk(error.message)).toBe('InvalidPaymentInstrument');
  expect(error.fieldList).toEqual([{ name: 'paymentInstrumentId', message }]);
});

test('says what was asked, what is left and that a new token is safe when a budget is too small', () => {
  const { message, fieldList } = toWireError(REFUSALS.budget_exceeded);
  expect(message).toContain('Insufficient budget');
  expect(message).toContain('8.00');
  expect(message).toContain('7.50');
  expect(message).toContain('0.046697');
  expect(message).toContain('Nothing was signed');
  expect(message).toContain('new clientToken');
  expect(fieldList?.map(({ name }) => name)).toEqual(['bursar:budget_exceeded']);
});

test('leaves the held amount out of a denial where nothing is held', () => {
  const { message } = toWireError({ ...REFUSALS.budget_exceeded, reserved: toMicroUsd(0n) });
  expect(message).not.toContain('held');
});

test('lists one entry per wrong field, with the value where it was wrong', () => {
  expect(toWireError(REFUSALS.invalid_request).fieldList).toEqual(REFUSALS.invalid_request.problems);
});

const challengeNames = (field: string) =>
  toWireError({ ...REFUSALS.invalid_challenge, field }).fieldList?.map(({ name }) => name);

test('names the member of a challenge and a stable code', () => {
  expect(challengeNames('payload.asset')).toEqual(['paymentInput.cryptoX402.payload.asset', 'bursar:invalid_asset']);
  expect(challengeNames('')).toEqual(['paymentInput.cryptoX402', 'bursar:invalid_asset']);
  expect(challengeNames('paymentType')).toEqual(['paymentType', 'bursar:invalid_asset']);
});

test.each(['unsupported_payment_type', 'unsupported_scheme'] as const)(
  "answers %s with AWS's error for what is not enabled, and its code",
  (code) => {
    const error = toWireError({ ...REFUSALS.invalid_challenge, code });
    expect(error).toMatchObject({
      status: 403,
      name: 'AccessDeniedException',
      fieldList: [{}, { name: `bursar:${code}` }],
    });
    expect(error.reason).toBeUndefined();
  },
);

test('says the same of every missing resource of a kind', () => {
  const bodies = (['manager', 'connector', 'instrument', 'session', 'payment'] as const).map((resource) =>
    toWireError({ reason: 'not_found', resource }),
  );
  expect(new Set(bodies.map(({ status, name }) => `${status} ${name}`))).toEqual(
    new Set(['404 ResourceNotFoundException']),
  );
  expect(bodies.map(({ message }) => message)).toEqual([
    'Payment manager not found',
    'Payment connector not found',
    'Payment instrument not found',
    'Payment session not found',
    'Payment not found',
  ]);
});

test('answers a throttled store with 429', () => {
  expect(toWireFailure(new NotNow('UpdateItem was throttled'))).toMatchObject({
    status: 429,
    name: 'ThrottlingException',
  });
});

test('answers a page token of somewhere else with a field problem', () => {
  const error = toWireFailure(new PageTokenRefused('expected the nextToken of an earlier page of the same list'));
  expect(error).toMatchObject({ status: 400, name: 'ValidationException', reason: 'FieldValidationFailed' });
  expect(error.fieldList?.map(({ name }) => name)).toEqual(['nextToken']);
});

test.each([
  ['an unknown outcome', new OutcomeUnknown('UpdateItem has an unknown outcome')],
  ['a bug', new TypeError('secret-canary is not a function')],
  ['something thrown that is no error', 'secret-canary'],
  ['nothing', undefined],
])('tells nothing of %s', (_what, failure) => {
  const error = toWireFailure(failure);
  expect(error).toMatchObject({ status: 500, name: 'InternalServerException' });
  expect(JSON.stringify(error)).not.toMatch(/canary|outcome of|UpdateItem/);
  expect(sortAsPythonSdk(error.message)).toBe('PaymentError');
});

test('says nothing of the condition that a token did not meet', () => {
  const checks = ['missing', 'issuer', 'audience', 'client', 'scope', 'claim', 'expired', 'authorizer'];
  const answers = checks.map((check) => JSON.stringify(toWireError({ reason: 'token_not_admitted', check })));
  expect(new Set(answers).size).toBe(1);
});

test('quotes no more of a path than it needs', () => {
  const { message } = toWireError({ reason: 'unknown_operation', method: 'GET', path: `/${'x'.repeat(10_000)}` });
  expect(message).toMatch(/^There is no operation GET \/x+$/);
  expect(message.length).toBeLessThan(250);
});
