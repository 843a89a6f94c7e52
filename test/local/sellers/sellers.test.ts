import { createServer } from 'node:net';
import { x402Client, x402HTTPClient } from '@x402/core/client';
import { decodePaymentResponseHeader } from '@x402/core/http';
import { ExactEvmScheme } from '@x402/evm/exact/client';
import { ExactEvmSchemeV1 } from '@x402/evm/exact/v1/client';
import { wrapFetchWithPayment } from '@x402/fetch';
import { parseUnits, type Hex } from 'viem';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { parseUsd } from '../../../lib/domain/money.ts';
import { floorToSeconds, toEpochMs, toEpochSeconds } from '../../../lib/domain/time.ts';
import { startChain, type LocalChain } from '../../../lib/local/chain/index.ts';
import { LOCAL_TOKENS } from '../../../lib/local/chain/tokens.ts';
import { startFacilitator, type LocalFacilitator } from '../../../lib/local/sellers/facilitator.ts';
import { GOODS } from '../../../lib/local/sellers/goods.ts';
import { startSellers, type LocalSellers, type Seller } from '../../../lib/local/sellers/index.ts';
import { parsePaymentRequired } from '../../../lib/protocols/x402/payment-required.ts';
import { chooseOffer, digestOf, presentProof } from '../../support/x402.ts';
import { close, listen } from '../../../lib/local/loopback/server.ts';

let chain: LocalChain;
let facilitator: LocalFacilitator;
let sellers: LocalSellers;
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  opened.push((chain = await startChain({ dataDir: null, env: {} })));
  opened.push((facilitator = await startFacilitator(chain)));
  opened.push((sellers = await startSellers(chain, facilitator)));
});
afterAll(async () => {
  for (const each of opened.toReversed()) await each.close();
});

function seller(name: string): Seller {
  const found = sellers.sellers.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no seller ${name}`);
  return found;
}

/** The official buyer, of both versions. */
function buyer(account: number) {
  const signer = chain.devAccount(account);
  const client = new x402Client()
    .register('eip155:84532', new ExactEvmScheme(signer))
    .registerV1('base-sepolia', new ExactEvmSchemeV1(signer));
  // It would refuse more than a dollar.
  client.setSpendControls(false);
  return { address: signer.address, client, pay: wrapFetchWithPayment(fetch, client) };
}

async function priceOf({ url, protocolVersion }: Seller) {
  const response = await fetch(url);
  const challenge = parsePaymentRequired({ headers: response.headers, body: await response.text() });
  if (!challenge.ok || challenge.value === null) throw new Error(`${url} asks for nothing`);
  const chosen = chooseOffer(challenge.value, { requestedUrl: url });
  if (!chosen.ok) throw new Error(chosen.error.message);
  expect(`${protocolVersion}`).toBe(challenge.value.version);
  return { status: response.status, ...chosen.value };
}

interface FacilitatorAnswer {
  readonly isValid?: boolean;
  readonly success?: boolean;
  readonly transaction?: Hex;
}

async function ask(path: 'verify' | 'settle', body: unknown): Promise<FacilitatorAnswer> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${facilitator.url}/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  return (await response.json()) as FacilitatorAnswer;
}

describe('the sellers', () => {
  test('ask for the prices of the story, in both versions', async () => {
    const others = new Set(
      GOODS.filter(({ token, paidBy }) => token !== undefined || paidBy === 'mpp').map(({ name }) => name),
    );
    const inUsdc = sellers.sellers.filter(({ name }) => !others.has(name));
    const asked = await Promise.all(
      inUsdc.map(async (each) => {
        const { status, offer } = await priceOf(each);
        expect(offer.payTo).toBe(each.payTo);
        expect(status).toBe(402);
        return [each.name, offer.version, each.price, offer.amount];
      }),
    );
    expect(asked).toEqual([
      ['market-data', '2', '0.50', 500_000n],
      ['research-papers', '1', '1.20', 1_200_000n],
      ['analyst-report', '2', '0.80', 800_000n],
      ['full-archive', '2', '9.00', 9_000_000n],
      ['weather', '2', '0.01', 10_000n],
      ['weather-v1', '1', '0.01', 10_000n],
      ['forecast-permit2', '2', '0.03', 30_000n],
      ['forecast-upto', '2', '0.05', 50_000n],
      ['facts', '2', '0.01', 10_000n],
    ]);
    expect(new Set(sellers.sellers.map(({ payTo }) => payTo)).size).toBe(GOODS.length);
  });

  test('are there for nothing, and sell facts on any topic for a cent', async () => {
    const { origin } = new URL(sellers.sellers[0]!.url);
    const health = await fetch(`${origin}/health`);
    const fact = await fetch(`${origin}/facts?topic=space`);

    expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }]);
    expect(fact.status).toBe(402);
    expect(sellers.sellers.find(({ name }) => name === 'facts')).toMatchObject({ price: '0.01', protocolVersion: 2 });
  });

  test.each(['forecast-eurc', 'forecast-acme'])('ask for %s in the token of the local chain', async (name) => {
    const { symbol, amount } = GOODS.find((each) => each.name === name)!.token!;
    const { address, decimals, name: domainName } = LOCAL_TOKENS[symbol];
    const response = await fetch(seller(name).url);
    const document = Buffer.from(response.headers.get('payment-required')!, 'base64').toString();
    const { accepts } = JSON.parse(document) as { accepts: object[] };
    const units = `${parseUnits(amount, decimals)}`;
    expect(accepts).toMatchObject([{ asset: address, amount: units, extra: { name: domainName, version: '2' } }]);
  });

  test('listen on loopback only', () => {
    const hosts = [facilitator.url, ...sellers.sellers.map(({ url }) => url)].map((url) => new URL(url).hostname);
    expect(new Set(hosts)).toEqual(new Set(['127.0.0.1']));
  });

  test.each([
    ['market-data', 21],
    ['research-papers', 22],
    ['weather', 23],
    ['weather-v1', 24],
  ])('deliver %s to the official buyer once its payment is on the chain', async (name, account) => {
    const { url, payTo, price, protocolVersion } = seller(name);
    const amount = microUsd(price);
    const { address, pay } = buyer(account);
    await chain.mint(address, amount);
    const before = await chain.balanceOf(payTo);

    const response = await pay(url);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject(expect.any(Object));
    const header = protocolVersion === 2 ? 'payment-response' : 'x-payment-response';
    const settlement = decodePaymentResponseHeader(response.headers.get(header) ?? '');
    expect(settlement).toMatchObject({ success: true, payer: address });
    expect(await chain.transfersOf(settlement.transaction as Hex)).toEqual([{ from: address, to: payTo, amount }]);
    expect(await chain.balanceOf(payTo)).toBe(before + amount);
    expect(await chain.balanceOf(address)).toBe(0n);
  });

  test.each([
    ['weather', 25],
    ['weather-v1', 26],
  ])('refuse %s to a buyer who has one unit too little, and nothing moves', async (name, account) => {
    const { url, payTo, price } = seller(name);
    const { address, pay } = buyer(account);
    await chain.mint(address, microUsd(price) - 1n);
    const [before, block] = [await chain.balanceOf(payTo), await chain.blockNumber()];

    const response = await pay(url);
    expect(response.status).toBe(402);
    expect(await chain.balanceOf(payTo)).toBe(before);
    expect(await chain.balanceOf(address)).toBe(microUsd(price) - 1n);
    expect(await chain.blockNumber()).toBe(block);
  });

  test('refuse a payment that was made already', async () => {
    const { url, payTo } = seller('weather');
    const { address, client } = buyer(27);
    await chain.mint(address, 20_000n);
    const http = new x402HTTPClient(client);
    const response = await fetch(url);
    const required = http.getPaymentRequiredResponse((name) => response.headers.get(name), await response.json());
    const headers = http.encodePaymentSignatureHeader(await http.createPaymentPayload(required));
    const before = await chain.balanceOf(payTo);
    expect((await fetch(url, { headers })).status).toBe(200);
    expect((await fetch(url, { headers })).status).toBe(402);
    expect(await chain.balanceOf(payTo)).toBe(before + 10_000n);
    expect(await chain.balanceOf(address)).toBe(10_000n);
  });

  test('are all paid when many buy at once', async () => {
    const buyers = Array.from({ length: 12 }, (_, index) => buyer(40 + index));
    await Promise.all(buyers.map(({ address }) => chain.mint(address, 10_000n)));
    const responses = await Promise.all(
      buyers.map(({ pay }, index) => pay(seller(index % 2 === 0 ? 'weather' : 'weather-v1').url)),
    );
    expect(responses.map(({ status }) => status)).toEqual(buyers.map(() => 200));
    expect(await Promise.all(buyers.map(({ address }) => chain.balanceOf(address)))).toEqual(buyers.map(() => 0n));
  });
});

describe('the facilitator', () => {
  const sign = async (name: string, from: number, signedBy: number) => {
    const { entry, offer } = await priceOf(seller(name));
    const now = floorToSeconds(toEpochMs(Date.now()));
    const terms = {
      from: chain.devAccount(from).address,
      nonce: `0x${from.toString(16).padStart(64, '0')}` as const,
      validAfter: toEpochSeconds(now - 60),
      validBefore: toEpochSeconds(now + offer.maxTimeoutSeconds),
    };
    const digest = `0x${Buffer.from(digestOf(offer, terms)).toString('hex')}` as const;
    const payload = presentProof(offer, terms, await chain.devAccount(signedBy).sign({ hash: digest }));
    const x402Version = Number(offer.version);
    const envelope =
      x402Version === 2 ? { accepted: entry, payload } : { scheme: 'exact', network: 'base-sepolia', payload };
    return {
      offer,
      terms,
      body: { x402Version, paymentPayload: { x402Version, ...envelope }, paymentRequirements: entry },
    };
  };

  test.each([
    ['analyst-report', 70],
    ['research-papers', 71],
  ])('verifies and settles a proof that Bursar made for %s', async (name, account) => {
    const { offer, terms, body } = await sign(name, account, account);
    await chain.mint(terms.from, offer.amount);
    expect(await ask('verify', body)).toMatchObject({ isValid: true, payer: terms.from });
    const settled = await ask('settle', body);
    expect(settled).toMatchObject({ success: true });
    expect(await chain.transfersOf(settled.transaction ?? '0x')).toEqual([
      { from: terms.from, to: offer.payTo, amount: offer.amount },
    ]);
  });

  test.each([
    ['analyst-report', 72],
    ['research-papers', 73],
  ])('refuses a proof for %s that another key signed, and nothing moves', async (name, account) => {
    const { offer, terms, body } = await sign(name, account, account + 10);
    await chain.mint(terms.from, offer.amount);
    expect(await ask('verify', body)).toMatchObject({ isValid: false });
    expect(await ask('settle', body)).toMatchObject({ success: false });
    expect(await chain.balanceOf(terms.from)).toBe(offer.amount);
  });

  test.each(['null', '{}', '{"paymentPayload":{"x402Version":2}}', '{'])(
    'answers %s with an error and without its reason',
    async (body) => {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${facilitator.url}/settle`, { method: 'POST', headers, body });
      expect(response.ok).toBe(false);
      expect(await response.json()).toEqual({ error: 'the request could not be processed' });
    },
  );

  test('is missed when sellers start without it', async () => {
    // The official package also prints it.
    onTestFinished(() => void vi.restoreAllMocks());
    vi.spyOn(console, 'warn').mockReturnValue();
    const gone = await startFacilitator(chain);
    await gone.close();
    await expect(startSellers(chain, gone)).rejects.toThrow('facilitator');
  });

  test('refuses a port that is taken', async () => {
    const squatter = createServer();
    const port = await listen(squatter, 0);
    await expect(startFacilitator(chain, { port })).rejects.toThrow(`port ${port} is taken`);
    await expect(startSellers(chain, facilitator, { port })).rejects.toThrow(`port ${port} is taken`);
    await close(squatter);
  });
});

function microUsd(text: string): bigint {
  const parsed = parseUsd(text);
  if (!parsed.ok) throw new Error(`not a price: ${text}`);
  return parsed.value;
}
