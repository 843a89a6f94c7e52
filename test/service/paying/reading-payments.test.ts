import { expect, test } from 'vitest';
import type { PaymentManager } from '../../../lib/domain/tenants/resources.ts';
import { signedCaller } from '../../../lib/domain/tenants/principal.ts';
import { createPayerCache, type KnownPayer } from '../../../lib/service/paying/payer.ts';
import { getPayment, type PaymentReadDeps } from '../../../lib/service/paying/payments.ts';
import { createTestClock } from '../../support/paying.ts';
import { MANAGER_ID, makePayment, makeSession, NOW, USER_ID } from '../../support/payments.ts';

const deployment = { partition: 'aws', region: 'us-east-1', account: '111122223333' };

test("a user reads a payment of their own, and of nobody else's finds none", async () => {
  const own = makePayment(makeSession());
  const stored = [own, { ...own, userId: 'other' }, { ...own, managerId: 'another-0000000001' }, null];
  const manager = { managerId: MANAGER_ID, status: 'READY', authorizer: { type: 'AWS_IAM' } } as PaymentManager;
  const read = (payment: (typeof stored)[number]) => {
    const deps = {
      registry: { readManager: async () => manager },
      payments: { readPayment: async () => payment },
      deployment,
      clock: createTestClock(NOW),
    } as unknown as PaymentReadDeps;
    const input = { manager: { deployment, resource: MANAGER_ID }, paymentId: own.id };
    return getPayment(deps, signedCaller(USER_ID), input);
  };
  const missing = { ok: false, error: { reason: 'not_found', resource: 'payment' } };
  expect(await Promise.all(stored.map(read))).toEqual([{ ok: true, value: own }, missing, missing, missing]);
});

test('what never changes of a payer is known until it is forgotten, for each payer alone', () => {
  const cache = createPayerCache();
  const key = { managerId: 'm', userId: 'u', sessionId: 's', instrumentId: 'i' };
  const facts = { address: '0x00' } as unknown as KnownPayer;
  cache.set(key, facts);
  expect(cache.get({ ...key })).toBe(facts);
  for (const name of Object.keys(key)) expect(cache.get({ ...key, [name]: 'x' })).toBeUndefined();
  cache.forget(key);
  expect(cache.get(key)).toBeUndefined();
});
