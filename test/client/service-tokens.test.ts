import { expect, test, vi } from 'vitest';
import { readServiceTokens } from '../../lib/client/purchase/service-tokens.ts';
import type { PaymentProcessor } from '../../lib/client/index.ts';
import { NETWORKS } from '../../lib/domain/assets.ts';
import { toBaseUnits } from '../../lib/domain/money.ts';
import type { Challenge } from '../../lib/protocols/challenge.ts';

const { id: network, usdc } = NETWORKS[0]!;
const EURC = '0x808456652fdb597867f38412077A9182bf77359F';
const ACME = '0x52908400098527886E0F7030069857D2E4169EE7';
const tokenOf = (address: string, symbol: string) => ({
  network,
  address,
  symbol,
  decimals: 6,
  domain: { name: symbol, version: '2' },
  usdRate: { usd: '1.17', asOf: '2026-11-20' },
  payable: true,
});
const PRICE = toBaseUnits(30_000n);
const buyer = { paymentManagerArn: 'arn', userId: 'ada', paymentSessionId: 's', paymentInstrumentId: 'i' };
const offers = (...assets: readonly unknown[]) =>
  ({ document: { accepts: assets.map((asset) => ({ asset })) }, authenticate: null }) as unknown as Challenge;

function ask(challenge: Challenge, assets: readonly object[] = [tokenOf(EURC, 'EURC'), tokenOf(ACME, 'ACME')]) {
  const listAssets = vi.fn(async () => ({ assets }));
  const { signal } = new AbortController();
  const client = { listAssets } as unknown as PaymentProcessor;
  return { listAssets, signal, tokens: readServiceTokens(client, buyer, { challenge, signal }) };
}

test('nobody is asked where all is in the USDC of a network, however it is spelled, or in nothing that is named', async () => {
  for (const assets of [[usdc.address], [usdc.address.toLowerCase(), usdc.address.toUpperCase()], [], [7]]) {
    const { listAssets, tokens } = ask(offers(...assets));
    expect(await tokens).toBeUndefined();
    expect(listAssets).not.toHaveBeenCalled();
  }
});

test('the service is asked for the user, under the signal of the call, where one offer is in another token', async () => {
  const { listAssets, signal, tokens } = ask(offers(usdc.address, EURC));
  expect(await tokens).toBeDefined();
  expect(listAssets).toHaveBeenCalledExactlyOnceWith({ paymentManagerArn: 'arn', userId: 'ada' }, { signal });
});

test('the service is asked where a seller speaks MPP, whose tokens are not read', async () => {
  const { listAssets, tokens } = ask({ document: null, authenticate: 'Payment id="x"' } as unknown as Challenge);
  expect(await tokens).toBeDefined();
  expect(listAssets).toHaveBeenCalledTimes(1);
});

test('a token is found by network and address, however the address is spelled, and no other is', async () => {
  const find = (await ask(offers(EURC)).tokens)!;
  expect(find(network, ACME.toLowerCase(), PRICE)).toMatchObject({ token: { symbol: 'ACME' }, flaw: null });
  expect(find(network, EURC, PRICE)).toMatchObject({ token: { symbol: 'EURC' }, flaw: null });
  expect(find(network, usdc.address, PRICE)).toBeUndefined();
  expect(find(NETWORKS.at(-1)!.id, EURC, PRICE)).toBeUndefined();
});

test('a service that pays in no other token has none', async () => {
  expect(await ask(offers(EURC), []).tokens).toBeUndefined();
  expect(await ask(offers(EURC), [{ ...tokenOf(EURC, 'EURC'), payable: false }]).tokens).toBeUndefined();
});
