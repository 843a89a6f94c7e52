import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll, describe, expect, test } from 'vitest';
import { AGENT_HEADER, USER_HEADER } from '../../../lib/contract/headers.ts';
import { toEpochMs } from '../../../lib/domain/time.ts';
import { toSessionItem } from '../../../lib/ledger/dynamodb/books/new-session-item.ts';
import { makeSession } from '../../support/payments.ts';
import {
  anInstant,
  createTenant,
  newToken,
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
    readonly networks?: readonly string[];
  };
}

const functions = withFunctions({ MAX_SESSION_LIMIT_USD: '25.00' });
const { call } = functions;
let tenant: Tenant;
beforeAll(async () => {
  tenant = await createTenant(functions);
});

test('a session shows its limit, and members that AWS documents but does not send', async () => {
  const made = await call<SessionBody>('CreatePaymentSession', { json: sessionRequest(tenant) });
  expect(made.status).toBe(201);
  const { paymentSessionId, createdAt, expiresAt } = made.body.paymentSession;
  expect(made.body).toEqual({
    paymentSession: {
      paymentSessionId: expect.stringMatching(/^payment-session-[0-9a-zA-Z-]{15}$/),
      paymentManagerArn: tenant.paymentManagerArn,
      userId: 'user-1',
      expiryTimeInMinutes: 60,
      createdAt: anInstant,
      updatedAt: createdAt,
      limits: { maxSpendAmount: { value: '10.00', currency: 'USD' } },
      availableLimits: { availableSpendAmount: { value: '10.00', currency: 'USD' }, updatedAt: createdAt },
      status: 'ACTIVE',
      expiresAt: anInstant,
      spentAmount: { value: '0.00', currency: 'USD' },
      reservedAmount: { value: '0.00', currency: 'USD' },
    },
  });
  expect(Date.parse(expiresAt) - Date.parse(createdAt)).toBe(3_600_000);
  const read = await call<SessionBody>('GetPaymentSession', { json: { ...tenant, paymentSessionId } });
  expect(read.status).toBe(200);
  const { networks, ...session } = read.body.paymentSession;
  expect({ paymentSession: session }).toEqual(made.body);
  expect(networks).toEqual(['eip155:84532']);
});

test('a session without limits gets the default of the deployment and shows it', async () => {
  const { limits: _limits, ...request } = sessionRequest(tenant);
  const { body } = await call<SessionBody>('CreatePaymentSession', { json: request });
  expect(body.paymentSession).toMatchObject({ limits: { maxSpendAmount: { value: '10.00', currency: 'USD' } } });
});

test('lists the sessions of a user, and no deleted one', async () => {
  const user = 'session-lister';
  const ids: string[] = [];
  for (let i = 0; i < 5; i += 1) {
    const { body } = await call<SessionBody>('CreatePaymentSession', { json: sessionRequest(tenant), user });
    ids.push(body.paymentSession.paymentSessionId);
  }
  const deleted = await call('DeletePaymentSession', { json: { ...tenant, paymentSessionId: ids[4] }, user });
  expect(deleted).toMatchObject({ status: 200, body: { status: 'DELETED' } });
  const listed = await pageThrough(functions, 'ListPaymentSessions', 'paymentSessions', { ...tenant }, user);
  expect(listed.map(({ paymentSessionId }) => paymentSessionId).toSorted()).toEqual(ids.slice(0, 4).toSorted());
  expect(listed[0]).toMatchObject({
    userId: user,
    expiryTimeInMinutes: 60,
    createdAt: anInstant,
    updatedAt: anInstant,
  });
});

test('a deleted session is gone and pays nothing', async () => {
  const made = await call<SessionBody>('CreatePaymentSession', { json: sessionRequest(tenant) });
  const json = { ...tenant, paymentSessionId: made.body.paymentSession.paymentSessionId };
  await call('DeletePaymentSession', { json });
  expect((await call('DeletePaymentSession', { json })).status).toBe(404);
  expect((await call('GetPaymentSession', { json })).status).toBe(404);
  const payment = await call('ProcessPayment', { json: paymentRequest(json) });
  expect(payment).toMatchObject({
    status: 400,
    body: {
      __type: 'ValidationException',
      message: 'Payment session not found',
      fieldList: [{ name: 'bursar:session_not_found' }],
    },
  });
});

test('an expired session stays readable, and pays nothing', async () => {
  const now = toEpochMs(Date.now());
  const session = makeSession({
    managerId: tenant.managerId,
    userId: 'user-1',
    createdAt: toEpochMs(now - 3_600_001),
    updatedAt: toEpochMs(now - 3_600_001),
    expiresAt: toEpochMs(now - 1),
  });
  const { client, booksTable: TableName } = functions.database;
  await client.send(new PutItemCommand({ TableName, Item: toSessionItem(session, 'hash') }));
  const json = { ...tenant, paymentSessionId: session.sessionId };
  const read = await call<SessionBody>('GetPaymentSession', { json });
  expect(read.status).toBe(200);
  expect(read.body.paymentSession).toMatchObject({ status: 'EXPIRED', spentAmount: { value: '0.00' } });
  const payment = await call('ProcessPayment', { json: paymentRequest(json) });
  expect(payment).toMatchObject({ status: 400, body: { __type: 'ValidationException' } });
  expect(payment.body['message']).toContain('expired');
  expect(payment.body['fieldList']).toMatchObject([{ name: 'bursar:session_expired' }]);
});

async function firstToken(user: string): Promise<string> {
  for (let i = 0; i < 2; i += 1) await call('CreatePaymentSession', { json: sessionRequest(tenant), user });
  const page = await call('ListPaymentSessions', { json: { ...tenant, maxResults: 1 }, user });
  return page.body['nextToken'] as string;
}

describe('page tokens', () => {
  test.each([
    ['made up', () => 'not-a-token'],
    ['of another user', async () => firstToken('token-owner')],
    ['changed in one place', async () => `${(await firstToken('token-reader')).slice(0, -2)}AA`],
  ])('refuses one that is %s', async (_what, make) => {
    await firstToken('token-reader');
    const { status, body } = await call('ListPaymentSessions', {
      json: { ...tenant, nextToken: await make() },
      user: 'token-reader',
    });
    expect(status).toBe(400);
    expect(body).toMatchObject({ __type: 'ValidationException', fieldList: [{ name: 'nextToken' }] });
  });
});

test.each([
  ['25.00', 201],
  ['25.000001', 400],
])('a session of %s US dollars, where the deployment allows 25.00, is answered with %d', async (value, status) => {
  const limits = { maxSpendAmount: { value, currency: 'USD' } };
  const made = await call<Record<string, unknown>>('CreatePaymentSession', {
    json: { ...sessionRequest(tenant), limits },
  });
  expect(made.status).toBe(status);
  if (status === 400) {
    expect(made.body).toMatchObject({
      fieldList: [
        {
          name: 'limits.maxSpendAmount.value',
          message: 'A session of this deployment may have at most 25.00 US dollars. Received: 25.000001 US dollars',
        },
      ],
    });
  }
});

describe('a session that is pinned', () => {
  const ROLE = 'arn:aws:iam::111122223333:role/shop';
  const calledAs = (role: string) => ({
    event: {
      requestContext: {
        requestId: 'r-1',
        identity: { userArn: `arn:aws:sts::111122223333:assumed-role/${role}/session-1` },
      },
    },
  });

  test('shows whom to, and pays for the wallet, agent and role that it was opened for alone', async () => {
    const pinnedTo = { paymentInstrumentId: tenant.paymentInstrumentId, agentName: 'buyer', caller: ROLE };
    const made = await call<SessionBody>('CreatePaymentSession', { json: { ...sessionRequest(tenant), pinnedTo } });
    expect(made).toMatchObject({ status: 201, body: { paymentSession: { pinnedTo } } });
    const own = { ...tenant, paymentSessionId: made.body.paymentSession.paymentSessionId };
    expect((await call('GetPaymentSession', { json: own })).body).toMatchObject({ paymentSession: { pinnedTo } });
    const pay = (role: string, agentName: string) => {
      const { event } = calledAs(role);
      const headers = { [USER_HEADER]: 'user-1', [AGENT_HEADER]: agentName };
      return call('ProcessPayment', { json: paymentRequest(own), event: { ...event, headers } });
    };
    for (const [role, agentName, message] of [
      ['shop', 'another', 'another agent'],
      ['stranger', 'buyer', 'another caller'],
    ] as const) {
      expect(await pay(role, agentName)).toMatchObject({
        status: 400,
        body: {
          __type: 'ValidationException',
          message: expect.stringContaining(message),
          fieldList: [{ name: 'bursar:session_pinned' }],
        },
      });
    }
    expect((await pay('shop', 'buyer')).status).toBe(200);
  });

  test('is made once for a client token, and with other pins not at all', async () => {
    const request = { ...sessionRequest(tenant), pinnedTo: { caller: ROLE }, clientToken: newToken() };
    const first = await call('CreatePaymentSession', { json: request });
    expect(await call('CreatePaymentSession', { json: request })).toEqual(first);
    for (const pinnedTo of [{ caller: `${ROLE}2` }, undefined]) {
      const other = await call('CreatePaymentSession', { json: { ...request, pinnedTo } });
      expect(other).toMatchObject({ status: 400, body: { reason: 'IdempotentParameterMismatchException' } });
    }
  });

  test.each([
    [{}, 400],
    [{ agentName: '' }, 400],
    [{ agentName: 'a\nb' }, 400],
    [{ caller: 'x'.repeat(257) }, 400],
    [{ paymentInstrumentId: 'mine' }, 400],
    [{ paymentInstrumentId: 'payment-instrument-000000000000000' }, 404],
  ])('is not opened for %j', async (pinnedTo, status) => {
    expect((await call('CreatePaymentSession', { json: { ...sessionRequest(tenant), pinnedTo } })).status).toBe(status);
  });

  test('is not opened for the wallet of another user', async () => {
    const pinnedTo = { paymentInstrumentId: tenant.paymentInstrumentId };
    const json = { ...sessionRequest(tenant), pinnedTo };
    expect((await call('CreatePaymentSession', { json, user: 'eve' })).status).toBe(404);
  });
});
