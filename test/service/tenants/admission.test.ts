import { beforeAll, describe, expect, test } from 'vitest';
import { OPERATIONS, type OperationName } from '../../../lib/contract/operations.ts';
import type { VerifiedClaims } from '../../../lib/domain/tenants/jwt-authorizer.ts';
import { SELLER_URL, challengeOf } from '../../support/asking.ts';
import { AUDIENCE, ISSUER, makeClaims } from '../../support/principals.ts';
import {
  createTenant,
  instrumentRequest,
  newToken,
  offer,
  paymentRequest,
  sessionRequest,
  withFunctions,
  type Tenant,
} from '../../support/functions.ts';

const functions = withFunctions();
const { call } = functions;

const MISSING_ARN = 'arn:aws:bedrock-agentcore:us-east-1:111122223333:payment-manager/missing-0123456789';
const SCOPE = 'bursar/manage';

let signed: Tenant;
let jwt: Tenant;
let trusting: Tenant;

async function trust(tenant: Tenant, overrides: object = {}): Promise<Tenant> {
  const customJWTAuthorizer = {
    discoveryUrl: `${ISSUER}/.well-known/openid-configuration`,
    allowedAudience: [AUDIENCE],
    ...overrides,
  };
  const { status } = await call('UpdatePaymentManager', {
    path: { paymentManagerId: tenant.managerId },
    json: { authorizerType: 'CUSTOM_JWT', authorizerConfiguration: { customJWTAuthorizer } },
  });
  expect(status).toBe(202);
  return tenant;
}

beforeAll(async () => {
  signed = await createTenant(functions);
  jwt = await trust(await createTenant(functions));
  trusting = await trust(await createTenant(functions), { managementMayPay: true });
});

const asking = ({ paymentManagerArn, paymentSessionId, paymentInstrumentId }: Tenant) => ({
  paymentManagerArn,
  paymentSessionId,
  paymentInstrumentId,
  request: { method: 'GET', url: SELLER_URL },
  challenge: { status: 402, ...challengeOf([offer()]) },
});

/** Of a payment that there is none of. */
const PATH = { processPaymentId: '00000000-0000-8000-8000-000000000000' };

/** A request of each operation that takes tokens. Those that would delete name what there is none of. */
const REQUESTS: Readonly<Partial<Record<OperationName, (tenant: Tenant) => object>>> = {
  CreatePaymentInstrument: (tenant) => instrumentRequest(tenant),
  GetPaymentInstrument: (tenant) => tenant,
  ListPaymentInstruments: (tenant) => tenant,
  DeletePaymentInstrument: (tenant) => ({ ...tenant, paymentInstrumentId: 'payment-instrument-000000000000000' }),
  GetPaymentInstrumentBalance: (tenant) => ({ ...tenant, chain: 'BASE_SEPOLIA', token: 'USDC' }),
  GetWalletOverview: (tenant) => tenant,
  RevokeWalletDelegation: (tenant) => ({ ...tenant, paymentInstrumentId: 'payment-instrument-000000000000000' }),
  CreateOnrampSession: ({ paymentManagerArn }) => ({
    paymentManagerArn,
    paymentInstrumentId: 'payment-instrument-000000000000000',
  }),
  RequestTestFunds: ({ paymentManagerArn }) => ({
    paymentManagerArn,
    paymentInstrumentId: 'payment-instrument-000000000000000',
  }),
  GetAllowance: ({ paymentManagerArn, paymentInstrumentId }) => ({ paymentManagerArn, paymentInstrumentId }),
  CreatePaymentSession: (tenant) => sessionRequest(tenant),
  GetPaymentSession: (tenant) => tenant,
  ListPaymentSessions: (tenant) => tenant,
  DeletePaymentSession: (tenant) => ({ ...tenant, paymentSessionId: 'payment-session-000000000000000' }),
  TopUpSession: ({ paymentManagerArn, paymentSessionId }) => ({
    paymentManagerArn,
    paymentSessionId,
    amount: { value: '0.01', currency: 'USD' },
  }),
  ListSessionTopUps: ({ paymentManagerArn, paymentSessionId }) => ({ paymentManagerArn, paymentSessionId }),
  ProcessPayment: (tenant) => paymentRequest(tenant),
  ListAssets: ({ paymentManagerArn }) => ({ paymentManagerArn }),
  ListPayments: (tenant) => tenant,
  GetPayment: (tenant) => tenant,
  QuoteChallenge: (tenant) => asking(tenant),
  PayChallenge: (tenant) => ({ ...asking(tenant), clientToken: newToken() }),
  ReportOutcome: ({ paymentManagerArn }) => ({
    paymentManagerArn,
    ...PATH,
    url: SELLER_URL,
    outcome: 'FAILED',
  }),
  PutDataPolicy: ({ paymentManagerArn }) => ({ paymentManagerArn, policy: { version: 1, rules: [] } }),
  GetDataPolicy: ({ paymentManagerArn }) => ({ paymentManagerArn }),
  DeleteDataPolicy: ({ paymentManagerArn }) => ({ paymentManagerArn }),
  ListDataPolicyChanges: ({ paymentManagerArn }) => ({ paymentManagerArn }),
};
const operations = (Object.keys(OPERATIONS) as OperationName[]).filter(
  (operation) => OPERATIONS[operation].oauth !== null,
);

test('covers every operation that takes tokens', () => {
  expect(Object.keys(REQUESTS).toSorted()).toEqual(operations.toSorted());
});

const ask = (operation: OperationName, tenant: Tenant, claims?: VerifiedClaims) =>
  call(operation, { json: REQUESTS[operation]!(tenant), path: PATH, ...(claims === undefined ? {} : { claims }) });

/** What a caller with such a token hears of a manager that there is none of. */
const askMissing = (operation: OperationName, tenant: Tenant, claims: VerifiedClaims) =>
  ask(operation, { ...tenant, paymentManagerArn: MISSING_ARN }, claims);

/** Deletions of what there is none of are "not found" once the caller is let in. */
const expectLetIn = async (answer: ReturnType<typeof ask>) => {
  const { status, body } = await answer;
  if (status >= 400) expect(body['message']).toMatch(/^Payment( instrument| session)? not found$/);
};
const expectDenied = async (answer: ReturnType<typeof ask>) => {
  const { status, body } = await answer;
  expect([status, body['__type']]).toEqual([403, 'AccessDeniedException']);
};

describe.each(operations)('%s', (operation) => {
  const { oauth } = OPERATIONS[operation];

  test('lets a signed caller in where the manager takes signatures, and denies it where it takes tokens', async () => {
    await expectLetIn(ask(operation, signed));
    await expectDenied(ask(operation, jwt));
  });

  test('lets a token in for what its scope is for', async () => {
    const agent = makeClaims();
    const backend = makeClaims({ scope: `openid ${SCOPE}` });
    const mayAgent = oauth !== 'manage' && oauth !== 'wallet';
    const mayBackend = oauth !== 'pay';
    await (mayAgent ? expectLetIn : expectDenied)(ask(operation, jwt, agent));
    await (mayBackend ? expectLetIn : expectDenied)(ask(operation, jwt, backend));
    await expectLetIn(ask(operation, trusting, backend));
    await (mayAgent ? expectLetIn : expectDenied)(ask(operation, trusting, agent));
  });

  test.each<[string, () => Tenant, Partial<VerifiedClaims>]>([
    ['any token where the manager takes signatures', () => signed, {}],
    ['a token of an issuer that the manager does not trust', () => jwt, { iss: 'https://other.example' }],
    ['a token for another audience', () => jwt, { aud: 'https://other.example' }],
    ['a token without an audience', () => jwt, { aud: undefined }],
    ['a token that has expired', () => jwt, { exp: 1 }],
  ])('answers %s as if there were no such manager', async (_what, tenant, overrides) => {
    for (const scope of ['', SCOPE]) {
      const claims = makeClaims({ scope, ...overrides });
      const refused = await ask(operation, tenant(), claims);
      expect(refused.status).toBe(404);
      expect(refused).toEqual(await askMissing(operation, tenant(), claims));
      const elsewhere = MISSING_ARN.replace('111122223333', '999999999999');
      expect(refused).toEqual(await ask(operation, { ...tenant(), paymentManagerArn: elsewhere }, claims));
    }
  });

  test('acts for the subject of the token, whatever header is sent beside it', async () => {
    const claims = makeClaims({ sub: 'somebody else', scope: SCOPE });
    const options = { json: REQUESTS[operation]!(trusting), path: PATH, claims };
    const answer = await call(operation, options);
    const members = [
      'CreatePaymentInstrument',
      'CreatePaymentSession',
      'ListPaymentInstruments',
      'ListPaymentSessions',
      'ListPayments',
      // The same for everybody.
      'ListAssets',
      // The first of them puts what the others find.
      'PutDataPolicy',
      'GetDataPolicy',
      'DeleteDataPolicy',
      'ListDataPolicyChanges',
    ];
    // What belongs to user-1 is not found; lists are empty, and new things are the subject's own.
    expect(answer.status < 400).toBe(members.includes(operation));
    if (answer.status < 400) expect(answer.text).not.toContain('user-1');
  });
});

test('which condition a token did not meet is logged, and not answered', async () => {
  const claims = makeClaims({ aud: 'https://other.example' });
  const { text } = await ask('GetPaymentSession', jwt, claims);
  expect(text).not.toContain('audience');
  const line = JSON.parse(functions.logs.at(-1)!) as Record<string, unknown>;
  expect(line).toMatchObject({ status: 404, tokenCheck: 'audience' });
});

test('operations without a route for tokens cannot be reached under /oauth', async () => {
  for (const operation of ['GetWithdrawal', 'CreateWithdrawal', 'DeletePaymentManager'] as const) {
    const answer = await call(operation, {
      claims: makeClaims({ scope: SCOPE }),
      path: { processPaymentId: newToken() },
    });
    expect([operation, answer.status]).toEqual([operation, 404]);
    expect(answer.body['message']).toMatch(/^There is no operation/);
  }
});
