import { beforeAll, describe, expect, test } from 'vitest';
import { OPERATIONS, type OperationName } from '../../lib/contract/operations.ts';
import { challengeOf, SELLER_URL } from '../support/asking.ts';
import {
  connectorRequest,
  createTenant,
  instrumentRequest,
  newToken,
  offer,
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
let payments: Readonly<Record<'own' | 'otherUser' | 'otherManager', string>>;

beforeAll(async () => {
  own = await createTenant(functions, 'user-1');
  otherManager = await createTenant(functions, 'user-1');
  otherUser = { ...own, ...(await createWallet('user-2')) };
  payments = {
    own: await pay(own, 'user-1'),
    otherUser: await pay(otherUser, 'user-2'),
    otherManager: await pay(otherManager, 'user-1'),
  };
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

const MISSING = {
  paymentInstrumentId: 'payment-instrument-000000000000000',
  paymentSessionId: 'payment-session-000000000000000',
} as const;

const withdrawal = (tenant: Tenant) => ({
  ...tenant,
  amount: { value: '1.00', currency: 'USD' },
  destination: HOME,
  clientToken: newToken(),
});
const askingBody = (tenant: Tenant) => ({
  ...tenant,
  request: { method: 'GET', url: SELLER_URL },
  challenge: { status: 402, ...challengeOf([offer()]) },
});
const topUp = (tenant: Tenant) => ({ ...tenant, amount: { value: '1.00', currency: 'USD' } });
const balance = (tenant: Tenant) => ({ ...tenant, chain: 'BASE_SEPOLIA', token: 'USDC' });
const instrument = 'Payment instrument not found';

const withManager = (operation: OperationName): object => {
  if (operation === 'CreatePaymentInstrument') return instrumentRequest(own);
  if (operation === 'CreatePaymentSession') return sessionRequest(own);
  if (operation === 'ProcessPayment') return paymentRequest(own);
  if (operation === 'PayChallenge' || operation === 'QuoteChallenge') return askingBody(own);
  if (operation === 'TopUpSession') return topUp(own);
  if (operation.includes('DataPolicy')) return { policy: { version: 1, rules: [] } };
  if (operation === 'ReportOutcome') return { processPaymentId: payments.own, url: SELLER_URL, outcome: 'FAILED' };
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
    const { paymentInstrumentId, paymentSessionId } = own;
    const read = {
      ...(operation === 'GetAllowance' ? { paymentInstrumentId } : {}),
      ...(operation === 'ListSessionTopUps' ? { paymentSessionId } : {}),
      paymentManagerArn,
    };
    return call(operation, {
      json: isRead ? read : { ...withManager(operation), paymentManagerArn },
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
    const missing = MISSING.paymentInstrumentId;
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

test('ListPayments shows nothing of other users and managers', async () => {
  const list = async (tenant: Tenant, user: string) => {
    const page = await call('ListPayments', { json: { paymentManagerArn: tenant.paymentManagerArn }, user });
    return (page.body['payments'] as { processPaymentId: string }[]).map(({ processPaymentId }) => processPaymentId);
  };
  expect(await list(own, 'user-1')).toContain(payments.own);
  expect(await list(otherUser, 'user-2')).toEqual([payments.otherUser]);
  expect(await list(otherManager, 'user-1')).toEqual([payments.otherManager]);
  for (const theirs of [payments.otherUser, payments.otherManager]) {
    expect(await list(own, 'user-1')).not.toContain(theirs);
  }
});

test.each([
  ['ListPaymentInstruments', 'paymentInstruments'],
  ['ListPaymentSessions', 'paymentSessions'],
  ['ListPayments', 'payments'],
] as const)('%s shows nothing to a user who has nothing', async (operation, member) => {
  const page = await call(operation, { json: { paymentManagerArn: own.paymentManagerArn }, user: 'nobody' });
  expect(page.body[member]).toEqual([]);
});

test('a user whose name begins like a key of another reaches nothing', async () => {
  const user = `user-1#${own.paymentInstrumentId}`;
  expect((await call('GetPaymentInstrument', { json: own, user })).status).toBe(404);
  const page = await call('ListPaymentInstruments', { json: { paymentManagerArn: own.paymentManagerArn }, user });
  expect(page.body['paymentInstruments']).toEqual([]);
});

describe('a process that has paid, and so remembers the wallet and the session, pays no more', () => {
  const budgetOf = async (tenant: Tenant) => {
    const { body } = await call<{ paymentSession: { availableLimits: object } }>('GetPaymentSession', { json: tenant });
    return body.paymentSession.availableLimits;
  };
  const payAgain = (tenant: Tenant) => call('ProcessPayment', { json: paymentRequest(tenant) });

  test.each([
    ['wallet', 'DeletePaymentInstrument', 'paymentInstrumentId', instrument, 'bursar:instrument_not_found'],
    ['session', 'DeletePaymentSession', 'paymentSessionId', 'Payment session not found', 'bursar:session_not_found'],
  ] as const)('from a %s that was deleted since', async (_what, operation, member, message, code) => {
    const tenant = { ...own, ...(await createWallet('user-1')) };
    const spare = { ...own, ...(await createWallet('user-1')) };
    expect((await payAgain(tenant)).status).toBe(200);
    const before = member === 'paymentInstrumentId' ? await budgetOf(tenant) : null;
    expect((await call(operation, { json: tenant })).status).toBe(200);

    const missing = await payAgain({ ...tenant, [member]: MISSING[member] });
    expect(missing.status).toBe(400);
    expect(missing.body).toEqual({
      __type: 'ValidationException',
      message,
      reason: 'FieldValidationFailed',
      fieldList: [{ name: code, message }],
    });
    expect(seen(await payAgain(tenant))).toBe(seen(missing));
    if (before !== null) expect(await budgetOf(tenant)).toEqual(before);
    // The other half of the pair is still good.
    expect((await payAgain({ ...tenant, [member]: spare[member] })).status).toBe(200);
  });
});

test('a connector of another manager cannot be added to by its id', async () => {
  const { status } = await call('CreatePaymentConnector', {
    json: connectorRequest(),
    path: { paymentManagerId: '../demo-0123456789' },
  });
  expect(status).toBe(400);
});
