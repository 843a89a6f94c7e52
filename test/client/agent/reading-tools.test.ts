import { beforeAll, expect, test } from 'vitest';
import { createReadingTools, type ReadingToolOptions } from '../../../lib/client/agent/index.ts';
import { BursarError } from '../../../lib/client/index.ts';
import { NETWORKS } from '../../../lib/domain/assets.ts';
import { createTenant, withFunctions, type Tenant } from '../../support/functions.ts';
import { openService, USER } from '../service.ts';
import { asMarker, openTools, URL_OF_REPORT } from './world.ts';

const functions = withFunctions();
let tenant: Tenant;
beforeAll(async () => {
  tenant = await createTenant(functions);
});

function open(options: Partial<ReadingToolOptions> = {}) {
  const { client, asked } = openService(functions);
  const session = { ...tenant, userId: USER };
  const tools = createReadingTools({ client, session, instrument: tenant, networks: ['eip155:84532'], ...options });
  const read = (name: string, input: unknown = {}) => tools.find((tool) => tool.name === name)!.execute(input);
  return { tools, read, asked };
}

test('there is one for session, wallet, balance, wallets and payments, and none that spends', () => {
  expect(open().tools.map(({ name, isReadOnly }) => [name, isReadOnly])).toEqual(
    [
      'get_payment_session',
      'get_payment_instrument',
      'get_payment_instrument_balance',
      'list_payment_instruments',
      'list_payments',
    ].map((name) => [name, true]),
  );
});

test('a model is told what each is for, and that the balance may be of one network', () => {
  const nothing = { type: 'object', properties: {}, required: [], additionalProperties: false };
  const chains = NETWORKS.flatMap(({ chain }) => (chain === null ? [] : [chain]));
  const chain = { type: 'string', enum: chains, description: 'All that may be paid on, where it is left out.' };
  expect(open().tools.map(({ description, inputSchema }) => [description, inputSchema])).toEqual([
    ['Tells what the payment session may still spend, and until when.', nothing],
    ['Tells the state and the address of the wallet that pays.', nothing],
    ['Tells how much USDC the wallet that pays holds.', { ...nothing, properties: { chain } }],
    ['Lists the wallets of the user.', nothing],
    ['Lists what was paid.', nothing],
  ]);
});

test('they tell what is configured, whatever a model names', async () => {
  const { read, asked } = open();
  const named = { user_id: 'user-2', userId: 'user-2', paymentSessionId: 'other', payment_session_id: 'other' };
  expect(await read('get_payment_session', named)).toMatchObject({
    paymentSessionId: tenant.paymentSessionId,
    userId: USER,
    availableLimits: { availableSpendAmount: { value: '10.00' } },
  });
  expect(await read('get_payment_instrument', named)).toEqual({
    paymentInstrumentId: tenant.paymentInstrumentId,
    status: 'ACTIVE',
    network: 'ETHEREUM',
    walletAddress: expect.stringMatching(/^0x/) as string,
  });
  expect(JSON.stringify(asked)).not.toMatch(/user-2|other/);
});

test('a balance is told for each network that may be paid on, or for the one that is named', async () => {
  const balance = { token: 'USDC', chain: 'BASE_SEPOLIA', amount: expect.any(String) as string };
  for (const input of [{}, { chain: null }]) {
    expect(await open().read('get_payment_instrument_balance', input)).toEqual([expect.objectContaining(balance)]);
  }
  const session = { ...tenant, userId: USER, networks: ['eip155:84532'] };
  const ofSession = open({ networks: undefined, session });
  expect(await ofSession.read('get_payment_instrument_balance')).toEqual([expect.objectContaining(balance)]);
  expect(ofSession.asked.filter(({ operation }) => operation === 'GetPaymentInstrumentBalance')).toHaveLength(1);
  const named = await open({ networks: undefined }).read('get_payment_instrument_balance', { chain: 'BASE_SEPOLIA' });
  expect(named).toEqual([expect.objectContaining(balance)]);
  const everywhere = open({ networks: undefined });
  const all = await everywhere.read('get_payment_instrument_balance');
  expect(all).toContainEqual(expect.objectContaining(balance));
  expect(everywhere.asked.filter(({ operation }) => operation === 'GetPaymentInstrumentBalance')).toHaveLength(
    NETWORKS.filter(({ chain }) => chain !== null).length,
  );
  const wrong = await open().read('get_payment_instrument_balance', { chain: 'MARS' });
  expect(wrong).toMatchObject({ kind: 'refused', code: 'client:input_refused' });
  expect((wrong as { readonly message: string }).message).toMatch(/chain must be one of (?:[A-Z_]+, )*BASE_SEPOLIA\b/);
});

test('wallets and payments are listed in short, and payments as this process knows them where it is told so', async () => {
  const { payments, run } = openTools(functions, tenant);
  await run([asMarker(), 'the report']).outcome;
  expect(await open().read('list_payment_instruments')).toEqual({
    paymentInstruments: [{ paymentInstrumentId: tenant.paymentInstrumentId, status: 'ACTIVE' }],
  });
  const { payments: listed } = (await open().read('list_payments')) as { readonly payments: readonly object[] };
  expect(listed).toEqual([expect.objectContaining({ decision: 'PAID', amountUsd: '0.50', url: URL_OF_REPORT })]);
  const { read, asked } = open({ payments: payments.payments });
  expect(await read('list_payments')).toEqual({ payments: payments.payments() });
  expect(asked).toEqual([]);
});

test('what the caller may not read is a refusal, and another failure is none', async () => {
  const denied = new BursarError('not for agents', {
    errorName: 'AccessDeniedException',
    status: 403,
    code: null,
    requestId: null,
  });
  const throwing = (error: Error) =>
    open({
      client: {
        call: async () => {
          throw error;
        },
      },
    });
  expect(await throwing(denied).read('list_payments')).toMatchObject({
    kind: 'refused',
    code: 'client:not_readable',
    message: expect.stringContaining('not for agents') as string,
  });
  await expect(throwing(new Error('bug')).read('list_payments')).rejects.toThrow('bug');
});

test('of a session without ids nothing is asked that names another', async () => {
  const asked: unknown[] = [];
  const call = async (...[, input, caller]: readonly unknown[]) => {
    asked.push([input, caller]);
    return { paymentSession: null };
  };
  const session = { paymentManagerArn: undefined, paymentSessionId: undefined, userId: undefined };
  await open({ client: { call: call as never }, session }).read('get_payment_session');
  expect(asked).toEqual([[{ paymentManagerArn: '', paymentSessionId: '' }, { userId: '' }]]);
});

test('of payments that this process knows the last twenty are told', async () => {
  const made = Array.from({ length: 21 }, (_, at) => ({ processPaymentId: `payment-${at}` }));
  const { payments } = (await open({ payments: () => made as never }).read('list_payments')) as {
    readonly payments: readonly unknown[];
  };
  expect(payments).toEqual(made.slice(1));
});

test('a call that is given up is given up at the service, and is no refusal', async () => {
  const stop = new AbortController();
  const call = async (...[, , , options]: readonly unknown[]) => {
    expect(options).toEqual({ signal: stop.signal });
    stop.abort(new Error('given up'));
    throw new BursarError('not for agents', { errorName: 'E', status: 403, code: null, requestId: null });
  };
  const tool = open({ client: { call: call as never } }).tools[0]!;
  await expect(tool.execute({}, { signal: stop.signal })).rejects.toThrow('given up');
});
