import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { findAnswerFlaw } from '../../lib/contract/answer-check.ts';
import { ANSWERS } from '../../lib/contract/answers.ts';
import { DOCUMENTS, FAMILIES, tagOf } from '../../lib/contract/documents.ts';
import { OPERATIONS, type OperationName } from '../../lib/contract/operations.ts';
import { validateInput } from '../../lib/contract/validation.ts';

const operations = Object.keys(OPERATIONS) as OperationName[];
/** Operations that always refuse, and so have no answer to show. */
const REFUSING: readonly OperationName[] = ['RotatePaymentConnectorCredentials'];
const answering = operations.filter((name) => !REFUSING.includes(name));

/** An example as the service answers it. */
function answerOf(name: OperationName) {
  const { answer } = DOCUMENTS[name];
  return { status: OPERATIONS[name].successStatus, text: answer == null ? '' : JSON.stringify(answer) };
}

describe.each(operations)('the documents of %s', (name) => {
  test('show a request that the service takes', () => {
    expect(validateInput(name, { ...DOCUMENTS[name].request })).toMatchObject({ ok: true });
    for (const [member, schema] of Object.entries(DOCUMENTS[name].members ?? {})) {
      const given = (DOCUMENTS[name].request as Record<string, unknown>)[member];
      expect(v.safeParse(schema, given).success).toBe(true);
    }
  });

  test('stand under one heading', () => {
    expect(FAMILIES.filter((family) => Object.hasOwn(family.operations, name))).toHaveLength(1);
    expect(tagOf(name)).not.toBe('');
  });
});

test.each(answering)('the documents of %s show an answer that the contract has', (name) => {
  expect(findAnswerFlaw(name, answerOf(name))).toBeNull();
});

test('an operation that always refuses shows no answer', () => {
  for (const name of REFUSING) {
    expect(DOCUMENTS[name].answer).toBeUndefined();
    expect(v.safeParse(ANSWERS[name], {}).success).toBe(false);
  }
});

describe('an answer is found wrong', () => {
  const session = DOCUMENTS.GetPaymentSession.answer as { readonly paymentSession: object };
  const flawOf = (body: unknown, status = 200) =>
    findAnswerFlaw('GetPaymentSession', { status, text: JSON.stringify(body) });

  test('with a member that the contract does not name', () => {
    expect(flawOf({ ...session, surprise: 'canary' })).toContain('surprise');
    expect(flawOf({ paymentSession: { ...session.paymentSession, surprise: 1 } })).toContain('paymentSession.surprise');
  });

  test('without a member that is always there', () => {
    const { paymentSession } = session;
    const { status: _status, ...rest } = paymentSession as { readonly status: string };
    expect(flawOf({ paymentSession: rest })).toContain('paymentSession.status');
  });

  test('with a value of another form, which is not quoted', () => {
    const flaw = flawOf({ paymentSession: { ...session.paymentSession, createdAt: 'canary' } });
    expect(flaw).toContain('paymentSession.createdAt');
    expect(flaw).not.toContain('canary');
  });

  test('with another status, or a body where there is none', () => {
    expect(flawOf(session, 201)).toContain('expected 200');
    expect(findAnswerFlaw('TagResource', { status: 204, text: '{}' })).not.toBeNull();
  });

  test.each([
    ['a name that nobody answers with', { __type: 'SomeException', message: '' }, 400],
    ['a status of another error', { __type: 'ThrottlingException', message: '' }, 400],
    [
      'a code that the table does not have',
      { __type: 'ValidationException', message: '', fieldList: [{ name: 'bursar:unheard_of', message: '' }] },
      400,
    ],
  ])('as an error with %s', (_what, body, status) => {
    expect(flawOf(body, status)).not.toBeNull();
  });

  test('but not as an error that the contract has', () => {
    const fieldList = [{ name: 'bursar:session_expired', message: '' }];
    const error = { __type: 'ValidationException', message: '', reason: 'FieldValidationFailed', fieldList };
    expect(flawOf(error, 400)).toBeNull();
  });
});
