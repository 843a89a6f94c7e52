import { beforeEach, expect, test } from 'vitest';
import type { Failures } from '../../../lib/domain/policy/breaker.ts';
import type { Payment } from '../../../lib/domain/payment/payment.ts';
import { signedCaller } from '../../../lib/domain/tenants/principal.ts';
import type { PaymentManager } from '../../../lib/domain/tenants/resources.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { reportOutcome, type OutcomeDeps } from '../../../lib/service/policing/report-outcome.ts';
import { createTestClock } from '../../support/paying.ts';
import { makePayment, makeSession, MANAGER_ID, NOW, USER_ID } from '../../support/payments.ts';

const deployment = { partition: 'aws', region: 'us-east-1', account: '111122223333' };
const URL = 'https://api.shop.example/report?id=1';
const own: Payment = { ...makePayment(makeSession()), status: 'SIGNED' };
const MISSING = { ok: false, error: { reason: 'not_found', resource: 'payment' } };

let noted: unknown[];
let failures: Failures;
beforeEach(() => {
  noted = [];
  failures = { inARow: 1, lastAt: NOW };
});

function report({
  stored = own,
  url = URL,
  delivered = false,
  named = true,
  manager = MANAGER_ID,
}: {
  readonly stored?: Payment | null;
  readonly url?: string;
  readonly delivered?: boolean;
  readonly named?: boolean;
  readonly manager?: string | null;
} = {}) {
  const found = { managerId: MANAGER_ID, status: 'READY', authorizer: { type: 'AWS_IAM' } } as PaymentManager;
  const deps = {
    registry: { readManager: async () => found },
    payments: { readPayment: async () => stored },
    outcomes: {
      noteOutcome: async (...args: readonly unknown[]) => {
        noted.push(args);
        return failures;
      },
    },
    deployment,
    clock: createTestClock(NOW),
  } as unknown as OutcomeDeps;
  const input = {
    manager: manager === null ? null : { deployment, resource: manager },
    paymentId: named ? own.id : null,
    url,
    delivered,
  };
  return reportOutcome(deps, signedCaller(USER_ID), input);
}

test.each([true, false])('an outcome (delivered: %o) is noted of the origin, for the user alone', async (delivered) => {
  expect(await report({ delivered })).toEqual({
    ok: true,
    value: { reported: { failuresInARow: 1, pausedUntil: null }, receipt: null },
  });
  expect(noted).toEqual([
    [
      { managerId: MANAGER_ID, userId: USER_ID, origin: 'https://api.shop.example' },
      { paymentId: own.id, delivered, at: NOW },
    ],
  ]);
});

test.each<[string, Payment | null]>([
  ['there is none', null],
  ['it is another user’s', { ...own, userId: 'another' }],
  ['it is another manager’s', { ...own, managerId: 'another-0000000001' }],
  ['it is not signed', { ...own, status: 'DENIED' }],
])('of a payment nothing is noted where %s', async (_what, stored) => {
  expect(await report({ stored })).toEqual(MISSING);
  expect(noted).toEqual([]);
});

test('a payment that is not named by an id is not found, and a manager that is none is not either', async () => {
  expect(await report({ named: false })).toEqual(MISSING);
  expect(await report({ manager: null })).toMatchObject({
    ok: false,
    error: { reason: 'not_found', resource: 'manager' },
  });
  expect(noted).toEqual([]);
});

test('of a URL whose origin rules do not compare nothing is noted', async () => {
  expect(await report({ url: 'https://user@api.shop.example/' })).toEqual({
    ok: true,
    value: { reported: null, receipt: null },
  });
  expect(noted).toEqual([]);
});

test('says until when the origin is left alone, and nothing once that is over', async () => {
  failures = { inARow: 3, lastAt: addMs(NOW, -59_999) };
  expect(await report()).toEqual({
    ok: true,
    value: { reported: { failuresInARow: 3, pausedUntil: NOW + 1 }, receipt: null },
  });
  failures = { inARow: 3, lastAt: addMs(NOW, -60_000) };
  expect(await report()).toEqual({
    ok: true,
    value: { reported: { failuresInARow: 3, pausedUntil: null }, receipt: null },
  });
});
