import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findNetwork, NETWORKS } from '../../../lib/domain/assets.ts';
import { parseUsd } from '../../../lib/domain/money.ts';
import { NotNow, type Funding } from '../../../lib/domain/ports/services.ts';
import { createCoinbaseCdpFunding } from '../../../lib/wallets/coinbase-cdp/funding.ts';
import { failureOf } from '../signer-contract.ts';
import { CONNECTOR, makeWallet, startProject, type TestProject } from './project.ts';

let project: TestProject;
let funding: Funding;
let address: `0x${string}`;
beforeEach(async () => {
  project = await startProject();
  funding = createCoinbaseCdpFunding(project.call);
  ({ address } = await makeWallet(project, 'project'));
  project.exchanges.length = 0;
});
afterEach(() => project.close());

const key = { type: 'CoinbaseCDP', connector: CONNECTOR, endUserId: null } as const;
const network = (id: string) => findNetwork(id)!;
const onramp = (id: string, change: object = {}) =>
  funding.openOnramp(key, { address, network: network(id), amount: null, returnUrl: null, ...change });
const faucet = (id: string) => funding.requestTestFunds(key, { address, network: network(id) });
const said = () => JSON.parse(project.exchanges.at(-1)!.body) as object;

describe('an on-ramp', () => {
  test('is a page for the wallet, good for one visit', async () => {
    const url = await onramp('eip155:8453');
    expect(said()).toEqual({ purchaseCurrency: 'USDC', destinationNetwork: 'base', destinationAddress: address });
    expect(await (await fetch(url)).text()).toContain(address);
    expect((await fetch(url)).status).toBe(410);
    expect(await onramp('eip155:8453')).not.toBe(url);
  });

  test('proposes an amount, and leads back', async () => {
    const amount = parseUsd('25.5');
    if (!amount.ok) throw new Error('not an amount');
    const url = await onramp('eip155:137', { amount: amount.value, returnUrl: 'https://app.example.com/?a=<b>' });
    expect(said()).toMatchObject({
      destinationNetwork: 'polygon',
      paymentAmount: '25.50',
      paymentCurrency: 'USD',
      redirectUrl: 'https://app.example.com/?a=<b>',
    });
    const page = await (await fetch(url)).text();
    expect(page).toContain('USD 25.50');
    expect(page).not.toContain('<b>');
  });

  test.each(NETWORKS.filter(({ testnet }) => testnet).map(({ id }) => id))(
    'is refused on %s, a test network',
    async (id) => {
      expect(await failureOf(onramp(id))).toMatchObject({ trouble: 'funding_unavailable' });
      expect(project.exchanges).toEqual([]);
    },
  );

  test('that Coinbase does not open is a refusal that can be told', async () => {
    project.cdp.faults.plan({ fault: { kind: 'status', status: 400, errorType: 'invalid_request' } });
    expect(await failureOf(onramp('eip155:8453'))).toMatchObject({ trouble: 'funding_unavailable' });
  });

  test.each([
    '{}',
    '{"session":{}}',
    '{"session":{"onrampUrl":7}}',
    '{"session":{"onrampUrl":"http://pay.example.com/"}}',
    '{"session":{"onrampUrl":"javascript:alert(1)"}}',
    `{"session":{"onrampUrl":"https://pay.example.com/${'a'.repeat(2_048)}"}}`,
    'not JSON',
  ])('whose page is %.60s is shown to nobody', async (body) => {
    project.cdp.faults.plan({ operation: 'createOnrampSession', fault: { kind: 'body', body } });
    await expect(onramp('eip155:8453')).rejects.toThrow(/named no page/);
  });
});

describe('test money', () => {
  test('is sent to the wallet on a network that Coinbase gives some of', async () => {
    expect(await faucet('eip155:84532')).toMatch(/^0x[0-9a-f]{64}$/);
    expect(said()).toEqual({ network: 'base-sepolia', address, token: 'usdc' });
  });

  test.each(['eip155:8453', 'eip155:1', 'eip155:421614'])('is refused on %s', async (id) => {
    expect(await failureOf(faucet(id))).toMatchObject({ trouble: 'funding_unavailable' });
    expect(project.exchanges).toEqual([]);
  });

  test('has an end for the day, which is told as one to wait for', async () => {
    for (let claim = 0; claim < 10; claim += 1) await faucet('eip155:84532');
    expect(await failureOf(faucet('eip155:84532'))).toBeInstanceOf(NotNow);
  });

  test.each(['{}', '{"transactionHash":"0x12"}', '{"transactionHash":7}'])(
    'of no transaction (%s) is none',
    async (body) => {
      project.cdp.faults.plan({ fault: { kind: 'body', body } });
      await expect(faucet('eip155:84532')).rejects.toThrow(/no transaction/);
    },
  );

  test.each([400, 403])('that Coinbase does not give (%i) is a refusal that can be told', async (status) => {
    project.cdp.faults.plan({ fault: { kind: 'status', status, errorType: 'forbidden' } });
    expect(await failureOf(faucet('eip155:84532'))).toMatchObject({ trouble: 'funding_unavailable' });
  });
});

test('both go with the API key alone, and no wallet token', async () => {
  await onramp('eip155:8453');
  await faucet('eip155:84532');
  expect(project.exchanges.map(({ headers }) => headers['x-wallet-auth'])).toEqual([undefined, undefined]);
});

test('both are of connectors of Coinbase only', async () => {
  const other = { type: 'SeedVault', index: 1 } as never;
  await expect(
    funding.openOnramp(other, { address, network: network('eip155:8453'), amount: null, returnUrl: null }),
  ).rejects.toThrow(/SeedVault/);
});
