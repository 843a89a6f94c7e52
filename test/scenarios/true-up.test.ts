import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { createTestClient, http } from 'viem';
import { expect, test } from 'vitest';
import { createDatabaseClient } from '../../lib/local/database/client.ts';
import { createPayingFetch } from '../../lib/client/index.ts';
import { booksOf, clientOf, newUser, openSession, openWallet, sellerOf, withStack } from './scene.ts';

// What a facilitator took of a ceiling, from the official seller's settlement to the session's budget.

const scene = withStack();
const PERMIT_LIFE_SECONDS = 400;

const chainClient = () => createTestClient({ mode: 'anvil', transport: http(scene.stack.chain.rpcUrl) });
const finalize = () => scene.stack.chain.finalize();

/** `npm run trueup` as an operator types it. */
async function trueUp(): Promise<string> {
  const { services, chain } = scene.stack;
  const database = createDatabaseClient(services.databaseEndpoint);
  const { TableNames = [] } = await database.send(new ListTablesCommand({}));
  const { credentials, region } = database.config;
  const { accessKeyId, secretAccessKey } = await credentials();
  const env = {
    PATH: process.env['PATH'],
    AWS_ENDPOINT_URL_DYNAMODB: services.databaseEndpoint,
    AWS_REGION: await region(),
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
  database.destroy();
  const books = TableNames.find((name) => name.includes('Books'))!;
  const args = ['--books', books, '--network', 'base-sepolia', '--rpc-url', chain.rpcUrl];
  return new Promise((resolve, reject) => {
    const script = join(import.meta.dirname, '../../scripts/true-up.ts');
    execFile(process.execPath, [script, ...args], { env }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`true-up ended with ${error.code}: ${stderr}`));
    });
  });
}

async function openBuyer() {
  const { stack } = scene;
  const userId = newUser();
  const wallet = await openWallet(stack, userId, 'SeedVault');
  await stack.chain.mint(wallet.address, 1_000_000n);
  const sessionId = await openSession(stack, userId, '1.00');
  const { paymentManagerArn } = stack.info;
  const pay = createPayingFetch({
    client: clientOf(stack, 'processPayment'),
    session: { paymentManagerArn, paymentSessionId: sessionId, userId },
    instrument: { paymentInstrumentId: wallet.instrumentId },
  });
  return { wallet, pay, books: () => booksOf(stack, userId, sessionId) };
}

test(
  'the budget ends at what was settled by itself: the sweeper hands the payment over, and a function asks the chain',
  { timeout: 180_000 },
  async () => {
    const { stack } = scene;
    const { url } = sellerOf(stack, 'forecast-upto');
    const buyer = await openBuyer();
    await stack.chain.approvePermit2(buyer.wallet.address, 100_000n);
    expect((await buyer.pay(url)).status).toBe(200);
    // Both passes of a run: the lease of the payment ends between them.
    expect(await stack.services.runSchedule('sweep-reservations')).toMatchObject({ status: 'succeeded' });
    expect(await buyer.books()).toMatchObject({ spent: '0.05', available: '0.95' });
    await stack.chain.finalize();
    expect(await stack.services.runSchedule('true-up')).toMatchObject({
      payload: { visited: 1, closed: 1, failed: 0, givenBackUsd: '0.038' },
    });
    expect(await buyer.books()).toMatchObject({ spent: '0.012', reserved: '0.00', available: '0.988' });
    expect(await stack.services.runSchedule('true-up')).toMatchObject({ payload: { visited: 0 } });
  },
);

test(
  'the budget ends at what was settled, whoever asks, and at nothing for a payment that died',
  { timeout: 120_000 },
  async () => {
    const { stack } = scene;
    const { url, payTo } = sellerOf(stack, 'forecast-upto');
    const [buyer, other] = [await openBuyer(), await openBuyer()];
    await stack.chain.approvePermit2(buyer.wallet.address, 100_000n);
    const before = await stack.chain.balanceOf(payTo);
    expect((await buyer.pay(url)).status).toBe(200);
    expect(await stack.chain.balanceOf(payTo)).toBe(before + 12_000n);
    // Never approved, so that it is never settled.
    expect((await other.pay(url)).status).toBe(412);
    for (const { books } of [buyer, other]) expect(await books()).toMatchObject({ spent: '0.05', available: '0.95' });

    expect(await trueUp()).toContain('USD 0.00 came back of 0 payments; 2 are not final');
    await finalize();
    const both = await Promise.all([trueUp(), trueUp()]);
    expect(both.join()).toContain('USD 0.038 came back');
    expect(await buyer.books()).toMatchObject({ spent: '0.012', reserved: '0.00', available: '0.988' });
    expect(await other.books()).toMatchObject({ spent: '0.05', available: '0.95' });

    await chainClient().increaseTime({ seconds: PERMIT_LIFE_SECONDS });
    await finalize();
    await chainClient().mine({ blocks: 1 });
    expect(await trueUp()).toContain('USD 0.05 came back of 1 payments; 0 are not final');
    expect(await other.books()).toMatchObject({ spent: '0.00', available: '1.00' });
    expect(await trueUp()).toContain('USD 0.00 came back of 0 payments');
  },
);
