import { beforeAll, describe, expect, test } from 'vitest';
import {
  BALANCE,
  createTenant,
  newToken,
  offer,
  paymentRequest,
  sessionRequest,
  withFunctions,
  type Tenant,
} from '../../support/functions.ts';
import { RPC_KEY } from '../../support/rpc-endpoint.ts';

interface SessionBody {
  readonly paymentSession: { readonly paymentSessionId: string };
}

const functions = withFunctions();
const { call } = functions;
const balanceCheck = { required: true };
let tenant: Tenant;
beforeAll(async () => {
  tenant = await createTenant(functions);
});
const limits = { maxSpendAmount: { value: '100.00', currency: 'USD' } };
const open = (members: object) =>
  call<SessionBody>('CreatePaymentSession', { json: { ...sessionRequest(tenant), limits, ...members } });

describe('a session that has the balance of the wallet looked at', () => {
  test('shows that it does', async () => {
    const made = await open({ balanceCheck });
    expect(made).toMatchObject({ status: 201, body: { paymentSession: { balanceCheck } } });
    const json = { ...tenant, paymentSessionId: made.body.paymentSession.paymentSessionId };
    expect((await call('GetPaymentSession', { json })).body).toMatchObject({ paymentSession: { balanceCheck } });
    expect((await open({})).body.paymentSession).not.toHaveProperty('balanceCheck');
  });

  test('is made once for a client token, and without that not at all', async () => {
    const request = { balanceCheck, clientToken: newToken() };
    const first = await open(request);
    expect(await open(request)).toEqual(first);
    expect(await open({ clientToken: request.clientToken })).toMatchObject({
      status: 400,
      body: { reason: 'IdempotentParameterMismatchException' },
    });
  });

  test.each([[{}], [{ required: false }], [true]])('is not opened with %j', async (given) => {
    expect((await open({ balanceCheck: given })).status).toBe(400);
  });

  test('refuses what is more in words of AWS and with a code, and pays what the wallet holds', async () => {
    const { paymentSessionId } = (await open({ balanceCheck })).body.paymentSession;
    const pay = (amount: bigint) =>
      call('ProcessPayment', { json: paymentRequest(tenant, { paymentSessionId }, offer({ amount: `${amount}` })) });
    expect(await pay(BALANCE + 1n)).toMatchObject({
      status: 400,
      headers: { 'x-amzn-errortype': expect.stringContaining('ValidationException') as string },
      body: {
        message: expect.stringMatching(
          /^Insufficient balance in the payer wallet 0x[0-9A-Za-z]{40}: it holds 12.345678/,
        ) as string,
        fieldList: [{ name: 'bursar:insufficient_funds' }],
      },
    });
    expect((await pay(BALANCE)).status).toBe(200);
    expect(functions.logs.join('\n')).not.toContain(RPC_KEY);
  });
});
