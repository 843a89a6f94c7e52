import { beforeAll, describe, expect, test } from 'vitest';
import {
  createPaymentManager,
  InsufficientBudget,
  InvalidPaymentInstrument,
  PaymentError,
  PaymentInstrumentConfigurationRequired,
  PaymentInstrumentNotFound,
  PaymentSessionConfigurationRequired,
  PaymentSessionExpired,
  PaymentSessionNotFound,
  type ManagerClient,
  type PaymentHeaderInput,
  type PaymentManager,
} from '../../../lib/client/agent/index.ts';
import { createTenant, withFunctions, type Tenant } from '../../support/functions.ts';
import { mppHeader, readCredential } from '../../support/mpp.ts';
import { base64, bursarError, makeEntry } from '../script.ts';
import { openService, USER } from '../service.ts';
import { terms } from './world.ts';

const functions = withFunctions();
let tenant: Tenant;
beforeAll(async () => {
  tenant = await createTenant(functions);
});

function open(more: object = {}) {
  const { client, asked } = openService(functions);
  const { paymentManagerArn } = tenant;
  return { manager: createPaymentManager({ client, paymentManagerArn, agentName: 'assistant', ...more }), asked };
}

const DETAILS = { embeddedCryptoWallet: { network: 'ETHEREUM', linkedAccounts: [] } } as const;

test('it has the methods of AWS’s Python SDK, and unwraps what they answer', async () => {
  const { manager, asked } = open();
  const wallet = await manager.createPaymentInstrument({
    paymentConnectorId: tenant.paymentConnectorId,
    paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
    paymentInstrumentDetails: DETAILS,
    userId: USER,
  });
  const { paymentInstrumentId, paymentConnectorId } = wallet;
  const name = { paymentInstrumentId, paymentConnectorId, userId: USER };
  expect(await manager.getPaymentInstrument({ paymentInstrumentId, userId: USER })).toMatchObject({ status: 'ACTIVE' });
  expect(await manager.listPaymentInstruments({ userId: USER })).toMatchObject({
    paymentInstruments: expect.any(Array) as [],
  });
  const balance = await manager.getPaymentInstrumentBalance({ ...name, chain: 'BASE_SEPOLIA', token: 'USDC' });
  expect(balance.tokenBalance).toMatchObject({ token: 'USDC' });
  const { paymentSessionId } = await manager.createPaymentSession({
    expiryTimeInMinutes: 60,
    userId: USER,
    limits: { maxSpendAmount: { value: '1.00', currency: 'USD' } },
  });
  expect(await manager.getPaymentSession({ paymentSessionId, userId: USER })).toMatchObject({ status: 'ACTIVE' });
  expect(await manager.listPaymentSessions({ userId: USER, maxResults: 1 })).toMatchObject({
    paymentSessions: [expect.anything()],
  });
  const paid = await manager.processPayment({
    paymentSessionId,
    paymentInstrumentId,
    paymentConnectorId,
    paymentType: 'CRYPTO_X402',
    paymentInput: { cryptoX402: { version: '2', payload: makeEntry(2) } },
    userId: USER,
  });
  expect(paid).toMatchObject({ status: 'PROOF_GENERATED' });
  const sent = asked.find(({ operation }) => operation === 'ProcessPayment')!.body;
  expect(sent).toEqual(expect.not.objectContaining({ paymentConnectorId: expect.anything() as string }));
  expect(sent['clientToken']).toEqual(expect.any(String));
  expect(await manager.deletePaymentSession({ paymentSessionId, userId: USER })).toEqual({ status: 'DELETED' });
  expect(await manager.deletePaymentInstrument(name)).toEqual({ status: 'DELETED' });
});

test('without the ARN of a manager there is none', () => {
  expect(() => open({ paymentManagerArn: '' })).toThrow(TypeError);
});

test('the configured user stands above the one that a call names', async () => {
  const named: unknown[] = [];
  const client: ManagerClient = {
    call: async (_operation, _input, caller) => {
      named.push(caller?.userId);
      throw new Error('enough');
    },
    processPayment: async ({ userId }) => {
      named.push(userId);
      throw new Error('enough');
    },
  };
  const input = { paymentSessionId: 'session', userId: ' user-2 ' };
  for (const userId of ['user-1', undefined]) {
    const manager = createPaymentManager({ client, paymentManagerArn: 'arn', userId });
    await expect(manager.getPaymentSession(input)).rejects.toThrow(PaymentError);
  }
  expect(named).toEqual(['user-1', 'user-2']);
});

describe('failures are sorted as AWS’s Python SDK sorts them', () => {
  const failing = (error: Error) => {
    const client = {
      call: () => {
        throw error;
      },
      processPayment: () => {
        throw error;
      },
    } as ManagerClient;
    return createPaymentManager({ client, paymentManagerArn: 'arn', userId: USER });
  };
  const invalid = (message: string) => Object.assign(bursarError('ValidationException', 400, null), { message });
  const wallet = { paymentInstrumentId: 'wallet', paymentConnectorId: 'connector' };
  const paying = { ...wallet, paymentSessionId: 'session', paymentType: 'CRYPTO_X402', paymentInput: {} } as const;
  const session = { paymentSessionId: 'session' };
  const balance = { ...wallet, chain: 'BASE', token: 'USDC' } as const;

  test.each<
    [string, string, (manager: PaymentManager) => Promise<unknown>, new (message: string) => PaymentError, string]
  >([
    [
      'a payment',
      'The Budget is used up and the session expired',
      (m) => m.processPayment(paying),
      InsufficientBudget,
      'Insufficient budget: ',
    ],
    [
      'a payment',
      'insufficient funds of the instrument',
      (m) => m.processPayment(paying),
      InsufficientBudget,
      'Insufficient budget: ',
    ],
    [
      'a payment',
      'the instrument’s session expired',
      (m) => m.processPayment(paying),
      PaymentSessionExpired,
      'Session expired: ',
    ],
    [
      'a payment',
      'Instrument session not found',
      (m) => m.processPayment(paying),
      InvalidPaymentInstrument,
      'Invalid instrument: ',
    ],
    ['a payment', 'it is INACTIVE', (m) => m.processPayment(paying), InvalidPaymentInstrument, 'Invalid instrument: '],
    [
      'a payment',
      'Session not found',
      (m) => m.processPayment(paying),
      PaymentSessionNotFound,
      'Session not found or expired: session',
    ],
    [
      'a payment',
      'something else',
      (m) => m.processPayment(paying),
      PaymentError,
      'Failed to process payment: something else',
    ],
    [
      'a new session',
      'the Expiry is too long',
      (m) => m.createPaymentSession({ expiryTimeInMinutes: 1 }),
      PaymentError,
      'Invalid expiryTimeInMinutes: ',
    ],
    [
      'a new session',
      'something else',
      (m) => m.createPaymentSession({ expiryTimeInMinutes: 1 }),
      PaymentError,
      'Failed to create payment session: ',
    ],
    [
      'a new wallet',
      'no such network',
      (m) =>
        m.createPaymentInstrument({
          ...wallet,
          paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
          paymentInstrumentDetails: DETAILS,
        }),
      PaymentError,
      'Validation error: ',
    ],
    [
      'a wallet',
      'it was Not Found',
      (m) => m.getPaymentInstrument(wallet),
      PaymentInstrumentNotFound,
      'Instrument not found: wallet',
    ],
    [
      'a wallet',
      'something else',
      (m) => m.getPaymentInstrument(wallet),
      PaymentError,
      'Failed to get payment instrument: ',
    ],
    [
      'a balance',
      'not found',
      (m) => m.getPaymentInstrumentBalance(balance),
      PaymentInstrumentNotFound,
      'Instrument not found: wallet',
    ],
    [
      'a wallet’s end',
      'not found',
      (m) => m.deletePaymentInstrument(wallet),
      PaymentInstrumentNotFound,
      'Instrument not found: wallet',
    ],
    [
      'a session',
      'not found',
      (m) => m.getPaymentSession(session),
      PaymentSessionNotFound,
      'Session not found: session',
    ],
    [
      'a session',
      'you are Unauthorized',
      (m) => m.getPaymentSession(session),
      PaymentError,
      'Unauthorized access to session: session',
    ],
    [
      'a session’s end',
      'not found',
      (m) => m.deletePaymentSession(session),
      PaymentSessionNotFound,
      'Session not found: session',
    ],
    ['lists', 'x', (m) => m.listPaymentSessions({}), PaymentError, 'Failed to list payment sessions: x'],
    ['lists', 'x', (m) => m.listPaymentInstruments({}), PaymentError, 'Failed to list payment instruments: x'],
  ])('%s: %s', async (_what, message, call, kind, text) => {
    const error: unknown = await call(failing(invalid(message))).catch((thrown: unknown) => thrown);
    expect((error as object).constructor).toBe(kind);
    expect((error as Error).message).toContain(text);
    expect((error as Error).cause).toBeInstanceOf(Error);
  });

  test('words count in a ValidationException alone, whichever client threw it, and its code is kept', async () => {
    const throttled = Object.assign(bursarError('ThrottlingException', 429), { message: 'budget' });
    await expect(failing(throttled).processPayment(paying)).rejects.toThrow('Failed to process payment: budget');
    const ofAws = Object.assign(new Error('budget'), { name: 'ValidationException' });
    await expect(failing(ofAws).processPayment(paying)).rejects.toBeInstanceOf(InsufficientBudget);
    const coded = Object.assign(bursarError('ValidationException', 400, 'bursar:budget_exceeded'), {
      message: 'budget',
    });
    await expect(failing(coded).processPayment(paying)).rejects.toMatchObject({ code: 'bursar:budget_exceeded' });
    const missing = Object.assign(bursarError('ResourceNotFoundException', 404), { message: 'gone' });
    await expect(failing(missing).getPaymentInstrument(wallet)).rejects.toBeInstanceOf(PaymentInstrumentNotFound);
    const denied = bursarError('AccessDeniedException', 403);
    await expect(failing(denied).getPaymentSession(session)).rejects.toThrow('Unauthorized access to session');
  });

  test('all of them are PaymentErrors with the names of that SDK', () => {
    const kinds = [
      PaymentInstrumentNotFound,
      PaymentSessionNotFound,
      InvalidPaymentInstrument,
      InsufficientBudget,
      PaymentSessionExpired,
      PaymentInstrumentConfigurationRequired,
      PaymentSessionConfigurationRequired,
    ];
    for (const Kind of kinds) expect(new Kind('x')).toMatchObject({ name: Kind.name, code: null });
    expect(kinds.every((Kind) => new Kind('x') instanceof PaymentError)).toBe(true);
  });
});

describe('a payment header', () => {
  const generate = (asked: unknown, more: Partial<PaymentHeaderInput> = {}) => {
    const { paymentInstrumentId, paymentSessionId } = tenant;
    const opened = open({ userId: USER });
    const paymentRequiredRequest = asked as PaymentHeaderInput['paymentRequiredRequest'];
    const header = opened.manager.generatePaymentHeader({
      paymentInstrumentId,
      paymentSessionId,
      paymentRequiredRequest,
      ...more,
    });
    return { header, asked: opened.asked };
  };
  const inHeader = (document: object) => ({
    statusCode: 402,
    headers: { 'Payment-Required': base64(document) },
    body: '',
  });
  const inBody = (body: unknown) => ({ statusCode: 402, headers: {}, body });
  const decoded = (value: string | undefined) => JSON.parse(Buffer.from(value ?? '', 'base64').toString()) as object;

  test.each([
    ['in a header', () => inHeader(terms())],
    ['in a body', () => inBody(terms())],
    ['in a body that is text', () => inBody(JSON.stringify(terms()))],
  ])('of version 2 answers terms %s', async (_what, asked) => {
    const header = await generate(asked()).header;
    expect(Object.keys(header)).toEqual(['PAYMENT-SIGNATURE']);
    expect(decoded(header['PAYMENT-SIGNATURE'])).toMatchObject({ x402Version: 2, accepted: terms().accepts[0] });
  });

  test('of version 1 answers terms of version 1', async () => {
    const header = await generate(inBody({ x402Version: 1, accepts: [makeEntry(1)] })).header;
    expect(decoded(header['X-PAYMENT'])).toMatchObject({ x402Version: 1, network: 'base-sepolia' });
  });

  test('of MPP answers a challenge of MPP', async () => {
    const asked = { statusCode: 402, headers: { 'www-authenticate': mppHeader() }, body: {} };
    const { header, asked: sent } = generate(asked, { buyerPaysGasFees: false });
    expect(readCredential((await header)['Authorization']!).challenge).toMatchObject({ method: 'evm' });
    expect(sent.at(-1)!.body).toMatchObject({ paymentInput: { mpp: { buyerPaysGasFees: false } } });
  });

  test('is for the cheapest offer, or for that of the network that is preferred', async () => {
    const accepts = ['300000', '200000'].map((amount) => makeEntry(2, { amount }));
    const dear = makeEntry(2, {
      network: 'eip155:8453',
      amount: '100000',
      extra: { name: 'USD Coin', version: '2' },
      asset: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913',
    });
    const asked = inBody({ x402Version: 2, accepts: [...accepts, dear] });
    const cheapest = generate(inBody({ x402Version: 2, accepts }));
    expect(decoded((await cheapest.header)['PAYMENT-SIGNATURE'])).toMatchObject({ accepted: { amount: '200000' } });
    for (const preferred of ['eip155:84532', 'base-sepolia']) {
      const networkPreferences = ['solana-mainnet', preferred, 'eip155:8453'];
      const { header } = generate(asked, { networkPreferences });
      expect(decoded((await header)['PAYMENT-SIGNATURE'])).toMatchObject({ accepted: { amount: '200000' } });
    }
  });

  test('is the same one for the same client token', async () => {
    const [first, second] = [
      generate(inBody(terms()), { clientToken: 'a'.repeat(40) }),
      generate(inBody(terms()), { clientToken: 'a'.repeat(40) }),
    ];
    expect(await second.header).toEqual(await first.header);
    expect(first.asked.at(-1)!.body).toMatchObject({ clientToken: 'a'.repeat(40) });
  });

  test.each<[string, unknown, Partial<PaymentHeaderInput>, RegExp]>([
    ['another status', { ...inBody({}), statusCode: 200 }, {}, /402 Status Validation/],
    ['no body', { statusCode: 402, headers: {} }, {}, /Input Validation: paymentRequiredRequest/],
    ['nothing', undefined, {}, /Input Validation: paymentRequiredRequest/],
    ['a page', inBody('<h1>402</h1>'), {}, /Extraction/],
    ['broken terms', { statusCode: 402, headers: { 'payment-required': '!' }, body: '' }, {}, /Extraction/],
    ['no wallet', inBody(terms()), { paymentInstrumentId: ' ' }, /Input Validation: paymentInstrumentId/],
    ['no session', inBody(terms()), { paymentSessionId: '' }, /Input Validation: paymentSessionId/],
    ['an empty token', inBody(terms()), { clientToken: '' }, /Input Validation: clientToken/],
    [
      'gas fees that are a text',
      inBody(terms()),
      { buyerPaysGasFees: 'false' as unknown as boolean },
      /Input Validation: buyerPaysGasFees/,
    ],
    [
      'an allowance that is no number',
      inBody(terms()),
      { permit2AllowanceLimit: '1e6' },
      /Input Validation: permit2AllowanceLimit/,
    ],
    ['a price above the limit', inBody(terms()), { maxPriceUsd: '0.49' }, /Accept Selection/],
    ['a limit that is none', inBody(terms()), { maxPriceUsd: 'much' }, /Input Validation: maxPriceUsd/],
    ['the goods of somebody else', inBody(terms()), { url: 'https://other.example/' }, /Accept Selection/],
  ])('is refused for %s, and nothing is asked for', async (_what, asked, more, message) => {
    const { header, asked: sent } = generate(asked, more);
    await expect(header).rejects.toThrow(message);
    await expect(header).rejects.toBeInstanceOf(PaymentError);
    expect(sent).toEqual([]);
  });

  test('is refused for a wallet that is not there', async () => {
    const paymentInstrumentId = `payment-instrument-${'0'.repeat(15)}`;
    await expect(generate(inBody(terms()), { paymentInstrumentId }).header).rejects.toBeInstanceOf(
      PaymentInstrumentNotFound,
    );
  });
});
