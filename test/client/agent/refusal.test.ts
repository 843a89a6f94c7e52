import { describe, expect, test } from 'vitest';
import { CallRefused, ToolPaymentError, inOneSentence, toRefusal } from '../../../lib/client/agent/refusal.ts';
import { PurchaseError, UnpayableError } from '../../../lib/client/index.ts';
import { bursarError } from '../script.ts';

function purchaseError(message: string, mayHavePaid: boolean, cause?: Error) {
  const details = { purchaseId: 'purchase-1', processPaymentId: 'payment-1', mayHavePaid, code: null };
  return new PurchaseError(message, details, { cause });
}

describe('what a failure means for the model is one sentence', () => {
  test('where nobody knows whether money moves', () => {
    expect(toRefusal(purchaseError('no answer.', true))).toEqual({
      kind: 'refused',
      code: 'client:outcome_unknown',
      message: 'This call may have been paid already (no answer), so do not make it again, and tell the user',
      mayHavePaid: true,
      purchaseId: 'purchase-1',
      processPaymentId: 'payment-1',
    });
  });

  test('where the service refused', () => {
    expect(toRefusal(purchaseError('it is not for sale', false))).toEqual({
      kind: 'refused',
      code: 'client:unpayable',
      message: 'Nothing was paid for this call (it is not for sale), so do not repeat it unless that changes',
      mayHavePaid: false,
      purchaseId: 'purchase-1',
      processPaymentId: 'payment-1',
    });
  });

  test.each([
    [new CallRefused('client:no_url', 'it names no URL'), 'client:no_url'],
    [new UnpayableError('it names no URL'), 'client:unpayable'],
  ])('where nothing was asked for: %s', (error, code) => {
    expect(toRefusal(error)).toEqual({
      kind: 'refused',
      code,
      message: 'Nothing was paid for this call (it names no URL), so do not repeat it as it is',
      mayHavePaid: false,
      purchaseId: null,
      processPaymentId: null,
    });
  });

  test('and none where the failure is none of paying', () => {
    for (const error of [new Error('interrupted'), new TypeError('x'), 'text', undefined]) {
      expect(toRefusal(error)).toBeNull();
    }
  });
});

describe('a refusal that its service tells by words alone', () => {
  test.each([
    ['insufficient budget', 'bursar:budget_exceeded'],
    ['the session expired', 'bursar:session_expired'],
    ['the instrument is of no use', 'bursar:instrument_not_active'],
    ['session not found', 'bursar:session_not_found'],
    ['something else', 'client:unpayable'],
  ])('has the code of Bursar: %s', (message, code) => {
    const cause = Object.assign(bursarError('ValidationException', 400), { message });
    expect(toRefusal(purchaseError(message, false, cause))).toMatchObject({ code });
  });

  test('and one that is no answer of a service has none', () => {
    const cause = Object.assign(new Error('budget'), { name: 'ValidationException' });
    expect(toRefusal(purchaseError('budget', false, cause))).toMatchObject({ code: 'client:unpayable' });
  });
});

test('what somebody else said is clipped, on one line, and ends where the sentence goes on', () => {
  expect(inOneSentence('sold out. \n')).toBe('sold out. ?');
  expect(inOneSentence('sold out.. .')).toBe('sold out');
  expect(inOneSentence('v1.0 is sold out')).toBe('v1.0 is sold out');
  expect(inOneSentence('x'.repeat(500))).toBe('x'.repeat(400));
});

test('the errors have names, and what they are about', () => {
  const cause = new Error('why');
  expect(new CallRefused('client:no_url', 'none', { cause })).toMatchObject({
    name: 'CallRefused',
    code: 'client:no_url',
    message: 'none',
    cause,
  });
  const refusal = toRefusal(new UnpayableError('too dear'))!;
  const thrown = new ToolPaymentError(refusal, { cause });
  expect(thrown).toMatchObject({ name: 'ToolPaymentError', refusal, message: refusal.message, cause });
});
