import { createHash } from 'node:crypto';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, test } from 'vitest';
import type { VerifiedClaims } from '../../../lib/domain/tenants/jwt-authorizer.ts';
import { WALLET_PAGE_LIFE_MS } from '../../../lib/domain/wallet-page-limits.ts';
import { addMs, toEpochMs } from '../../../lib/domain/time.ts';
import { systemRandom } from '../../../lib/functions/runtime/runtime.ts';
import { createStoreClient } from '../../../lib/ledger/dynamodb/store/sdk-client.ts';
import { createWalletLinks } from '../../../lib/ledger/dynamodb/wallet-links/wallet-link-store.ts';
import { closeWalletPage, findWalletPage, openWalletPage } from '../../../lib/service/tenants/wallet-links.ts';
import { PARALLEL, times } from '../../contracts/parallel.ts';
import { createTenant, instrumentRequest, withFunctions, type Tenant } from '../../support/functions.ts';

const functions = withFunctions({ WALLET_PAGE: 'served' });
const HOST = 'abc123.execute-api.us-east-1.amazonaws.com';

let tenant: Tenant;
let now = Date.now();
beforeEach(async () => {
  tenant = await createTenant(functions);
  now = Date.now();
});

const clock = { now: () => toEpochMs(now), sleep: async () => undefined };
const walletLinks = () =>
  createWalletLinks({ tableName: functions.database.registryTable, client: createStoreClient({ maxAttempts: 1 }) });
const open = (secret: string) => openWalletPage({ walletLinks: walletLinks(), clock, random: systemRandom }, secret);
const find = (token: string) => findWalletPage(walletLinks(), token, clock.now());

/** As the gateway calls it, under its own name or a deployer's. */
async function link(json: object = {}, { path = '/v1', headers = {}, user = 'user-1' } = {}) {
  const { paymentManagerArn, paymentInstrumentId } = tenant;
  return functions.call<{ walletLink: { url: string; expiresAt: string }; message?: string }>('CreateWalletLink', {
    json: { paymentManagerArn, paymentInstrumentId, ...json },
    event: {
      headers: { 'X-Amzn-Bedrock-AgentCore-Payments-User-Id': user, 'X-Forwarded-Proto': 'https', ...headers },
      requestContext: {
        requestId: '11111111-2222-3333-4444-555555555555',
        domainName: HOST,
        path: `${path}/bursar/createWalletLink`,
      },
    },
  });
}

const secretOf = (url: string) => url.split('#')[1]!;

describe('a link to the page of a wallet', () => {
  test('leads to the page of this deployment, with its secret where no server sees it', async () => {
    const { status, body } = await link();
    expect(status).toBe(201);
    expect(body.walletLink.url).toMatch(new RegExp(`^https://${HOST}/v1/wallet#bwl_[A-Za-z0-9_-]{43}$`));
    const life = Date.parse(body.walletLink.expiresAt) - now;
    expect(Math.round(life / 60_000)).toBe(60);
    expect((await link({}, { path: '' })).body.walletLink.url).toMatch(`https://${HOST}/wallet#bwl_`);
  });

  test('is kept and logged as its digest at most', async () => {
    const secret = secretOf((await link()).body.walletLink.url);
    const { token } = (await open(secret))!;
    await link();
    const { Items } = await functions.database.client.send(
      new ScanCommand({ TableName: functions.database.registryTable }),
    );
    const stored = JSON.stringify(Items);
    for (const each of [secret, token]) {
      expect(stored).not.toContain(each);
      expect(functions.logs.join()).not.toContain(each);
    }
    expect(stored).toContain(`WPS#${createHash('sha256').update(token).digest('hex')}`);
  });

  test('opens one session, for one of those who use it at once, and nothing afterwards', async () => {
    const secret = secretOf((await link({ agentName: 'shopper' })).body.walletLink.url);
    const opened = (await Promise.all(times(PARALLEL, () => open(secret)))).filter((each) => each !== null);
    expect(opened).toHaveLength(1);
    const { token, grant } = opened[0]!;
    expect(grant).toEqual({
      managerId: tenant.managerId,
      userId: 'user-1',
      instrumentId: tenant.paymentInstrumentId,
      agentName: 'shopper',
      expiresAt: addMs(clock.now(), WALLET_PAGE_LIFE_MS),
    });
    expect(await find(token)).toEqual(grant);
    expect(await open(secret)).toBeNull();
  });

  test('is good to its last minute, and then used up without opening anything', async () => {
    const { url, expiresAt } = (await link({ expiresInMinutes: 5 })).body.walletLink;
    now = Date.parse(expiresAt);
    expect(await open(secretOf(url))).toBeNull();
    now -= 1;
    expect(await open(secretOf(url))).toBeNull();
    const other = (await link({ expiresInMinutes: 5 })).body.walletLink;
    now = Date.parse(other.expiresAt) - 1;
    expect(await open(secretOf(other.url))).not.toBeNull();
  });

  test('opens nothing where a character of it differs, and stays good', async () => {
    const secret = secretOf((await link()).body.walletLink.url);
    const changed = secret.endsWith('A') ? `${secret.slice(0, -1)}Q` : `${secret.slice(0, -1)}A`;
    for (const each of [changed, secret.slice(0, -1), `${secret}A`, '', 'bwl_', secret.replace('bwl_', 'bwp_')]) {
      expect(await open(each), each).toBeNull();
    }
    expect(await open(secret)).not.toBeNull();
  });

  test.each([
    ['of another user', { user: 'user-2' }, {}, 404],
    ['for longer than a day', {}, { expiresInMinutes: 1_441 }, 400],
    ['for no time', {}, { expiresInMinutes: 0 }, 400],
    ['to a wallet that there is none of', {}, { paymentInstrumentId: 'payment-instrument-000000000000000' }, 404],
  ])('is not made %s', async (_name, options, json, status) => {
    expect((await link(json, options)).status).toBe(status);
  });
});

describe('a session of the page', () => {
  test('ends by itself, to the millisecond, and when its user says so', async () => {
    const one = (await open(secretOf((await link()).body.walletLink.url)))!;
    now += WALLET_PAGE_LIFE_MS - 1;
    expect(await find(one.token)).not.toBeNull();
    now += 1;
    expect(await find(one.token)).toBeNull();

    const two = (await open(secretOf((await link()).body.walletLink.url)))!;
    await closeWalletPage(walletLinks(), two.token);
    expect(await find(two.token)).toBeNull();
    await closeWalletPage(walletLinks(), two.token);
  });

  test('is no link, and a link is no session', async () => {
    const secret = secretOf((await link()).body.walletLink.url);
    expect(await find(secret)).toBeNull();
    const { token } = (await open(secret))!;
    expect(await open(token)).toBeNull();
  });
});

describe('what the page may ask', () => {
  const ask = (json: object, operation: 'GetWalletOverview' | 'GetPaymentInstrument' | 'CreatePaymentSession') =>
    functions.call<{ walletOverview?: object; __type?: string }>(operation, {
      json,
      event: {
        resource: `/oauth${PATHS[operation]}`,
        path: `/oauth${PATHS[operation]}`,
        headers: {},
        requestContext: {
          requestId: '11111111-2222-3333-4444-555555555555',
          authorizer: {
            walletPage: JSON.stringify({
              paymentManagerArn: tenant.paymentManagerArn,
              paymentInstrumentId: tenant.paymentInstrumentId,
              userId: 'user-1',
              agentName: 'shopper',
            }),
          },
        },
      },
    });
  const PATHS = {
    GetWalletOverview: '/bursar/getWalletOverview',
    GetPaymentInstrument: '/payments/getPaymentInstrument',
    CreatePaymentSession: '/payments/createPaymentSession',
  };

  test('is about its wallet, whether it names that or not', async () => {
    const { paymentManagerArn, paymentInstrumentId } = tenant;
    for (const json of [{}, { paymentInstrumentId }, { paymentManagerArn, paymentInstrumentId }]) {
      expect((await ask(json, 'GetPaymentInstrument')).status).toBe(200);
    }
  });

  test('is never about another wallet, of the same user or another manager', async () => {
    const other = await createTenant(functions);
    const { paymentInstrumentId, paymentManagerArn } = other;
    for (const json of [{ paymentInstrumentId }, { paymentManagerArn }, { paymentInstrumentId, paymentManagerArn }]) {
      const { status, body } = await ask(json, 'GetPaymentInstrument');
      expect([status, body.__type]).toEqual([404, 'ResourceNotFoundException']);
    }
  });

  test('is nothing that opens budgets, were it to get through the gateway', async () => {
    const { status, body } = await ask({ expiryTimeInMinutes: 60 }, 'CreatePaymentSession');
    expect([status, body.__type]).toEqual([403, 'AccessDeniedException']);
  });

  test('shows budgets within which this wallet may pay, and how much policies allow', async () => {
    const { paymentManagerArn, paymentInstrumentId } = tenant;
    const policy = {
      version: 1,
      rules: [
        { kind: 'perPayment', max: '1.00' },
        { kind: 'window', of: 'user', every: 'day', max: '5.00', timeZone: 'UTC' },
        { kind: 'pinPayee' },
      ],
    };
    await functions.call('PutDataPolicy', { json: { scope: 'user', paymentManagerArn, policy } });
    const session = (pinnedTo?: object) =>
      functions.call('CreatePaymentSession', {
        json: { paymentManagerArn, expiryTimeInMinutes: 60, ...(pinnedTo === undefined ? {} : { pinnedTo }) },
      });
    await session({ paymentInstrumentId, agentName: 'shopper' });
    const other = await functions.call<{ paymentInstrument: { paymentInstrumentId: string } }>(
      'CreatePaymentInstrument',
      { json: instrumentRequest(tenant) },
    );
    await session({ paymentInstrumentId: other.body.paymentInstrument.paymentInstrumentId });
    const { body } = await ask({}, 'GetWalletOverview');
    const money = (value: string) => ({ value, currency: 'USD' });
    expect(body.walletOverview).toEqual({
      paymentInstrumentId,
      application: { name: expect.any(String) as string },
      agentName: 'shopper',
      networks: [{ network: 'eip155:84532', chain: 'BASE_SEPOLIA', testnet: true }],
      sessions: [
        {
          paymentSessionId: expect.any(String) as string,
          expiresAt: expect.any(String) as string,
          limits: { maxSpendAmount: money('10.00') },
          availableLimits: { availableSpendAmount: money('10.00') },
          agentName: 'shopper',
        },
        {
          paymentSessionId: tenant.paymentSessionId,
          expiresAt: expect.any(String) as string,
          limits: { maxSpendAmount: money('10.00') },
          availableLimits: { availableSpendAmount: money('10.00') },
        },
      ],
      spendLimits: [
        { scope: 'user', kind: 'perPayment', maxUsd: '1.00' },
        { scope: 'user', kind: 'window', of: 'user', every: 'day', maxUsd: '5.00' },
      ],
    });
  });

  test('is asked by nobody with a token that manages nothing', async () => {
    const claims: VerifiedClaims = { iss: 'https://issuer.example', sub: 'user-1', exp: 4_000_000_000 };
    const { paymentManagerArn, paymentInstrumentId } = tenant;
    const json = { paymentManagerArn, paymentInstrumentId };
    expect((await functions.call('GetWalletOverview', { json, claims })).status).not.toBe(200);
  });
});
