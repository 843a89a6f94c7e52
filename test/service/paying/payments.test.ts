import { beforeAll, expect, test } from 'vitest';
import { recoverProofSigner, type Eip3009Proof } from '../../../scripts/proof-signer.ts';
import { BASE_SEPOLIA } from '../../support/payments.ts';
import { PAY_TO } from '../../support/paying.ts';
import {
  anInstant,
  createTenant,
  newToken,
  offer,
  pageThrough,
  paymentRequest,
  sessionRequest,
  withFunctions,
  type Tenant,
} from '../../support/functions.ts';

interface SessionBody {
  readonly paymentSession: {
    readonly paymentSessionId: string;
    readonly createdAt: string;
    readonly expiresAt: string;
    readonly availableLimits?: { readonly availableSpendAmount: { readonly value: string } };
  };
}

interface PaymentBody {
  readonly processPaymentId: string;
  readonly paymentOutput: {
    readonly cryptoX402: {
      readonly payload: Eip3009Proof;
    };
  };
}

const functions = withFunctions();
const { call } = functions;
let tenant: Tenant;
beforeAll(async () => {
  tenant = await createTenant(functions);
});

test('a payment gives a proof that verifies, and its receipt none of it', async () => {
  const user = 'payer';
  const own = await createTenant(functions, user);
  const paid = await call<PaymentBody>('ProcessPayment', { json: paymentRequest(own), user });
  expect(paid.status).toBe(200);
  const { processPaymentId, paymentOutput } = paid.body;
  expect(paid.body).toEqual({
    processPaymentId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    paymentManagerArn: own.paymentManagerArn,
    paymentSessionId: own.paymentSessionId,
    paymentInstrumentId: own.paymentInstrumentId,
    paymentType: 'CRYPTO_X402',
    status: 'PROOF_GENERATED',
    paymentOutput: { cryptoX402: { version: '2', payload: expect.any(Object) as object } },
    bursar: {
      network: BASE_SEPOLIA.id,
      asset: BASE_SEPOLIA.usdc.address,
      payTo: PAY_TO,
      amountUsd: '0.50',
      validBefore: Number(paymentOutput.cryptoX402.payload.authorization.validBefore),
    },
    createdAt: anInstant,
    updatedAt: anInstant,
  });
  const { payload } = paymentOutput.cryptoX402;
  expect(await isSigned(payload)).toBe(true);

  const receipt = await call<{ payment: Record<string, unknown> }>('GetPayment', {
    json: { paymentManagerArn: own.paymentManagerArn },
    path: { processPaymentId },
    user,
  });
  expect(receipt.status).toBe(200);
  expect(receipt.body.payment).toMatchObject({
    processPaymentId,
    decision: 'PAID',
    amountUsd: '0.50',
    budget: { availableUsd: '9.50', reservedUsd: '0.50', spentUsd: '0.00' },
  });
  expect(receipt.text).not.toContain(payload.signature.slice(2, 60));
  expect(functions.logs.join('')).not.toContain(payload.signature.slice(2, 60));

  const session = await call<SessionBody>('GetPaymentSession', { json: { ...own }, user });
  expect(session.body.paymentSession).toMatchObject({
    availableLimits: { availableSpendAmount: { value: '9.50' } },
    spentAmount: { value: '0.50', currency: 'USD' },
    reservedAmount: { value: '0.00', currency: 'USD' },
  });
});

test('the same token gives the same proof, and pays once', async () => {
  const own = await createTenant(functions);
  const json = paymentRequest(own);
  const answers = await Promise.all([1, 2, 3].map(() => call('ProcessPayment', { json })));
  answers.push(await call('ProcessPayment', { json }));
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  const other = await call('ProcessPayment', {
    json: paymentRequest(own, { clientToken: json.clientToken }, offer({ amount: '500001' })),
  });
  expect(other.body).toMatchObject({ reason: 'IdempotentParameterMismatchException' });
  const session = await call<SessionBody>('GetPaymentSession', { json: own });
  expect(session.body.paymentSession.availableLimits?.availableSpendAmount.value).toBe('9.50');
});

test('pays without a token too, every time anew', async () => {
  const { clientToken: _token, ...json } = paymentRequest(await createTenant(functions));
  const ids = [
    await call<PaymentBody>('ProcessPayment', { json }),
    await call<PaymentBody>('ProcessPayment', { json }),
  ];
  expect(new Set(ids.map(({ body }) => body.processPaymentId)).size).toBe(2);
});

test('a payment above the budget is denied with the figures, and listed with its receipt', async () => {
  const user = 'spender';
  const own = await createTenant(functions, user);
  await call('ProcessPayment', { json: paymentRequest(own), user });
  const json = paymentRequest(own, {}, offer({ amount: '9500001' }));
  const denied = await call('ProcessPayment', { json, user });
  expect(denied.status).toBe(400);
  expect(denied.headers['x-amzn-errortype']).toBe('ValidationException');
  expect(denied.body).toMatchObject({
    __type: 'ValidationException',
    message: expect.stringContaining('Insufficient budget') as string,
    fieldList: [{ name: 'bursar:budget_exceeded' }],
  });
  expect((await call('ProcessPayment', { json, user })).text).toBe(denied.text);
  // One micro-dollar less fits exactly.
  expect(
    (await call('ProcessPayment', { json: paymentRequest(own, {}, offer({ amount: '9500000' })), user })).status,
  ).toBe(200);

  const receipts = await pageThrough(
    functions,
    'ListPayments',
    'payments',
    { paymentManagerArn: own.paymentManagerArn },
    user,
  );
  expect(receipts.map(({ decision }) => decision)).toEqual(['PAID', 'DENIED', 'PAID']);
  expect(receipts[1]).toMatchObject({
    denial: { code: 'bursar:budget_exceeded', requestedUsd: '9.500001', availableUsd: '9.50', reservedUsd: '0.00' },
    budget: null,
  });
});

async function isSigned({ signature, authorization }: Eip3009Proof): Promise<boolean> {
  expect(authorization.to).toBe(PAY_TO);
  expect(authorization.value).toBe('500000');
  const signer = await recoverProofSigner({ signature, authorization }, BASE_SEPOLIA);
  return signer === authorization.from;
}

test('no token of a caller gets into the log', async () => {
  const clientToken = newToken();
  await call('ProcessPayment', { json: paymentRequest(tenant, { clientToken }) });
  await call('CreatePaymentSession', { json: sessionRequest(tenant, { clientToken, expiryTimeInMinutes: 1 }) });
  await call('CreatePaymentSession', { json: sessionRequest(tenant, { clientToken }) });
  expect(functions.logs.length).toBeGreaterThan(3);
  expect(functions.logs.join('')).not.toContain(clientToken);
});

test('a receipt has what the caller said that it was for, without its query', async () => {
  const user = 'telling';
  const own = await createTenant(functions, user);
  const resource = { url: 'https://api.example.com/report?key=secret', description: 'A report' };
  const paid = await call<PaymentBody>('ProcessPayment', { json: { ...paymentRequest(own), resource }, user });
  const { paymentManagerArn } = own;
  const path = { processPaymentId: paid.body.processPaymentId };
  const { body } = await call('GetPayment', { json: { paymentManagerArn }, path, user });
  expect(body).toMatchObject({
    payment: { decision: 'PAID', resource: { url: 'https://api.example.com/report', description: 'A report' } },
  });
});

test('refuses what is no URL of the web, before anything is reserved', async () => {
  const json = { ...paymentRequest(tenant), resource: { url: 'the report' } };
  const { status, text } = await call('ProcessPayment', { json });
  expect(status).toBe(400);
  expect(text).toContain('resource');
});
