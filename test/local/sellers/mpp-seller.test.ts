import { Mppx } from 'mppx/client';
import { evm } from 'mppx/evm/client';
import type { Hex } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startChain, type LocalChain } from '../../../lib/local/chain/index.ts';
import { startFacilitator } from '../../../lib/local/sellers/facilitator.ts';
import { startSellers, type LocalSellers } from '../../../lib/local/sellers/index.ts';

let chain: LocalChain;
let sellers: LocalSellers;
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  opened.push((chain = await startChain({ dataDir: null, env: {} })));
  const facilitator = await startFacilitator(chain);
  opened.push(facilitator, (sellers = await startSellers(chain, facilitator)));
});
afterAll(async () => {
  for (const each of opened.toReversed()) await each.close();
});

const PRICE = 20_000n;
const sellerByMpp = () => sellers.sellers.find(({ paidBy }) => paidBy === 'mpp')!;

/** The official buyer. */
function buyer(account: number) {
  const signer = chain.devAccount(account);
  const method = evm({ account: signer, authorization: { name: 'USDC', version: '2' } });
  return { address: signer.address, client: Mppx.create({ methods: [method], polyfill: false }) };
}

test('the seller by MPP asks by MPP alone, and for the price that it is listed with', async () => {
  const { url, price, payTo } = sellerByMpp();
  const response = await fetch(url);
  expect(response.status).toBe(402);
  expect(response.headers.get('payment-required')).toBeNull();
  const request = /request="([^"]+)"/.exec(response.headers.get('www-authenticate') ?? '')?.[1] ?? '';
  expect(JSON.parse(Buffer.from(request, 'base64url').toString())).toMatchObject({
    amount: `${PRICE}`,
    recipient: payTo,
  });
  expect(price).toBe('0.02');
});

test('the seller by MPP delivers to the official buyer once its payment is on the chain', async () => {
  const { url, payTo } = sellerByMpp();
  const { address, client } = buyer(21);
  await chain.mint(address, PRICE);
  const before = await chain.balanceOf(payTo);
  const response = await client.fetch(url);
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ forecast: expect.any(String) as string });
  const receipt = JSON.parse(Buffer.from(response.headers.get('payment-receipt') ?? '', 'base64url').toString()) as {
    readonly status: string;
    readonly reference: Hex;
  };
  expect(receipt.status).toBe('success');
  expect(await chain.transfersOf(receipt.reference)).toEqual([{ from: address, to: payTo, amount: PRICE }]);
  expect(await chain.balanceOf(payTo)).toBe(before + PRICE);
});

test('the seller by MPP delivers nothing to a buyer who has one unit too little, and nothing moves', async () => {
  const { url, payTo } = sellerByMpp();
  const { address, client } = buyer(22);
  await chain.mint(address, PRICE - 1n);
  const [before, block] = [await chain.balanceOf(payTo), await chain.blockNumber()];
  const response = await client.fetch(url).catch((error: unknown) => error as { readonly status?: number });
  expect(response.status).not.toBe(200);
  expect(await chain.balanceOf(payTo)).toBe(before);
  expect(await chain.balanceOf(address)).toBe(PRICE - 1n);
  expect(await chain.blockNumber()).toBe(block);
});
