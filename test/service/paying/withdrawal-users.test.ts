import { beforeAll, expect, test } from 'vitest';
import { USER_HEADER } from '../../../lib/contract/headers.ts';
import { createBursarClient } from '../../../lib/client/index.ts';
import { createTenant, instrumentRequest, newToken, withFunctions, type Tenant } from '../../support/functions.ts';

const HOME = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C';
const ISSUER = 'https://issuer.example';
const functions = withFunctions({ WITHDRAWAL_ADDRESSES: HOME });
const { call } = functions;

/** A manager that takes tokens only: callers that sign with IAM are refused everywhere but by the treasury's operations. */
let tenant: Tenant;
beforeAll(async () => {
  tenant = await createTenant(functions);
  const { status } = await call('UpdatePaymentManager', {
    path: { paymentManagerId: tenant.managerId },
    json: {
      authorizerType: 'CUSTOM_JWT',
      authorizerConfiguration: {
        customJWTAuthorizer: {
          discoveryUrl: `${ISSUER}/.well-known/openid-configuration`,
          allowedClients: ['application'],
        },
      },
    },
  });
  expect(status).toBe(202);
});

/** The user header as our client sends it for this user. */
async function headerOf(userId: string): Promise<string> {
  let header: string | null = null;
  const client = createBursarClient({
    endpoint: 'https://api.example',
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'none' },
    fetch: async (_url, init) => {
      header = new Headers(init?.headers).get(USER_HEADER);
      return new Response('{}');
    },
  });
  await client.send({ method: 'POST', path: '/x', userId });
  return header!;
}

test.each([
  'samlp|corp|John Doe',
  '王小明',
  'Ольга',
  '👩‍💻',
  'alice ',
  'alice\u00a0',
  "UTF-8''%E7%8E%8B",
  '王'.repeat(255),
])('the treasury takes the money of a user that a token brought, whatever the id: %j', async (userId) => {
  const claims = { iss: ISSUER, sub: userId, exp: 4_000_000_000, client_id: 'application', scope: 'bursar/manage' };
  const made = await call<{ paymentInstrument: { paymentInstrumentId: string; userId: string } }>(
    'CreatePaymentInstrument',
    { json: instrumentRequest(tenant), claims },
  );
  expect(made.status).toBe(201);
  expect(made.body.paymentInstrument.userId).toBe(userId);
  const json = {
    paymentManagerArn: tenant.paymentManagerArn,
    paymentInstrumentId: made.body.paymentInstrument.paymentInstrumentId,
    amount: { value: '1.50', currency: 'USD' },
    destination: HOME,
    clientToken: newToken(),
  };
  const user = await headerOf(userId);
  expect(await call('CreateWithdrawal', { json, user })).toMatchObject({
    status: 201,
    body: { withdrawal: { decision: 'PAID' } },
  });
  const other = await headerOf(`${userId.slice(0, 200)}x`);
  expect(await call('CreateWithdrawal', { json: { ...json, clientToken: newToken() }, user: other })).toMatchObject({
    status: 404,
  });
});
