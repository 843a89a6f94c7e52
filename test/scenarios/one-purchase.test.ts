import { createServer } from 'node:http';
import { BedrockAgentCoreClient, ProcessPaymentCommand, ValidationException } from '@aws-sdk/client-bedrock-agentcore';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAuthorizationState } from '../../lib/chains/evm/authorization-state.ts';
import { createPayingFetch, PurchaseError, type PaidResponse } from '../../lib/client/index.ts';
import { createJsonRpc } from '../../lib/client/fetch/json-rpc.ts';
import { toPurchaseToken } from '../../lib/client/purchase/purchase-token.ts';
import { close, listen } from '../../lib/local/loopback/server.ts';
import { base64, makeEntry } from '../client/script.ts';
import { clientOf, newUser, openSession, openWallet, sellerOf, withStack, type Wallet } from './scene.ts';

const scene = withStack();

/** Asks a unit more each time, takes every proof, and cuts the connection; an honest one delivers. */
const nonces = new Set<string>();
let price = 500_000;
let isHonest = false;
const seller = createServer((request, response) => {
  const proof = request.headers['payment-signature'];
  if (typeof proof === 'string') {
    nonces.add(JSON.parse(Buffer.from(proof, 'base64').toString()).payload.authorization.nonce);
    if (isHonest) response.end('the report');
    else request.socket.destroy();
    return;
  }
  const accepts = [makeEntry(2, { amount: `${price}` })];
  if (!isHonest) price += 1;
  response.writeHead(402, { 'payment-required': base64({ x402Version: 2, accepts }) }).end();
});
let url = '';
beforeAll(async () => {
  url = `http://127.0.0.1:${await listen(seller, 0)}/report`;
});
afterAll(() => close(seller));

interface Buyer {
  readonly userId: string;
  readonly wallet: Wallet;
}

async function openBuyer(): Promise<Buyer> {
  nonces.clear();
  isHonest = false;
  const userId = newUser();
  return { userId, wallet: await openWallet(scene.stack, userId, 'SeedVault') };
}

/** One call by a process of its own, which remembers nothing of any other. */
async function buy(
  { userId, wallet }: Buyer,
  paymentSessionId: string,
  purchaseId: string,
): Promise<PaidResponse | PurchaseError> {
  const { paymentManagerArn } = scene.stack.info;
  const fetchPaid = createPayingFetch({
    client: clientOf(scene.stack, 'processPayment'),
    session: { paymentManagerArn, paymentSessionId, userId },
    instrument: { paymentInstrumentId: wallet.instrumentId },
  });
  try {
    return await fetchPaid(url, { purchaseId });
  } catch (error) {
    if (error instanceof PurchaseError) return error;
    throw error;
  }
}

async function receiptsOf({ userId }: Buyer): Promise<readonly string[]> {
  const { paymentManagerArn } = scene.stack.info;
  const { payments } = await clientOf(scene.stack, 'management').call(
    'ListPayments',
    { paymentManagerArn },
    { userId },
  );
  return payments.map(({ decision, amountUsd }) => `${decision} ${amountUsd}`);
}

describe('a purchase is one payment', () => {
  test('whatever a hostile seller asks, in two sessions, by AWS’s SDK as well', { timeout: 60_000 }, async () => {
    const { stack } = scene;
    price = 500_000;
    const buyer = await openBuyer();
    const sessions = [await openSession(stack, buyer.userId, '10.00'), await openSession(stack, buyer.userId, '10.00')];
    for (let attempt = 0; attempt < 10; attempt += 1) {
      const outcome = await buy(buyer, sessions[attempt % 2]!, 'report-1');
      expect(outcome).toMatchObject({ name: 'PurchaseError', mayHavePaid: true });
    }
    const { endpoint, region, credentials, paymentManagerArn } = stack.info;
    const signing = { signingName: 'execute-api' };
    const aws = new BedrockAgentCoreClient({
      endpoint,
      region,
      credentials: credentials.processPayment,
      ...signing,
    });
    const repeat = new ProcessPaymentCommand({
      paymentManagerArn,
      userId: buyer.userId,
      paymentSessionId: sessions[0]!,
      paymentInstrumentId: buyer.wallet.instrumentId,
      paymentType: 'CRYPTO_X402',
      paymentInput: { cryptoX402: { version: '2', payload: makeEntry(2, { amount: `${price}` }) as never } },
      clientToken: await toPurchaseToken('report-1', 0),
    });
    await expect(aws.send(repeat)).rejects.toThrow(ValidationException);
    aws.destroy();
    isHonest = true;
    const delivered = await buy(buyer, sessions[1]!, 'report-1');
    expect(delivered).toMatchObject({ status: 200, payment: { offer: { amountUsd: '0.50' } } });
    expect(nonces.size).toBe(1);
    expect(await receiptsOf(buyer)).toEqual(['PAID 0.50']);
  });

  test(
    'found by a process that knows neither the denial before it nor the session of it',
    { timeout: 60_000 },
    async () => {
      price = 500_000;
      const buyer = await openBuyer();
      isHonest = true;
      const [small, large] = [
        await openSession(scene.stack, buyer.userId, '0.10'),
        await openSession(scene.stack, buyer.userId, '10.00'),
      ];
      expect(await buy(buyer, small, 'report-2')).toMatchObject({ code: 'bursar:budget_exceeded', mayHavePaid: false });
      for (const session of [large, small, large]) {
        expect(await buy(buyer, session, 'report-2')).toMatchObject({ status: 200 });
      }
      expect(nonces.size).toBe(1);
      expect(await receiptsOf(buyer)).toEqual(['PAID 0.50', 'DENIED 0.50']);
    },
  );
});

test('the chain tells a proof that was settled from one that is dead, and from one that may still be used', async () => {
  const { stack } = scene;
  const { userId, wallet } = await openBuyer();
  await stack.chain.mint(wallet.address, 5_000_000n);
  const { paymentManagerArn, chains } = stack.info;
  const proofs: string[] = [];
  const fetchPaid = createPayingFetch({
    client: clientOf(stack, 'processPayment'),
    session: { paymentManagerArn, paymentSessionId: await openSession(stack, userId, '5.00'), userId },
    instrument: { paymentInstrumentId: wallet.instrumentId },
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const proof = request.headers.get('payment-signature') ?? request.headers.get('x-payment');
      if (proof !== null) proofs.push(proof);
      return fetch(request);
    },
  });
  const { payment } = await fetchPaid(sellerOf(stack, 'weather').url);
  expect(payment?.settlement?.success).toBe(true);
  const { nonce } = JSON.parse(Buffer.from(proofs[0]!, 'base64').toString()).payload.authorization;
  const { rpcUrl, usdc } = chains[payment!.offer.network]!;
  const rpc = createJsonRpc(rpcUrl, { fetch, signal: new AbortController().signal });
  const read = (of: string, validBefore: number) =>
    readAuthorizationState(rpc, {
      token: usdc as `0x${string}`,
      from: wallet.address,
      nonce: of as `0x${string}`,
      validBefore,
    });
  const unused = `0x${'9'.repeat(64)}`;
  const farAhead = Math.floor(Date.now() / 1_000) + 86_400;
  expect([await read(nonce, farAhead), await read(unused, 1), await read(unused, farAhead)]).toEqual([
    'used',
    'dead',
    'open',
  ]);
});
