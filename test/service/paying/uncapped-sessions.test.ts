import { expect, test } from 'vitest';
import { createTenant, offer, paymentRequest, sessionRequest, withFunctions } from '../../support/functions.ts';

const functions = withFunctions({ DEFAULT_SESSION_LIMIT_USD: 'none' });
const { call } = functions;

test('where the deployment has no default, a session without limits has none, and pays what is asked', async () => {
  const tenant = await createTenant(functions);
  const { limits: _limits, ...request } = sessionRequest(tenant);
  const made = await call<{ paymentSession: { paymentSessionId: string } }>('CreatePaymentSession', { json: request });
  expect(made.status).toBe(201);
  expect(made.body.paymentSession).not.toHaveProperty('limits');
  expect(made.body.paymentSession).not.toHaveProperty('availableLimits');

  const own = { ...tenant, paymentSessionId: made.body.paymentSession.paymentSessionId };
  const paid = await call('ProcessPayment', { json: paymentRequest(own, {}, offer({ amount: '1000000000000' })) });
  expect(paid.status).toBe(200);
  const read = await call<{ paymentSession: object }>('GetPaymentSession', { json: own });
  expect(read.body.paymentSession).toMatchObject({ spentAmount: { value: '1000000.00', currency: 'USD' } });
  expect(read.body.paymentSession).not.toHaveProperty('availableLimits');
});

test('a limit of its own holds there too', async () => {
  const tenant = await createTenant(functions);
  const denied = await call('ProcessPayment', { json: paymentRequest(tenant, {}, offer({ amount: '10000001' })) });
  expect(denied.body).toMatchObject({ fieldList: [{ name: 'bursar:budget_exceeded' }] });
});
