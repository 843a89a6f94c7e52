import { describe, expect, test } from 'vitest';
import { toWireError, toWireFailure } from '../../lib/api/errors.ts';
import { toMicroUsd } from '../../lib/domain/money.ts';
import { NotNow, OutcomeUnknown, PageTokenRefused } from '../../lib/domain/ports.ts';
import type { Refusal } from '../../lib/domain/refusal.ts';
import { NOW } from '../support/payments.ts';

const usd = toMicroUsd;
// One of every reason; the compiler says when one is missing.
const REFUSALS: { readonly [R in Refusal['reason']]: Extract<Refusal, { reason: R }> } = {
  cannot_parse: { reason: 'cannot_parse', message: 'the text is not valid JSON' },
  invalid_request: {
    reason: 'invalid_request',
    problems: [{ name: 'expiryTimeInMinutes', message: 'expiryTimeInMinutes is required' }],
  },
  invalid_challenge: {
    reason: 'invalid_challenge',
    code: 'invalid_pay_to',
    field: 'payload.payTo',
    message: 'Payment payTo address is invalid.',
  },
  unknown_operation: { reason: 'unknown_operation', method: 'GET', path: '/x' },
  not_found: { reason: 'not_found', resource: 'session' },
  instrument_not_active: { reason: 'instrument_not_active', status: 'INITIATED' },
  session_expired: { reason: 'session_expired', expiresAt: NOW },
  session_closing: { reason: 'session_closing', expiresAt: NOW },
  budget_exceeded: {
    reason: 'budget_exceeded',
    requested: usd(9_000_000n),
    available: usd(7_500_000n),
    reserved: usd(1n),
  },
  token_reused: { reason: 'token_reused' },
  conflict: { reason: 'conflict', message: 'The manager still has connectors' },
  busy: { reason: 'busy', what: 'session' },
  attempts_exhausted: { reason: 'attempts_exhausted' },
};

/** How AWS's Python SDK sorts the ValidationExceptions of ProcessPayment. */
function pythonClass(message: string): string {
  const text = message.toLowerCase();
  if (text.includes('budget') || text.includes('insufficient')) return 'InsufficientBudget';
  if (text.includes('expired')) return 'PaymentSessionExpired';
  if (text.includes('instrument') || text.includes('inactive')) return 'InvalidPaymentInstrument';
  if (text.includes('session not found')) return 'PaymentSessionNotFound';
  return 'PaymentError';
}

const MEANT: Partial<Record<Refusal['reason'], string>> = {
  budget_exceeded: 'InsufficientBudget',
  session_expired: 'PaymentSessionExpired',
  session_closing: 'PaymentSessionExpired',
  instrument_not_active: 'InvalidPaymentInstrument',
  not_found: 'PaymentSessionNotFound',
};

describe('every refusal', () => {
  test.each(Object.values(REFUSALS))("$reason is sorted rightly by AWS's Python SDK", (refusal) => {
    expect(pythonClass(toWireError(refusal).message)).toBe(MEANT[refusal.reason] ?? 'PaymentError');
  });

  test('becomes the status and the exception that AgentCore has for it', () => {
    const seen = Object.values(REFUSALS).map((refusal) => {
      const { status, name, reason } = toWireError(refusal);
      return `${refusal.reason}: ${status} ${name}${reason === undefined ? '' : ` ${reason}`}`;
    });
    expect(seen).toEqual([
      'cannot_parse: 400 ValidationException CannotParse',
      'invalid_request: 400 ValidationException FieldValidationFailed',
      'invalid_challenge: 400 ValidationException FieldValidationFailed',
      'unknown_operation: 404 ResourceNotFoundException',
      'not_found: 404 ResourceNotFoundException',
      'instrument_not_active: 400 ValidationException FieldValidationFailed',
      'session_expired: 400 ValidationException FieldValidationFailed',
      'session_closing: 400 ValidationException FieldValidationFailed',
      'budget_exceeded: 400 ValidationException FieldValidationFailed',
      'token_reused: 400 ValidationException IdempotentParameterMismatchException',
      'conflict: 409 ConflictException',
      'busy: 429 ThrottlingException',
      'attempts_exhausted: 400 ValidationException FieldValidationFailed',
    ]);
  });

  test('that is final for a payment carries a stable code and its figures', () => {
    const error = toWireError(REFUSALS.budget_exceeded);
    expect(error.message).toContain('needs USD 9.00');
    expect(error.message).toContain('USD 7.50 left');
    expect(error.message).toContain('new clientToken');
    expect(error.fieldList?.map(({ name }) => name)).toContain('bursar:budget_exceeded');
  });
});

describe('a failure that is no refusal', () => {
  test('tells the caller nothing of its inside', () => {
    for (const error of [new Error('table Books-x in 111122223333'), new OutcomeUnknown('x'), 'text', null]) {
      expect(toWireFailure(error)).toMatchObject({ status: 500, name: 'InternalServerException' });
      expect(toWireFailure(error).message).not.toMatch(/Books|111122223333/);
    }
  });

  test("is throttling where nothing took effect, and a wrong page token is the caller's", () => {
    expect(toWireFailure(new NotNow('x'))).toMatchObject({ status: 429, name: 'ThrottlingException' });
    expect(toWireFailure(new PageTokenRefused('x'))).toMatchObject({ status: 400, name: 'ValidationException' });
  });
});
