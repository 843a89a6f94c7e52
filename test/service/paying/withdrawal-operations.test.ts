import { beforeAll, describe, expect, test } from 'vitest';
import { BASE_SEPOLIA } from '../../support/payments.ts';
import {
  BALANCE,
  createTenant,
  newToken,
  paymentRequest,
  withFunctions,
  type Tenant,
} from '../../support/functions.ts';

const HOME = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C';
const functions = withFunctions({ WITHDRAWAL_ADDRESSES: HOME });
const { call, logs } = functions;

interface Withdrawal {
  readonly withdrawal: { readonly processPaymentId: string; readonly paymentSessionId: string } & Record<
    string,
    unknown
  >;
  readonly settlement: {
    readonly paymentPayload: { readonly payload: { readonly signature: string; readonly authorization: object } };
    readonly paymentRequirements: Record<string, unknown>;
  };
}
interface Failure {
  readonly __type: string;
  readonly fieldList: readonly { readonly name: string }[];
}

let tenant: Tenant;
beforeAll(async () => {
  tenant = await createTenant(functions);
});

const requestOf = (own: Pick<Tenant, 'paymentManagerArn' | 'paymentInstrumentId'>, overrides: object = {}) => ({
  paymentManagerArn: own.paymentManagerArn,
  paymentInstrumentId: own.paymentInstrumentId,
  amount: { value: '1.50', currency: 'USD' },
  destination: HOME,
  clientToken: newToken(),
  ...overrides,
});

/** A manager that takes tokens only, with a wallet: IAM callers are refused everywhere else there. */
async function createTokenTenant(): Promise<Pick<Tenant, 'paymentManagerArn' | 'paymentInstrumentId'>> {
  const own = await createTenant(functions);
  const { status } = await call('UpdatePaymentManager', {
    path: { paymentManagerId: own.managerId },
    json: {
      authorizerType: 'CUSTOM_JWT',
      authorizerConfiguration: {
        customJWTAuthorizer: {
          discoveryUrl: 'https://issuer.example/.well-known/openid-configuration',
          allowedClients: ['application'],
        },
      },
    },
  });
  expect(status).toBe(202);
  return own;
}

describe('CreateWithdrawal', () => {
  test('answers the receipt, and what a facilitator needs to settle it', async () => {
    const { status, body } = await call<Withdrawal>('CreateWithdrawal', { json: requestOf(tenant) });
    expect(status).toBe(201);
    expect(body.withdrawal).toMatchObject({
      purpose: 'WITHDRAWAL',
      decision: 'PAID',
      amountUsd: '1.50',
      budget: null,
      paymentInstrumentId: tenant.paymentInstrumentId,
      offer: { network: BASE_SEPOLIA.id, payTo: HOME, amount: '1500000' },
    });
    expect(JSON.stringify(body.withdrawal)).not.toContain(body.settlement.paymentPayload.payload.signature.slice(2));
    const requirements = {
      scheme: 'exact',
      network: BASE_SEPOLIA.id,
      amount: '1500000',
      asset: BASE_SEPOLIA.usdc.address,
      payTo: HOME,
      maxTimeoutSeconds: 300,
      extra: { name: BASE_SEPOLIA.usdc.domainName, version: BASE_SEPOLIA.usdc.domainVersion },
    };
    expect(body.settlement).toEqual({
      x402Version: 2,
      paymentPayload: {
        x402Version: 2,
        accepted: requirements,
        payload: {
          signature: expect.stringMatching(/^0x[0-9a-f]{130}$/) as string,
          authorization: expect.objectContaining({ to: HOME, value: '1500000' }) as object,
        },
      },
      paymentRequirements: requirements,
    });
  });

  test('answers the same bytes under the same token, and logs that it did', async () => {
    const json = requestOf(tenant);
    const first = await call('CreateWithdrawal', { json });
    expect(logs.at(-1)).not.toContain('"replayed"');
    const again = await call('CreateWithdrawal', { json });
    expect(again.text).toBe(first.text);
    expect(JSON.parse(logs.at(-1)!)).toMatchObject({ operation: 'CreateWithdrawal', replayed: true });
  });

  test('logs no spending and no signature', async () => {
    const from = logs.length;
    const { body } = await call<Withdrawal>('CreateWithdrawal', { json: requestOf(tenant) });
    const line = logs.slice(from).join('');
    expect(line).not.toContain('SpendAmount');
    expect(line).not.toContain('PaymentRequestCount');
    expect(line).not.toContain(body.settlement.paymentPayload.payload.signature.slice(2, 42));
    expect(JSON.parse(line)).toMatchObject({ payee: HOME, amountUsd: '1.50' });
  });

  test('is a receipt of the user, and no session of his', async () => {
    const own = await createTenant(functions, 'treasured');
    const user = 'treasured';
    const json = { paymentManagerArn: own.paymentManagerArn };
    const { body } = await call<Withdrawal>('CreateWithdrawal', { json: requestOf(own), user });
    const { payments } = (await call<{ payments: object[] }>('ListPayments', { json, user })).body;
    expect(payments).toEqual([body.withdrawal]);
    const { paymentSessions } = (
      await call<{ paymentSessions: { paymentSessionId: string }[] }>('ListPaymentSessions', { json, user })
    ).body;
    expect(paymentSessions.map(({ paymentSessionId }) => paymentSessionId)).toEqual([own.paymentSessionId]);
  });

  test('makes no session that an agent could spend, read or delete', async () => {
    const { body } = await call<Withdrawal>('CreateWithdrawal', { json: requestOf(tenant) });
    const { paymentSessionId } = body.withdrawal;
    const names = { paymentManagerArn: tenant.paymentManagerArn, paymentSessionId };
    const paying = await call<Failure>('ProcessPayment', { json: paymentRequest(tenant, { paymentSessionId }) });
    const reading = await call<Failure>('GetPaymentSession', { json: names });
    const deleting = await call<Failure>('DeletePaymentSession', { json: names });
    for (const { status, body: failure } of [paying, reading, deleting]) {
      expect(status).toBe(400);
      expect(failure.fieldList.map(({ name }) => name)).toEqual(['paymentSessionId']);
    }
  });

  test('is refused to an address that the deployment does not list', async () => {
    const destination = '0xa0Ee7A142d267C1f36714E4a8F75612F20a79720';
    const { status, body } = await call<Failure>('CreateWithdrawal', { json: requestOf(tenant, { destination }) });
    expect(status).toBe(400);
    expect(body.fieldList.map(({ name }) => name)).toEqual(['bursar:destination_not_allowed']);
  });

  test('needs a client token, for nothing else keeps a repetition from being another one', async () => {
    const { clientToken: _token, ...json } = requestOf(tenant);
    const { status, body } = await call<Failure>('CreateWithdrawal', { json });
    expect(status).toBe(400);
    expect(body.fieldList.map(({ name }) => name)).toEqual(['clientToken']);
  });

  test('works in a manager that takes tokens only, where IAM may do nothing else', async () => {
    const own = await createTokenTenant();
    expect((await call('GetPaymentInstrument', { json: own })).status).toBe(403);
    expect((await call('CreateWithdrawal', { json: requestOf(own) })).status).toBe(201);
  });

  test('is not found in another deployment’s manager', async () => {
    const foreign = { ...tenant, paymentManagerArn: tenant.paymentManagerArn.replace('us-east-1', 'eu-west-1') };
    expect((await call('CreateWithdrawal', { json: requestOf(foreign) })).status).toBe(404);
  });
});

describe('GetInstrumentFunds', () => {
  const fundsOf = (
    own: Pick<Tenant, 'paymentManagerArn' | 'paymentInstrumentId'>,
    options: object = {},
    user = 'user-1',
  ) =>
    call('GetInstrumentFunds', {
      json: { paymentManagerArn: own.paymentManagerArn, ...options },
      path: { paymentInstrumentId: own.paymentInstrumentId },
      user,
    });

  test('reads what a deleted instrument holds, which nothing else does, and it can leave', async () => {
    const own = await createTenant(functions);
    const { paymentManagerArn, paymentConnectorId, paymentInstrumentId } = own;
    const named = { paymentManagerArn, paymentConnectorId, paymentInstrumentId };
    expect((await call('DeletePaymentInstrument', { json: named })).status).toBe(200);
    const balance = await call('GetPaymentInstrumentBalance', {
      json: { ...named, chain: 'BASE_SEPOLIA', token: 'USDC' },
    });
    expect(balance.status).toBe(404);
    const { status, body } = await fundsOf(own);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      paymentInstrumentId,
      status: 'DELETED',
      walletAddress: expect.stringMatching(/^0x/) as string,
      funds: [
        { network: BASE_SEPOLIA.id, token: 'USDC', amount: `${BALANCE}`, amountUsd: '12.345678' },
        // Nobody has said what it costs.
        { network: BASE_SEPOLIA.id, token: 'EURC', amount: `${BALANCE}`, amountUsd: null },
        // The endpoint of this test knows tokens alone.
        { network: BASE_SEPOLIA.id, token: 'ETH', decimals: 18, amount: null, amountUsd: null, fee: null },
      ],
    });
    expect((await call('CreateWithdrawal', { json: requestOf(own) })).status).toBe(201);
  });

  test('is refused for a network that cannot be read', async () => {
    expect((await fundsOf(tenant, { network: BASE_SEPOLIA.id })).status).toBe(200);
    const { status, body } = await fundsOf(tenant, { network: 'eip155:1' });
    expect([status, body['__type']]).toEqual([400, 'ValidationException']);
  });

  test('finds no instrument of another user', async () => {
    expect((await fundsOf(tenant, {}, 'somebody-else')).status).toBe(404);
  });
});

describe('GetWithdrawal', () => {
  const read = (processPaymentId: string, user = 'user-1') =>
    call('GetWithdrawal', { json: { paymentManagerArn: tenant.paymentManagerArn }, path: { processPaymentId }, user });

  test('finds neither another user’s withdrawal nor a payment of an agent', async () => {
    const { body } = await call<Withdrawal>('CreateWithdrawal', { json: requestOf(tenant) });
    expect((await read(body.withdrawal.processPaymentId, 'somebody-else')).status).toBe(404);
    const paid = await call<{ processPaymentId: string }>('ProcessPayment', { json: paymentRequest(tenant) });
    expect((await read(paid.body.processPaymentId)).status).toBe(404);
  });
});
