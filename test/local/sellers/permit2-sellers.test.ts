import { x402Client } from '@x402/core/client';
import { decodePaymentResponseHeader } from '@x402/core/http';
import { ExactEvmScheme } from '@x402/evm/exact/client';
import { UptoEvmScheme } from '@x402/evm/upto/client';
import { wrapFetchWithPayment } from '@x402/fetch';
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

const sellerOf = (name: string) => sellers.sellers.find((each) => each.name === name)!;

/** The official buyer of both schemes. It would refuse what it does not know by default. */
function buyer(account: number) {
  const signer = chain.devAccount(account);
  const client = new x402Client()
    .register('eip155:84532', new ExactEvmScheme(signer))
    .register('eip155:84532', new UptoEvmScheme(signer));
  client.setSpendControls(false);
  return { address: signer.address, pay: wrapFetchWithPayment(fetch, client) };
}

test.each([
  ['forecast-permit2', 21, 30_000n, 30_000n],
  ['forecast-upto', 22, 50_000n, 12_000n],
])(
  '%s is sold to the official buyer who approved Permit2, and takes what it settles',
  async (name, account, most, taken) => {
    const { url, payTo } = sellerOf(name);
    const { address, pay } = buyer(account);
    await chain.mint(address, 100_000n);
    await chain.approvePermit2(address, most);
    const before = await chain.balanceOf(payTo);
    const response = await pay(url);
    expect(response.status).toBe(200);
    const settlement = decodePaymentResponseHeader(response.headers.get('payment-response') ?? '');
    expect(settlement).toMatchObject({ success: true, payer: address });
    expect(await chain.transfersOf(settlement.transaction as Hex)).toEqual([
      { from: address, to: payTo, amount: taken },
    ]);
    expect(await chain.balanceOf(payTo)).toBe(before + taken);
  },
);

test.each([
  ['forecast-permit2', 23],
  ['forecast-upto', 24],
])('%s refuses a buyer who approved nothing, says why, and nothing moves', async (name, account) => {
  const { url, payTo } = sellerOf(name);
  const { address, pay } = buyer(account);
  await chain.mint(address, 100_000n);
  const before = await chain.balanceOf(payTo);
  const response = await pay(url);
  expect(response.status).toBe(412);
  const required = JSON.parse(Buffer.from(response.headers.get('payment-required') ?? '', 'base64').toString());
  expect(required.error).toBe('permit2_allowance_required');
  expect(await chain.balanceOf(payTo)).toBe(before);
});
