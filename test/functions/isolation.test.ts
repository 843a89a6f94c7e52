import { beforeAll, describe, expect, test } from 'vitest';
import { OPERATIONS, type OperationName } from '../../lib/contract/operations.ts';
import {
  connectorRequest,
  createTenant,
  instrumentRequest,
  newToken,
  paymentRequest,
  sessionRequest,
  withFunctions,
  type Answer,
  type Tenant,
} from '../support/functions.ts';

const HOME = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C';
const functions = withFunctions({ WITHDRAWAL_ADDRESSES: HOME });
const { call } = functions;

let own: Tenant;
/** The same manager, another user. */
let otherUser: Tenant;
/** Another manager, the same user. */
let otherManager: Tenant;
let deleted: Tenant;
let payments: Readonly<Record<'own' | 'otherUser' | 'otherManager', string>>;

beforeAll(async () => {
  own = await createTenant(functions, 'user-1');
  otherManager = await createTenant(functions, 'user-1');
  otherUser = { ...own, ...(await createWallet('user-2')) };
  deleted = { ...own, ...(await createWallet('user-1')) };
  payments = {
    own: await pay(own, 'user-1'),
    otherUser: await pay(otherUser, 'user-2'),
    otherManager: await pay(otherManager, 'user-1'),
  };
  await call('DeletePaymentInstrument', { json: deleted });
  await call('DeletePaymentSession', { json: deleted });
});

async function createWallet(user: string) {
  const instrument = await call<{ paymentInstrument: Pick<Tenant, 'paymentInstrumentId'> }>('CreatePaymentInstrument', {
    json: instrumentRequest(own),
    user,
  });
  const session = await call<{ paymentSession: Pick<Tenant, 'paymentSessionId'> }>('CreatePaymentSession', {
    json: sessionRequest(own),
    user,
  });
  const { paymentInstrumentId } = instrument.body.paymentInstrument;
  return { paymentInstrumentId, paymentSessionId: session.body.paymentSession.paymentSessionId };
}

async function pay(tenant: Tenant, user: string): Promise<string> {
  const { body } = await call<{ processPaymentId: string }>('ProcessPayment', { json: paymentRequest(tenant), user });
  return body.processPaymentId;
}

/** Everything that a caller sees but the request id. */
function seen({ status, headers, text }: Answer): string {
  const { 'x-amzn-requestid': _id, ...others } = headers;
  return JSON.stringify({ status, headers: others, text });
}

const MISSING: Readonly<Record<string, string>> = {
  paymentConnectorId: 'missing-0123456789',
  paymentInstrumentId: 'payment-instrument-000000000000000',
  paymentSessionId: 'payment-session-000000000000000',
};

interface Probe {
  readonly operation: OperationName;
  /** The member that names somebody else's thing. */
  readonly member: keyof Tenant;
  readonly request: (tenant: Tenant) => object;
  readonly notFound: string;
}

const withdrawal = (tenant: Tenant) => ({
  ...tenant,
  amount: { value: '1.00', currency: 'USD' },
  destination: HOME,
  clientToken: newToken(),
});
const balance = (tenant: Tenant) => ({ ...tenant, chain: 'BASE_SEPOLIA', token: 'USDC' });
const instrument = 'Payment instrument not found';
const session = 'Payment session not found';

const PROBES: readonly Probe[] = [
  { operation: 'GetPaymentInstrument', member: 'paymentInstrumentId', request: (it) => it, notFound: instrument },
  { operation: 'GetPaymentInstrument', member: 'paymentConnectorId', request: (it) => it, notFound: instrument },
  { operation: 'DeletePaymentInstrument', member: 'paymentInstrumentId', request: (it) => it, notFound: instrument },
  { operation: 'DeletePaymentInstrument', member: 'paymentConnectorId', request: (it) => it, notFound: instrument },
  { operation: 'GetPaymentInstrumentBalance', member: 'paymentInstrumentId', request: balance, notFound: instrument },
  { operation: 'GetPaymentInstrumentBalance', member: 'paymentConnectorId', request: balance, notFound: instrument },
  {
    operation: 'CreatePaymentInstrument',
    member: 'paymentConnectorId',
    request: instrumentRequest,
    notFound: 'Payment connector not found',
  },
  { operation: 'GetPaymentSession', member: 'paymentSessionId', request: (it) => it, notFound: session },
  { operation: 'DeletePaymentSession', member: 'paymentSessionId', request: (it) => it, notFound: session },
  { operation: 'ProcessPayment', member: 'paymentSessionId', request: paymentRequest, notFound: session },
  { operation: 'ProcessPayment', member: 'paymentInstrumentId', request: paymentRequest, notFound: instrument },
];

describe.each(PROBES)('$operation with a foreign $member', ({ operation, member, request, notFound }) => {
  test('answers as for one that is missing', async () => {
    const ask = (value: string) => call(operation, { json: request({ ...own, [member]: value }) });
    const missing = await ask(MISSING[member]!);
    expect(missing.status).toBe(404);
    expect(missing.text).toBe(JSON.stringify({ __type: 'ResourceNotFoundException', message: notFound }));

    // Connectors belong to the manager: the other user's is the own one.
    const foreign = member === 'paymentConnectorId' ? [otherManager] : [otherUser, otherManager, deleted];
    for (const tenant of foreign) expect(seen(await ask(tenant[member]))).toBe(seen(missing));
  });
});

const withManager = (operation: OperationName): object => {
  if (operation === 'CreatePaymentInstrument') return instrumentRequest(own);
  if (operation === 'CreatePaymentSession') return sessionRequest(own);
  if (operation === 'ProcessPayment') return paymentRequest(own);
  if (operation === 'CreateWithdrawal') return withdrawal(own);
  return operation === 'GetPaymentInstrumentBalance' ? balance(own) : own;
};

const dataOperations = (Object.keys(OPERATIONS) as OperationName[]).filter(
  (name) => OPERATIONS[name].user === 'required',
);
const arn = (from: string | RegExp, to: string) => own.paymentManagerArn.replace(from, to);
const path = () => ({ processPaymentId: payments.own });
/** Where managers are not read, since deleted ones count: a missing one is a thing that is missing. */
const NOT_FOUND: Partial<Record<OperationName, string>> = {
  CreateWithdrawal: instrument,
  GetInstrumentFunds: instrument,
  GetWithdrawal: 'Payment not found',
};

describe.each(dataOperations)('%s through the ARN of', (operation) => {
  const ask = (paymentManagerArn: string) => {
    const isRead = OPERATIONS[operation].method === 'GET';
    return call(operation, {
      json: isRead ? { paymentManagerArn } : { ...withManager(operation), paymentManagerArn },
      path: operation === 'GetInstrumentFunds' ? { paymentInstrumentId: own.paymentInstrumentId } : path(),
    });
  };

  test.each([
    ['another region', () => arn('us-east-1', 'eu-west-1')],
    ['another account', () => arn('111122223333', '444455556666')],
    ['another partition', () => arn('arn:aws:', 'arn:aws-cn:')],
  ])('%s answers as for a manager that is missing', async (_what, make) => {
    const missing = await ask(arn(/[^/]+$/, 'missing-0123456789'));
    expect(missing.status).toBe(404);
    const message = NOT_FOUND[operation] ?? 'Payment manager not found';
    expect(missing.body).toEqual({ __type: 'ResourceNotFoundException', message });
    expect(seen(await ask(make()))).toBe(seen(missing));
  });

  test.each([
    ['another service', () => arn('bedrock-agentcore', 'payments')],
    ['any manager', () => arn(/[^/]+$/, '*')],
    ['a manager in look-alike letters', () => arn('demo', 'dеmo')],
    ['a manager with a key in it', () => `${own.paymentManagerArn}#x`],
    ['nothing', () => 'x'],
  ])('%s is refused for its form', async (_what, make) => {
    const { status, body } = await ask(make());
    expect([status, body['__type']]).toEqual([400, 'ValidationException']);
    expect((body['fieldList'] as { name: string }[]).map(({ name }) => name)).toEqual(['paymentManagerArn']);
  });
});

const askReceipt = (processPaymentId: string) =>
  call('GetPayment', { json: { paymentManagerArn: own.paymentManagerArn }, path: { processPaymentId } });

test.each(['otherUser', 'otherManager'] as const)(
  'the wallet of %s gives nothing to a withdrawal, and its funds are not told',
  async (whose) => {
    const tenant = { otherUser, otherManager }[whose];
    const missing = MISSING['paymentInstrumentId']!;
    const take = (paymentInstrumentId: string) =>
      call('CreateWithdrawal', { json: withdrawal({ ...own, paymentInstrumentId }) });
    const look = (paymentInstrumentId: string) =>
      call('GetInstrumentFunds', {
        json: { paymentManagerArn: own.paymentManagerArn },
        path: { paymentInstrumentId },
      });
    expect([(await take(own.paymentInstrumentId)).status, (await look(own.paymentInstrumentId)).status]).toEqual([
      201, 200,
    ]);
    expect((await take(missing)).status).toBe(404);
    expect(seen(await take(tenant.paymentInstrumentId))).toBe(seen(await take(missing)));
    expect(seen(await look(tenant.paymentInstrumentId))).toBe(seen(await look(missing)));
  },
);

test.each(['otherUser', 'otherManager'] as const)(
  'a receipt of %s answers as for one that is missing',
  async (whose) => {
    expect((await askReceipt(payments.own)).status).toBe(200);
    const missing = await askReceipt('00000000-0000-8000-8000-000000000000');
    expect(missing.status).toBe(404);
    expect(seen(await askReceipt('00000000-0000-4000-8000-000000000000'))).toBe(seen(missing));
    expect(seen(await askReceipt(payments[whose]))).toBe(seen(missing));
  },
);

test.each([
  ['ListPaymentInstruments', 'paymentInstruments'],
  ['ListPaymentSessions', 'paymentSessions'],
  ['ListPayments', 'payments'],
] as const)('%s shows nothing of other users and managers', async (operation, member) => {
  const list = async (tenant: Tenant, user: string) => {
    const page = await call(operation, { json: { paymentManagerArn: tenant.paymentManagerArn }, user });
    return JSON.stringify(page.body[member]);
  };
  const [mine, theirs, elsewhere] = [
    await list(own, 'user-1'),
    await list(otherUser, 'user-2'),
    await list(otherManager, 'user-1'),
  ];
  expect(mine).not.toBe('[]');
  for (const id of [
    otherUser.paymentSessionId,
    otherUser.paymentInstrumentId,
    otherManager.paymentSessionId,
    payments.otherUser,
    payments.otherManager,
  ]) {
    expect(mine).not.toContain(id);
  }
  for (const id of [own.paymentSessionId, own.paymentInstrumentId, payments.own]) {
    expect(theirs).not.toContain(id);
    expect(elsewhere).not.toContain(id);
  }
  expect(await list(own, 'nobody')).toBe('[]');
});

test('a user whose name begins like a key of another reaches nothing', async () => {
  const user = `user-1#${own.paymentInstrumentId}`;
  expect((await call('GetPaymentInstrument', { json: own, user })).status).toBe(404);
  const page = await call('ListPaymentInstruments', { json: { paymentManagerArn: own.paymentManagerArn }, user });
  expect(page.body['paymentInstruments']).toEqual([]);
});

test('a foreign payment session is left as it was', async () => {
  await call('DeletePaymentSession', { json: { ...own, paymentSessionId: otherUser.paymentSessionId } });
  await call('ProcessPayment', { json: paymentRequest({ ...own, paymentSessionId: otherUser.paymentSessionId }) });
  const { body } = await call<{ paymentSession: object }>('GetPaymentSession', { json: otherUser, user: 'user-2' });
  expect(body.paymentSession).toMatchObject({
    status: 'ACTIVE',
    availableLimits: { availableSpendAmount: { value: '9.50' } },
  });
});

test('a connector of another manager cannot be added to by its id', async () => {
  const { status } = await call('CreatePaymentConnector', {
    json: connectorRequest(),
    path: { paymentManagerId: '../demo-0123456789' },
  });
  expect(status).toBe(400);
});
