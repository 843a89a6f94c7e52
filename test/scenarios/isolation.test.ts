import { beforeAll, describe, expect, test } from 'vitest';
import type { ProcessPaymentOutput } from '../../lib/client/index.ts';
import {
  askSeller,
  booksOf,
  newToken,
  newUser,
  openSession,
  openWallet,
  paymentOf,
  sendPayment,
  sendSigned,
  withStack,
  type RawAnswer,
  type Terms,
  type Wallet,
} from './scene.ts';

const scene = withStack();
const UNKNOWN = {
  paymentSessionId: `payment-session-${'0'.repeat(15)}`,
  paymentInstrumentId: `payment-instrument-${'0'.repeat(15)}`,
  processPaymentId: '00000000-0000-4000-8000-000000000000',
} as const;

let owner: string;
let stranger: string;
let wallet: Wallet;
let sessionId: string;
let paymentId: string;
let terms: Terms;

beforeAll(async () => {
  owner = newUser();
  stranger = newUser();
  wallet = await openWallet(scene.stack, owner, 'SeedVault');
  sessionId = await openSession(scene.stack, owner, '10.00');
  terms = await askSeller(scene.stack, 'weather');
  const paid = await pay(owner, wallet, sessionId);
  paymentId = (paid.body as unknown as ProcessPaymentOutput).processPaymentId;
});

function pay(userId: string, from: Wallet, paymentSessionId: string): Promise<RawAnswer> {
  const { paymentManagerArn } = scene.stack.info;
  const body = { ...paymentOf(from, paymentSessionId, terms), paymentManagerArn, clientToken: newToken() };
  return sendPayment(scene.stack, userId, body);
}

/** A call of the backend about one resource. */
function ask(userId: string, operation: string, members: object): Promise<RawAnswer> {
  const { paymentManagerArn, paymentConnectorIds } = scene.stack.info;
  const needsConnector = /^(delete|get)PaymentInstrument/.test(operation);
  const connector = needsConnector ? { paymentConnectorId: paymentConnectorIds.SeedVault } : {};
  return sendSigned(scene.stack, scene.stack.info.credentials.management, {
    path: `/payments/${operation}`,
    body: JSON.stringify({ paymentManagerArn, ...connector, ...members }),
    userId,
  });
}

function readReceipt(userId: string, processPaymentId: string): Promise<RawAnswer> {
  const { paymentManagerArn } = scene.stack.info;
  return sendSigned(scene.stack, scene.stack.info.credentials.management, {
    method: 'GET',
    path: `/bursar/payments/${processPaymentId}?paymentManagerArn=${encodeURIComponent(paymentManagerArn)}`,
    userId,
  });
}

function walletOf(instrumentId: string): Wallet {
  return { ...wallet, instrumentId };
}

/** Nobody can tell what exists for others, or did, from what never was. */
function expectSameAsMissing(answer: RawAnswer, missing: RawAnswer): void {
  expect(missing.status).toBe(404);
  expect(missing.headers.get('x-amzn-errortype')).toBe('ResourceNotFoundException');
  expect(missing.body).toEqual({
    __type: 'ResourceNotFoundException',
    message: expect.stringMatching(/^Payment (session|instrument|) ?not found$/) as string,
  });
  expect([answer.status, answer.text]).toEqual([missing.status, missing.text]);
  const named = ({ headers }: RawAnswer) => [...headers.keys()].toSorted();
  expect(named(answer)).toEqual(named(missing));
}

const BALANCE = { chain: 'BASE_SEPOLIA', token: 'USDC' };

describe('to another user what is somebody’s is not there', () => {
  test.each<[string, (userId: string, id: string) => Promise<RawAnswer>]>([
    ['reading', (user, paymentSessionId) => ask(user, 'getPaymentSession', { paymentSessionId })],
    ['revoking', (user, paymentSessionId) => ask(user, 'deletePaymentSession', { paymentSessionId })],
    ['paying from it', async (user, id) => pay(user, await openWallet(scene.stack, user, 'SeedVault'), id)],
  ])('a session, %s', async (_how, send) => {
    expectSameAsMissing(await send(stranger, sessionId), await send(stranger, UNKNOWN.paymentSessionId));
  });

  test.each<[string, (userId: string, id: string) => Promise<RawAnswer>]>([
    ['reading', (user, paymentInstrumentId) => ask(user, 'getPaymentInstrument', { paymentInstrumentId })],
    ['deleting', (user, paymentInstrumentId) => ask(user, 'deletePaymentInstrument', { paymentInstrumentId })],
    ['its balance', (user, id) => ask(user, 'getPaymentInstrumentBalance', { paymentInstrumentId: id, ...BALANCE })],
    ['paying from it', async (user, id) => pay(user, walletOf(id), await openSession(scene.stack, user, '1.00'))],
  ])('a wallet, %s', async (_how, send) => {
    expectSameAsMissing(await send(stranger, wallet.instrumentId), await send(stranger, UNKNOWN.paymentInstrumentId));
  });

  test('a receipt', async () => {
    expect((await readReceipt(owner, paymentId)).status).toBe(200);
    expectSameAsMissing(await readReceipt(stranger, paymentId), await readReceipt(stranger, UNKNOWN.processPaymentId));
  });

  test('and it is unharmed', async () => {
    expect(await booksOf(scene.stack, owner, sessionId)).toEqual({
      spent: '0.01',
      reserved: '0.00',
      available: '9.99',
    });
    const read = await ask(owner, 'getPaymentInstrument', { paymentInstrumentId: wallet.instrumentId });
    expect(read.body).toMatchObject({ paymentInstrument: { status: 'ACTIVE' } });
  });
});

describe('to its own user what was deleted is not there', () => {
  test('a wallet', async () => {
    const { instrumentId } = await openWallet(scene.stack, owner, 'SeedVault');
    // A process that has paid from it remembers it.
    expect((await pay(owner, walletOf(instrumentId), sessionId)).status).toBe(200);
    const before = await booksOf(scene.stack, owner, sessionId);
    const deletion = await ask(owner, 'deletePaymentInstrument', { paymentInstrumentId: instrumentId });
    expect(deletion.status).toBe(200);

    expectSameAsMissing(
      await pay(owner, walletOf(instrumentId), sessionId),
      await pay(owner, walletOf(UNKNOWN.paymentInstrumentId), sessionId),
    );
    for (const operation of ['getPaymentInstrument', 'deletePaymentInstrument', 'getPaymentInstrumentBalance']) {
      const send = (paymentInstrumentId: string) => ask(owner, operation, { paymentInstrumentId, ...BALANCE });
      expectSameAsMissing(await send(instrumentId), await send(UNKNOWN.paymentInstrumentId));
    }
    expect(await booksOf(scene.stack, owner, sessionId)).toEqual(before);
  });

  test('a session', async () => {
    const paymentSessionId = await openSession(scene.stack, owner, '1.00');
    expect((await pay(owner, wallet, paymentSessionId)).status).toBe(200);
    expect((await ask(owner, 'deletePaymentSession', { paymentSessionId })).status).toBe(200);

    expectSameAsMissing(await pay(owner, wallet, paymentSessionId), await pay(owner, wallet, UNKNOWN.paymentSessionId));
    for (const operation of ['getPaymentSession', 'deletePaymentSession']) {
      const send = (id: string) => ask(owner, operation, { paymentSessionId: id });
      expectSameAsMissing(await send(paymentSessionId), await send(UNKNOWN.paymentSessionId));
    }
  });
});

test('a manager that does not exist is not found, here, in another region and in another account', async () => {
  const { paymentManagerArn } = scene.stack.info;
  for (const arn of [
    paymentManagerArn.replace(/.{10}$/, '0000000000'),
    paymentManagerArn.replace('us-east-1', 'eu-west-1'),
    paymentManagerArn.replace('000000000000', '111122223333'),
  ]) {
    const answer = await sendSigned(scene.stack, scene.stack.info.credentials.management, {
      path: '/payments/getPaymentSession',
      body: JSON.stringify({ paymentManagerArn: arn, paymentSessionId: sessionId }),
      userId: owner,
    });
    expect([answer.status, answer.body['message']]).toEqual([404, 'Payment manager not found']);
  }
});
