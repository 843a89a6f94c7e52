import { createServer } from 'node:http';
import { HTTPFacilitatorClient, x402HTTPResourceServer, x402ResourceServer } from '@x402/core/server';
import { ExactEvmScheme } from '@x402/evm/exact/server';
import { paymentMiddlewareFromHTTPServer } from '@x402/express';
import { declareEip2612GasSponsoringExtension, declareErc20ApprovalGasSponsoringExtension } from '@x402/extensions';
import express from 'express';
import { createPublicClient, erc20Abi, http } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PERMIT2 } from '../../../../lib/chains/evm/addresses.ts';
import { createPayingFetch } from '../../../../lib/client/index.ts';
import { LOOPBACK } from '../../../../lib/domain/loopback.ts';
import { close, listen } from '../../../../lib/local/loopback/server.ts';
import { clientOf, newUser, openWallet, withStack, type Wallet } from '../../../scenarios/scene.ts';

// A seller of the official packages whose facilitator pays for the approval, and wallets that have approved nothing.

const scene = withStack();
const PRICE = 30_000n;
const PAYEE_ACCOUNT = 71;
const NETWORK = 'eip155:84532';
const opened: { close(): Promise<void> }[] = [];
afterAll(async () => {
  for (const each of opened) await each.close();
});

/** @param declared what the seller says of sponsoring */
async function sell(declared: Record<string, unknown>): Promise<string> {
  const { chain, info } = scene.stack;
  const server = new x402ResourceServer(new HTTPFacilitatorClient({ url: info.facilitator }));
  server.register(NETWORK, new ExactEvmScheme());
  const price = {
    amount: `${PRICE}`,
    asset: chain.usdc,
    extra: { name: 'USDC', version: '2', assetTransferMethod: 'permit2' },
  };
  const payTo = chain.devAccount(PAYEE_ACCOUNT).address;
  const sale = new x402HTTPResourceServer(server, {
    '/report': { accepts: [{ scheme: 'exact', price, network: NETWORK, payTo }], extensions: declared },
  });
  await sale.initialize();
  const app = express();
  app.use(paymentMiddlewareFromHTTPServer(sale, undefined, undefined, false));
  app.get('/report', (_request, response) => void response.json({ goods: 'delivered' }));
  const listening = createServer(app);
  const port = await listen(listening, 0);
  opened.push({ close: () => close(listening) });
  return `http://${LOOPBACK}:${port}/report`;
}

interface Buyer {
  readonly userId: string;
  readonly wallet: Wallet;
  readonly sessionId: string;
}

async function openBuyer(connector: Wallet['connector'], isAllowed = true): Promise<Buyer> {
  const { stack } = scene;
  const userId = newUser();
  const wallet = await openWallet(stack, userId, connector);
  await stack.chain.mint(wallet.address, 1_000_000n);
  const { paymentSession } = await clientOf(stack, 'management').call(
    'CreatePaymentSession',
    {
      paymentManagerArn: stack.info.paymentManagerArn,
      expiryTimeInMinutes: 60,
      limits: { maxSpendAmount: { value: '1.00', currency: 'USD' } },
      ...(isAllowed ? { walletApprovals: { allowed: true } } : {}),
    },
    { userId },
  );
  return { userId, wallet, sessionId: paymentSession.paymentSessionId };
}

function payAs({ userId, wallet, sessionId }: Buyer, send: typeof fetch = fetch) {
  const { stack } = scene;
  return createPayingFetch({
    client: clientOf(stack, 'processPayment'),
    session: { paymentManagerArn: stack.info.paymentManagerArn, paymentSessionId: sessionId, userId },
    instrument: { paymentInstrumentId: wallet.instrumentId },
    fetch: send,
  });
}

const allowanceOf = ({ wallet }: Buyer) =>
  createPublicClient({ transport: http(scene.stack.chain.rpcUrl) }).readContract({
    address: scene.stack.chain.usdc,
    abi: erc20Abi,
    functionName: 'allowance',
    args: [wallet.address, PERMIT2],
  });
const payeeBalance = () => scene.stack.chain.balanceOf(scene.stack.chain.devAccount(PAYEE_ACCOUNT).address);

let url: string;
beforeAll(async () => {
  url = await sell(declareEip2612GasSponsoringExtension());
}, 60_000);

test.each(['SeedVault', 'AwsKms'] as const)(
  'a wallet of %s that approved nothing and has no gas pays the price, again and again, and nothing stays approved',
  async (connector) => {
    const buyer = await openBuyer(connector);
    for (let purchase = 0; purchase < 3; purchase += 1) {
      const [payee, payer] = [await payeeBalance(), await scene.stack.chain.balanceOf(buyer.wallet.address)];
      const response = await payAs(buyer)(url);
      expect([response.status, response.payment?.settlement?.success]).toEqual([200, true]);
      expect(await payeeBalance()).toBe(payee + PRICE);
      expect(await scene.stack.chain.balanceOf(buyer.wallet.address)).toBe(payer - PRICE);
      expect(await allowanceOf(buyer)).toBe(0n);
    }
  },
);

test('a seller that takes a transaction alone is asked to wait for an approval, and gets none', async () => {
  const other = await sell(declareErc20ApprovalGasSponsoringExtension());
  const refusal = { code: 'bursar:allowance_requested', mayHavePaid: false };
  await expect(payAs(await openBuyer('SeedVault'))(other)).rejects.toMatchObject(refusal);
});

test('a session that allows no approvals signs no permit: the seller asks again, and says why', async () => {
  const buyer = await openBuyer('SeedVault', false);
  const response = await payAs(buyer)(url);
  expect([response.status, response.payment?.reason]).toEqual([412, 'permit2_allowance_required']);
  expect(await allowanceOf(buyer)).toBe(0n);
});

test('a purchase whose first answer was lost presents the same permit again, and is paid once', async () => {
  const buyer = await openBuyer('AwsKms');
  const presented: string[] = [];
  const send: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const proof = request.headers.get('payment-signature');
    if (proof === null) return fetch(request);
    presented.push(proof);
    if (presented.length === 1) throw new TypeError('reset');
    return fetch(request);
  };
  const purchase = { purchaseId: `sponsored-${buyer.userId}` };
  await expect(payAs(buyer, send)(url, purchase)).rejects.toThrow('did not answer');
  const before = await payeeBalance();
  expect((await payAs(buyer, send)(url, purchase)).status).toBe(200);
  expect(presented[1]).toBe(presented[0]);
  expect(await payeeBalance()).toBe(before + PRICE);
});
