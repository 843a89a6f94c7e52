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
  type PaymentManager,
} from '../../../lib/client/agent/index.ts';
import { createTenant, withFunctions, type Tenant } from '../../support/functions.ts';
import { bursarError, makeEntry } from '../script.ts';
import { openService, USER } from '../service.ts';

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
  for (const paymentManagerArn of ['', undefined]) expect(() => open({ paymentManagerArn })).toThrow(TypeError);
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
  const payment = { paymentInstrumentId: 'wallet', paymentType: 'CRYPTO_X402', paymentInput: {} } as const;
  for (const userId of ['user-1', undefined]) {
    const manager = createPaymentManager({ client, paymentManagerArn: 'arn', userId });
    await expect(manager.getPaymentSession(input)).rejects.toThrow(PaymentError);
    await expect(manager.processPayment({ ...input, ...payment })).rejects.toThrow(PaymentError);
  }
  expect(named).toEqual(['user-1', 'user-1', 'user-2', 'user-2']);
  const ofNobody = createPaymentManager({ client, paymentManagerArn: 'arn' });
  await expect(ofNobody.getPaymentSession({ paymentSessionId: 'session' })).rejects.toThrow(PaymentError);
  expect(named.at(-1)).toBe('');
});

test('a payment is for the agent that is configured, if one is', async () => {
  const inputs: object[] = [];
  const client: ManagerClient = {
    call: () => expect.unreachable(),
    processPayment: async (input) => {
      inputs.push(input);
      throw new Error('enough');
    },
  };
  const payment = {
    paymentSessionId: 's',
    paymentInstrumentId: 'w',
    paymentType: 'CRYPTO_X402',
    paymentInput: {},
  } as const;
  for (const agentName of ['assistant', undefined]) {
    const manager = createPaymentManager({ client, paymentManagerArn: 'arn', agentName });
    await expect(manager.processPayment(payment)).rejects.toThrow(PaymentError);
  }
  expect(inputs[0]).toMatchObject({ agentName: 'assistant' });
  expect(inputs[1]).not.toHaveProperty('agentName');
});

test('a list is of a hundred where the call does not say how many, and of what the call says', async () => {
  const inputs: unknown[] = [];
  const client: ManagerClient = {
    call: async (...[operation, input]) => {
      inputs.push([operation, input]);
      throw new Error('enough');
    },
    processPayment: () => expect.unreachable(),
  };
  const manager = createPaymentManager({ client, paymentManagerArn: 'arn', userId: USER });
  for (const list of [manager.listPaymentInstruments, manager.listPaymentSessions]) {
    await expect(list({})).rejects.toThrow(PaymentError);
    await expect(list({ maxResults: 5, nextToken: 'more' })).rejects.toThrow(PaymentError);
  }
  const more = { paymentManagerArn: 'arn', maxResults: 5, nextToken: 'more' };
  expect(inputs).toEqual([
    ['ListPaymentInstruments', { paymentManagerArn: 'arn', maxResults: 100 }],
    ['ListPaymentInstruments', more],
    ['ListPaymentSessions', { paymentManagerArn: 'arn', maxResults: 100 }],
    ['ListPaymentSessions', more],
  ]);
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
      'something else',
      (m) => m.getPaymentInstrumentBalance(balance),
      PaymentError,
      'Failed to get instrument balance: something else',
    ],
    [
      'a wallet’s end',
      'something else',
      (m) => m.deletePaymentInstrument(wallet),
      PaymentError,
      'Failed to delete payment instrument: something else',
    ],
    [
      'a session',
      'something else',
      (m) => m.getPaymentSession(session),
      PaymentError,
      'Failed to get payment session: something else',
    ],
    [
      'a session’s end',
      'you are Unauthorized',
      (m) => m.deletePaymentSession(session),
      PaymentError,
      'Failed to delete payment session: you are Unauthorized',
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
    const ofExpiry = Object.assign(bursarError('ThrottlingException', 429), { message: 'expiry' });
    await expect(failing(ofExpiry).createPaymentSession({ expiryTimeInMinutes: 1 })).rejects.toThrow(
      'Failed to create payment session: expiry',
    );
    const newWallet = { ...wallet, paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET' } as const;
    await expect(
      failing(throttled).createPaymentInstrument({ ...newWallet, paymentInstrumentDetails: DETAILS }),
    ).rejects.toThrow('Failed to create payment instrument: budget');
  });

  test('what was thrown may be no error at all', async () => {
    await expect(failing('budget' as never).processPayment(paying)).rejects.toThrow(
      'Failed to process payment: budget',
    );
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
