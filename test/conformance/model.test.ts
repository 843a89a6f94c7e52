import { describe, expect, test } from 'vitest';
import { errorSchemaOf, findModelOperation, findModelProblems, findParsedProblems } from './model.ts';

const SESSION = {
  paymentSessionId: 'payment-session-0123456789abcde',
  paymentManagerArn: 'arn',
  userId: 'user',
  expiryTimeInMinutes: 60,
  createdAt: '2026-05-07T10:35:00.5Z',
  updatedAt: '2026-05-07T10:35:00Z',
  limits: { maxSpendAmount: { value: '1.00', currency: 'USD' } },
};
const { output: sessionAnswer } = findModelOperation('GetPaymentSession');
const { output: workloadAnswer } = findModelOperation('GetWorkloadIdentity');
const WORKLOAD = {
  name: 'name',
  workloadIdentityArn: 'arn',
  createdTime: 1_790_000_000.5,
  lastUpdatedTime: 1_790_000_000,
};

describe('a body against AWS’s model', () => {
  test('has no problems where it is as the model says, with members of ours', () => {
    expect(findModelProblems(sessionAnswer, { paymentSession: { ...SESSION, status: 'ACTIVE' } })).toEqual([]);
    expect(findModelProblems(workloadAnswer, WORKLOAD)).toEqual([]);
  });

  test.each([
    ['body.paymentSession.userId is missing', { userId: undefined }],
    ['body.paymentSession.userId is null', { userId: null }],
    ['body.paymentSession.expiryTimeInMinutes is not a number', { expiryTimeInMinutes: '60' }],
    ['body.paymentSession.createdAt is not an instant as text', { createdAt: 1_790_000_000 }],
    ['body.paymentSession.createdAt is not an instant as text', { createdAt: 'yesterday' }],
    ['body.paymentSession.limits is not an object', { limits: [] }],
    [
      'body.paymentSession.limits.maxSpendAmount.value is not a text',
      { limits: { maxSpendAmount: { value: 1, currency: 'USD' } } },
    ],
  ])('says %s', (problem, members) => {
    expect(findModelProblems(sessionAnswer, { paymentSession: { ...SESSION, ...members } })).toEqual([problem]);
  });

  test('wants times of identities as numbers', () => {
    const problems = findModelProblems(workloadAnswer, { ...WORKLOAD, createdTime: '2026-05-07T10:35:00Z' });
    expect(problems).toEqual(['body.createdTime is not an instant as a number']);
  });

  test('wants a reason of a validation error', () => {
    const schema = errorSchemaOf('data', 'ValidationException');
    expect(findModelProblems(schema, { message: 'text', reason: 'CannotParse', fieldList: [] })).toEqual([]);
    expect(findModelProblems(schema, { message: 'text' })).toEqual(['body.reason is missing']);
  });

  test('wants exactly one member of a union', () => {
    const { output } = findModelOperation('GetResourcePaymentToken');
    expect(findModelProblems(output, { paymentTokenResponse: {} })).toEqual([
      'body.paymentTokenResponse has not exactly one member of a union',
    ]);
  });
});

describe('an output as the client parsed it', () => {
  test('has dates and no null', () => {
    const createdAt = new Date(0);
    const parsed = { ...SESSION, createdAt, updatedAt: createdAt };
    expect(findParsedProblems(sessionAnswer, { paymentSession: parsed })).toEqual([]);
    expect(findParsedProblems(sessionAnswer, { paymentSession: { ...parsed, createdAt: 0, userId: null } })).toEqual([
      'output.paymentSession.userId is null',
      'output.paymentSession.createdAt is not a Date',
    ]);
  });
});
