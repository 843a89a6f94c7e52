import { expect, test } from 'vitest';
import {
  createTenant,
  newToken,
  offer,
  pageThrough,
  paymentRequest,
  sessionRequest,
  withFunctions,
  type Tenant,
} from '../../support/functions.ts';

const PURCHASES = 40;

const functions = withFunctions();
const { call } = functions;

async function createPayer(user: string, limit: string): Promise<Tenant> {
  const tenant = await createTenant(functions, user);
  const limits = { maxSpendAmount: { value: limit, currency: 'USD' } };
  const { body } = await call<{ paymentSession: { paymentSessionId: string } }>('CreatePaymentSession', {
    json: sessionRequest(tenant, { limits }),
    user,
  });
  return { ...tenant, paymentSessionId: body.paymentSession.paymentSessionId };
}

async function spentOf(json: Tenant, user: string): Promise<unknown> {
  const { body } = await call<{ paymentSession: object }>('GetPaymentSession', { json, user });
  return body.paymentSession;
}

test.each(['one after the other', 'all at once'])(
  'forty equal purchases from one seller under forty tokens all succeed, %s, and one more does not',
  async (order) => {
    const user = `buyer ${order}`;
    const tenant = await createPayer(user, '20.00');
    const buy = () => call<{ processPaymentId: string }>('ProcessPayment', { json: paymentRequest(tenant), user });
    const answers = [];
    if (order === 'all at once') answers.push(...(await Promise.all(Array.from({ length: PURCHASES }, buy))));
    else for (let i = 0; i < PURCHASES; i += 1) answers.push(await buy());
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(new Set(answers.map(({ body }) => body.processPaymentId)).size).toBe(PURCHASES);
    expect(await spentOf(tenant, user)).toMatchObject({
      availableLimits: { availableSpendAmount: { value: '0.00' } },
      reservedAmount: { value: '0.00' },
      spentAmount: { value: '20.00' },
    });
    const listed = await pageThrough(
      functions,
      'ListPayments',
      'payments',
      { paymentManagerArn: tenant.paymentManagerArn },
      user,
    );
    expect(listed).toHaveLength(PURCHASES);
    const refused = await buy();
    expect([refused.status, refused.body]).toMatchObject([400, { __type: 'ValidationException' }]);
  },
);

test('forty purchases under one token are one, with the same bytes for all, also for another agent name', async () => {
  const user = 'one token';
  const tenant = await createPayer(user, '20.00');
  const json = paymentRequest(tenant);
  const answers = await Promise.all(Array.from({ length: PURCHASES }, () => call('ProcessPayment', { json, user })));
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  expect(answers[0]?.status).toBe(200);
  expect(await spentOf(tenant, user)).toMatchObject({ spentAmount: { value: '0.50' } });
});

test.each<[string, (tenant: Tenant) => object]>([
  ['amount', (tenant) => paymentRequest(tenant, {}, offer({ amount: '500001' }))],
  ['payee', (tenant) => paymentRequest(tenant, {}, offer({ payTo: `0x${'1'.repeat(40)}` }))],
])('a token that paid is refused for another %s, and nothing more is spent', async (what, other) => {
  const user = `mismatch ${what}`;
  const tenant = await createPayer(user, '20.00');
  const clientToken = newToken();
  const first = await call('ProcessPayment', { json: { ...paymentRequest(tenant), clientToken }, user });
  const refused = await call('ProcessPayment', { json: { ...other(tenant), clientToken }, user });
  expect(refused.status).toBe(400);
  expect(refused.body).toMatchObject({ reason: 'IdempotentParameterMismatchException' });
  const again = await call('ProcessPayment', { json: { ...paymentRequest(tenant), clientToken }, user });
  expect(again.text).toBe(first.text);
  expect(await spentOf(tenant, user)).toMatchObject({ spentAmount: { value: '0.50' } });
});

test.each<[string, object]>([
  ['its resource', { resource: 'https://seller.example/other' }],
  ['its description', { description: 'the same, told otherwise' }],
  ['a quote that nothing signs', { extra: { name: 'USDC', version: '2', quoteId: 'q-2' } }],
  ['its time-out', { maxTimeoutSeconds: 90 }],
])('an offer that differs in %s alone is the same purchase: the same proof, once', async (what, changed) => {
  const user = `same ${what}`;
  const tenant = await createPayer(user, '20.00');
  const clientToken = newToken();
  const first = await call('ProcessPayment', { json: { ...paymentRequest(tenant), clientToken }, user });
  const other = paymentRequest(tenant, {}, offer(changed));
  const again = await call('ProcessPayment', { json: { ...other, clientToken }, user });
  expect(again.status).toBe(200);
  expect(again.body).toEqual(first.body);
  expect(await spentOf(tenant, user)).toMatchObject({ spentAmount: { value: '0.50' } });
});
