import { beforeAll, expect, test } from 'vitest';
import {
  anInstant,
  BALANCE,
  createTenant,
  instrumentRequest,
  pageThrough,
  withFunctions,
  type Tenant,
} from '../../support/functions.ts';

interface InstrumentBody {
  readonly paymentInstrument: {
    readonly paymentInstrumentId: string;
    readonly paymentInstrumentDetails: { readonly embeddedCryptoWallet: { readonly walletAddress: `0x${string}` } };
  };
}

const functions = withFunctions();
const { call } = functions;
let tenant: Tenant;
beforeAll(async () => {
  tenant = await createTenant(functions);
});

test('an instrument is active at once, and reads as it was made', async () => {
  const linkedAccounts = [{ oAuth2: { google: { sub: '110169484474386276334', name: 'Ada' } } }];
  const made = await call<InstrumentBody>('CreatePaymentInstrument', {
    json: instrumentRequest(tenant, {
      paymentInstrumentDetails: { embeddedCryptoWallet: { network: 'ETHEREUM', linkedAccounts } },
    }),
  });
  expect(made.status).toBe(201);
  const { paymentInstrumentId } = made.body.paymentInstrument;
  expect(made.body).toEqual({
    paymentInstrument: {
      paymentInstrumentId: expect.stringMatching(/^payment-instrument-[0-9a-zA-Z-]{15}$/),
      paymentManagerArn: tenant.paymentManagerArn,
      paymentConnectorId: tenant.paymentConnectorId,
      userId: 'user-1',
      paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
      paymentInstrumentDetails: {
        embeddedCryptoWallet: {
          network: 'ETHEREUM',
          linkedAccounts,
          walletAddress: expect.stringMatching(/^0x[0-9a-fA-F]{40}$/),
        },
      },
      createdAt: anInstant,
      updatedAt: anInstant,
      status: 'ACTIVE',
    },
  });
  const read = await call('GetPaymentInstrument', { json: { ...tenant, paymentInstrumentId } });
  expect(read.status).toBe(200);
  expect(read.body).toEqual(made.body);
});

test.each([
  ['e-mail', { email: { emailAddress: 'ada@example.com' } }],
  ['phone', { sms: { phoneNumber: '+14155550100' } }],
  ['developer', { developerJwt: { kid: 'key-1', sub: 'ada' } }],
])('an instrument keeps a linked %s account', async (_what, account) => {
  const made = await call<InstrumentBody>('CreatePaymentInstrument', {
    json: instrumentRequest(tenant, {
      paymentInstrumentDetails: { embeddedCryptoWallet: { network: 'ETHEREUM', linkedAccounts: [account] } },
    }),
  });
  const { paymentInstrumentId } = made.body.paymentInstrument;
  const read = await call<InstrumentBody>('GetPaymentInstrument', { json: { ...tenant, paymentInstrumentId } });
  expect(read.body.paymentInstrument.paymentInstrumentDetails).toMatchObject({
    embeddedCryptoWallet: { linkedAccounts: [account] },
  });
});

test('a connector that makes no wallet of Solana says which do, and nothing is made', async () => {
  const user = 'of-solana';
  const { status, body } = await call('CreatePaymentInstrument', {
    json: instrumentRequest(tenant, {
      paymentInstrumentDetails: { embeddedCryptoWallet: { network: 'SOLANA', linkedAccounts: [] } },
    }),
    user,
  });
  expect(status).toBe(400);
  expect(body).toMatchObject({
    fieldList: [
      {
        name: 'paymentInstrumentDetails.embeddedCryptoWallet.network',
        message: expect.stringMatching(/type SeedVault: .* by connectors of type CoinbaseCDP$/) as string,
      },
    ],
  });
  const listed = await call('ListPaymentInstruments', { json: { ...tenant }, user });
  expect(listed.body).toEqual({ paymentInstruments: [] });
});

test('two instruments of one connector have two addresses', async () => {
  const addresses = await Promise.all(
    [1, 2].map(async () => {
      const { body } = await call<InstrumentBody>('CreatePaymentInstrument', { json: instrumentRequest(tenant) });
      return body.paymentInstrument.paymentInstrumentDetails.embeddedCryptoWallet.walletAddress;
    }),
  );
  expect(new Set(addresses).size).toBe(2);
});

test('reads the balance of a wallet in base units', async () => {
  const { status, body } = await call('GetPaymentInstrumentBalance', {
    json: { ...tenant, chain: 'BASE_SEPOLIA', token: 'USDC' },
  });
  expect(status).toBe(200);
  expect(body).toEqual({
    paymentInstrumentId: tenant.paymentInstrumentId,
    tokenBalance: {
      amount: BALANCE.toString(),
      decimals: 6,
      token: 'USDC',
      network: 'ETHEREUM',
      chain: 'BASE_SEPOLIA',
    },
  });
});

test('refuses the balance on a chain that no endpoint is configured for', async () => {
  const { status, body } = await call('GetPaymentInstrumentBalance', {
    json: { ...tenant, chain: 'BASE', token: 'USDC' },
  });
  expect(status).toBe(400);
  expect(body).toMatchObject({ fieldList: [{ name: 'chain' }] });
});

test('lists, pages and filters the instruments of a user', async () => {
  const user = 'lister';
  const ids: string[] = [];
  for (let i = 0; i < 5; i += 1) {
    const { body } = await call<InstrumentBody>('CreatePaymentInstrument', { json: instrumentRequest(tenant), user });
    ids.push(body.paymentInstrument.paymentInstrumentId);
  }
  const listed = await pageThrough(functions, 'ListPaymentInstruments', 'paymentInstruments', { ...tenant }, user);
  expect(listed.map(({ paymentInstrumentId }) => paymentInstrumentId).toSorted()).toEqual(ids.toSorted());
  expect(Object.keys(listed[0]!).toSorted()).toEqual(
    [
      'createdAt',
      'paymentConnectorId',
      'paymentInstrumentId',
      'paymentInstrumentType',
      'paymentManagerArn',
      'status',
      'updatedAt',
      'userId',
    ].toSorted(),
  );
  const elsewhere = { ...tenant, paymentConnectorId: 'other-0123456789' };
  expect(await pageThrough(functions, 'ListPaymentInstruments', 'paymentInstruments', elsewhere, user)).toEqual([]);
});

test('a deleted instrument is gone, and cannot be deleted again', async () => {
  const made = await call<InstrumentBody>('CreatePaymentInstrument', {
    json: instrumentRequest(tenant),
    user: 'leaver',
  });
  const json = { ...tenant, paymentInstrumentId: made.body.paymentInstrument.paymentInstrumentId };
  const gone = await call('DeletePaymentInstrument', { json, user: 'leaver' });
  expect(gone).toMatchObject({ status: 200, body: { status: 'DELETED' } });
  expect((await call('DeletePaymentInstrument', { json, user: 'leaver' })).status).toBe(404);
  expect((await call('GetPaymentInstrument', { json, user: 'leaver' })).status).toBe(404);
  expect(await pageThrough(functions, 'ListPaymentInstruments', 'paymentInstruments', json, 'leaver')).toEqual([]);
});
