import { beforeAll, expect, test } from 'vitest';
import { createReadingTools, type ReadingToolOptions } from '../../../lib/client/agent/index.ts';
import { BursarError } from '../../../lib/client/index.ts';
import { createTenant, withFunctions, type Tenant } from '../../support/functions.ts';
import { openService, USER } from '../service.ts';
import { asMarker, openTools } from './world.ts';

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
  expect(await open().read('get_payment_instrument_balance')).toEqual([expect.objectContaining(balance)]);
  const named = await open({ networks: undefined }).read('get_payment_instrument_balance', { chain: 'BASE_SEPOLIA' });
  expect(named).toEqual([expect.objectContaining(balance)]);
  const all = await open({ networks: undefined }).read('get_payment_instrument_balance');
  expect(all).toContainEqual(expect.objectContaining(balance));
  const wrong = await open().read('get_payment_instrument_balance', { chain: 'MARS' });
  expect(wrong).toMatchObject({ kind: 'refused', code: 'client:input_refused' });
});

test('wallets and payments are listed in short, and payments as this process knows them where it is told so', async () => {
  const { payments, run } = openTools(functions, tenant);
  await run([asMarker(), 'the report']).outcome;
  expect(await open().read('list_payment_instruments')).toEqual({
    paymentInstruments: [{ paymentInstrumentId: tenant.paymentInstrumentId, status: 'ACTIVE' }],
  });
  const { payments: listed } = (await open().read('list_payments')) as { readonly payments: readonly object[] };
  expect(listed).toEqual([expect.objectContaining({ decision: 'PAID', amountUsd: '0.50' })]);
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
