import { beforeAll, describe, expect, test } from 'vitest';
import { createTenant, newToken, offer, sessionRequest, withFunctions, type Tenant } from '../../support/functions.ts';
import { challengeOf, SELLER_URL } from '../../support/asking.ts';

interface SessionBody {
  readonly paymentSession: { readonly paymentSessionId: string };
}

const functions = withFunctions({ APPROVAL_GAS_PER_DAY: '0.002', DEFAULT_SESSION_LIMIT_USD: 'none' });
const { call } = functions;
const walletApprovals = { allowed: true };
let tenant: Tenant;
beforeAll(async () => {
  tenant = await createTenant(functions);
});
const open = (members: object) =>
  call<SessionBody>('CreatePaymentSession', { json: { ...sessionRequest(tenant), ...members } });

describe('a session that allows approvals', () => {
  test('shows that it does, and what they may cost, before anything is asked for', async () => {
    const made = await open({ walletApprovals });
    const shown = { paymentSession: { walletApprovals: { allowed: true, gasPerDay: '2000000000000000' } } };
    expect(made).toMatchObject({ status: 201, body: shown });
    const json = { ...tenant, paymentSessionId: made.body.paymentSession.paymentSessionId };
    expect((await call('GetPaymentSession', { json })).body).toMatchObject(shown);
  });

  test('is made once for a client token, and without that leave not at all', async () => {
    const request = { walletApprovals, clientToken: newToken() };
    const first = await open(request);
    expect(await open(request)).toEqual(first);
    expect(await open({ clientToken: request.clientToken })).toMatchObject({
      status: 400,
      body: { reason: 'IdempotentParameterMismatchException' },
    });
  });

  test('needs a limit, which bounds them', async () => {
    expect(await open({ walletApprovals, limits: undefined })).toMatchObject({
      status: 400,
      body: { fieldList: [{ name: 'walletApprovals' }] },
    });
  });

  test.each([[{}], [{ allowed: false }], [true]])('is not opened with %j', async (given) => {
    expect((await open({ walletApprovals: given })).status).toBe(400);
  });

  test('has one asked for by a payment of a whole 402 that needs it, and tells that in a code', async () => {
    const { paymentSessionId } = (await open({ walletApprovals })).body.paymentSession;
    const extra = { name: 'USDC', version: '2', assetTransferMethod: 'permit2' };
    const { paymentManagerArn, paymentInstrumentId } = tenant;
    const json = {
      paymentManagerArn,
      paymentInstrumentId,
      paymentSessionId,
      request: { method: 'GET', url: SELLER_URL },
      challenge: { status: 402, ...challengeOf([offer({ extra })]) },
      clientToken: newToken(),
    };
    const asked = await call('PayChallenge', { json });
    expect(asked).toMatchObject({ status: 400, body: { fieldList: [{ name: 'bursar:allowance_requested' }] } });
    const shown = await call('GetAllowance', { json: { paymentManagerArn, paymentInstrumentId } });
    expect(shown.body).toMatchObject({ allowance: { status: 'REQUESTED' } });
  });
});

test('a session that allows none does not say anything of them, and pays at once', async () => {
  const made = await open({});
  expect(made.body.paymentSession).not.toHaveProperty('walletApprovals');
});
