import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { BursarError, type ProcessPaymentOutput } from '../../lib/client/index.ts';
import { startStack, type LocalStack } from '../../lib/local/stack.ts';
import {
  askSeller,
  booksOf,
  clientOf,
  newToken,
  newUser,
  openSession,
  openWallet,
  paymentOf,
  sendPayment,
  sendProof,
  startQuietly,
  type Terms,
  type Wallet,
} from './scene.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'bursar-restart-'));
/** The one that runs now; a restart replaces it. */
let running: LocalStack | null = null;
afterAll(async () => {
  await running?.close();
  rmSync(dataDir, { recursive: true, force: true });
});

interface Buyer {
  readonly userId: string;
  readonly wallet: Wallet;
  readonly sessionId: string;
  readonly terms: Terms;
}

function requestOf({ info }: LocalStack, { wallet, sessionId, terms }: Buyer, clientToken: string) {
  return { ...paymentOf(wallet, sessionId, terms), paymentManagerArn: info.paymentManagerArn, clientToken };
}

test('a restart keeps the manager, the keys, the books, the proofs and the money', { timeout: 300_000 }, async () => {
  const first = (running = await startQuietly(dataDir));
  const userId = newUser();
  const buyers: Buyer[] = [];
  for (const connector of ['SeedVault', 'AwsKms'] as const) {
    const wallet = await openWallet(first, userId, connector);
    await first.chain.mint(wallet.address, 2_000_000n);
    const sessionId = await openSession(first, userId, '5.00');
    buyers.push({ userId, wallet, sessionId, terms: await askSeller(first, 'market-data') });
  }
  const bodies = buyers.map((buyer) => requestOf(first, buyer, newToken()));
  const answers = await Promise.all(bodies.map((body) => sendPayment(first, userId, body)));
  for (const [index, { body }] of answers.entries()) {
    const { paymentOutput } = body as unknown as ProcessPaymentOutput;
    expect((await sendProof(buyers[index]!.terms, paymentOutput.cryptoX402!.payload)).status).toBe(200);
  }
  await first.close();

  const second = (running = await startQuietly(dataDir));
  expect(second.info.paymentManagerArn).toBe(first.info.paymentManagerArn);
  expect(second.info.paymentConnectorIds).toEqual(first.info.paymentConnectorIds);
  expect(second.info.credentials).toEqual(first.info.credentials);
  expect(second.chain.firstBlock).toBe(first.chain.firstBlock);
  for (const [index, { wallet, sessionId }] of buyers.entries()) {
    const books = { spent: '0.50', reserved: '0.00', available: '4.50' };
    expect(await booksOf(second, userId, sessionId)).toEqual(books);
    expect(await second.chain.balanceOf(wallet.address)).toBe(1_500_000n);

    const replayed = await sendPayment(second, userId, bodies[index]!);
    expect([replayed.status, replayed.text]).toEqual([200, answers[index]!.text]);
    expect(await booksOf(second, userId, sessionId)).toEqual(books);

    // The key is still there too: a new payment settles.
    const terms = await askSeller(second, 'weather');
    const paid = await sendPayment(second, userId, requestOf(second, { userId, wallet, sessionId, terms }, newToken()));
    const { paymentOutput } = paid.body as unknown as ProcessPaymentOutput;
    expect((await sendProof(terms, paymentOutput.cryptoX402!.payload)).settlement?.success).toBe(true);
    expect(await second.chain.balanceOf(wallet.address)).toBe(1_490_000n);
  }
});

test('a busy port is refused before anything is started or written, with what to do about it', async () => {
  const port = Number(new URL(runningStack().info.endpoint).port);
  const steps: string[] = [];
  const other = join(dataDir, 'other');
  const progress = (step: string): void => {
    steps.push(step);
  };
  await expect(startStack({ port, dataDir: other, fresh: 'fresh', progress, timers: null })).rejects.toMatchObject({
    name: 'PortTaken',
    message: `port ${port} is taken: stop what listens on 127.0.0.1:${port}, or choose another port`,
  });
  expect(steps).toEqual([]);
  expect(existsSync(other)).toBe(false);
});

function runningStack(): LocalStack {
  if (running === null) throw new Error('no stack runs');
  return running;
}

interface Interrupted {
  /** Tokens of every payment that was asked for. */
  readonly tokens: readonly string[];
  /** Those whose caller got no proof. */
  readonly failed: readonly string[];
  readonly failures: readonly unknown[];
}

const BURST_CALLS = 24;
const BURSTS_MAX = 20;

/** Kills every paying process in the middle of a burst, until a payment is left undecided and money held. */
async function interrupt(stack: LocalStack, buyer: Buyer): Promise<Interrupted> {
  const agent = clientOf(stack, 'processPayment');
  const found = [...stack.services.functions].find(([name]) => /ProcessPayment/i.test(name));
  if (found === undefined) throw new Error(`no paying function among ${[...stack.services.functions.keys()].join()}`);
  const pool = found[1];
  const tokens: string[] = [];
  const failed: string[] = [];
  const failures: unknown[] = [];
  for (let burst = 0; burst < BURSTS_MAX; burst += 1) {
    const fresh = Array.from({ length: BURST_CALLS }, newToken);
    const calls = fresh.map((clientToken) =>
      agent.processPayment({ ...requestOf(stack, buyer, clientToken), userId: buyer.userId }),
    );
    await Promise.race(calls);
    for (const pid of pool.processIds()) process.kill(pid, 'SIGKILL');
    const outcomes = await Promise.allSettled(calls);
    tokens.push(...fresh);
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === 'fulfilled') continue;
      failed.push(fresh[index]!);
      failures.push(outcome.reason);
    }
    const { reserved } = await booksOf(stack, buyer.userId, buyer.sessionId);
    if (reserved !== '0.00' && (await receiptsOf(stack, buyer.userId)).includes('PENDING')) break;
  }
  return { tokens, failed, failures };
}

async function openBuyer(stack: LocalStack): Promise<Buyer> {
  const userId = newUser();
  const wallet = await openWallet(stack, userId, 'AwsKms');
  return {
    userId,
    wallet,
    sessionId: await openSession(stack, userId, '10.00'),
    terms: await askSeller(stack, 'weather'),
  };
}

/** What became of the user's payments, by its receipts. */
async function receiptsOf(stack: LocalStack, userId: string): Promise<readonly string[]> {
  const decisions: string[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < 20 && (page === 0 || nextToken !== undefined); page += 1) {
    const answer = await clientOf(stack, 'management').send<{ payments: { decision: string }[]; nextToken?: string }>({
      method: 'GET',
      path: '/bursar/payments',
      query: {
        paymentManagerArn: stack.info.paymentManagerArn,
        ...(nextToken === undefined ? {} : { nextToken }),
      },
      userId,
    });
    decisions.push(...answer.payments.map(({ decision }) => decision));
    ({ nextToken } = answer);
  }
  return decisions;
}

/** Pays what must be left after so many payments of a cent: what dead attempts hold is freed by who needs it. */
async function spendTheRest(stack: LocalStack, buyer: Buyer, paidCents: number): Promise<void> {
  const pay = (amount: bigint) => {
    const entry = { ...buyer.terms.chosen.entry, amount: `${amount}` };
    const terms = { ...buyer.terms, chosen: { ...buyer.terms.chosen, entry } };
    return sendPayment(stack, buyer.userId, requestOf(stack, { ...buyer, terms }, newToken()));
  };
  const leftCents = 1_000 - paidCents;
  expect((await pay(BigInt(leftCents) * 10_000n)).status).toBe(200);
  const { spent, reserved, available } = await booksOf(stack, buyer.userId, buyer.sessionId);
  expect(available).toBe('0.00');
  expect(Math.round((Number(spent) + Number(reserved)) * 100)).toBe(1_000);
  expect((await pay(1n)).body).toMatchObject({ fieldList: [{ name: 'bursar:budget_exceeded' }] });
}

const dollars = (cents: number): string => (cents / 100).toFixed(2);

describe('when the paying processes are killed in the middle of payments', () => {
  test(
    'a retry with the same token pays once, and the sweeper frees what nobody retries',
    { timeout: 300_000 },
    async () => {
      const stack = runningStack();
      const abandoned = await openBuyer(stack);
      const patient = await openBuyer(stack);
      const left = await interrupt(stack, abandoned);
      const { tokens, failed, failures } = await interrupt(stack, patient);
      expect(failed.length).toBeGreaterThan(0);
      for (const failure of [...failures, ...left.failures]) {
        expect(failure).toBeInstanceOf(BursarError);
        expect([429, 500]).toContain((failure as BursarError).status);
      }
      expect((await booksOf(stack, patient.userId, patient.sessionId)).reserved).not.toBe('0.00');
      expect((await booksOf(stack, abandoned.userId, abandoned.sessionId)).reserved).not.toBe('0.00');

      // Each attempt is answered 429 after a while, until the lease of the dead process has ended.
      const agent = clientOf(stack, 'processPayment', { attemptsMax: 8 });
      const pay = (buyer: Buyer, clientToken: string) =>
        agent.processPayment({ ...requestOf(stack, buyer, clientToken), userId: buyer.userId });
      const proofs = await Promise.all(failed.map((token) => pay(patient, token)));
      expect(new Set(proofs.map(({ processPaymentId }) => processPaymentId)).size).toBe(failed.length);
      expect(await receiptsOf(stack, patient.userId)).toEqual(tokens.map(() => 'PAID'));
      await spendTheRest(stack, patient, tokens.length);

      // Its second pass comes half a minute after the first, which as a rule finds every lease ended.
      const sweeper = [...stack.services.functions.keys()].find((name) => /Sweep/i.test(name)) ?? 'none';
      void stack.services.runSchedule(sweeper);
      const booksOfAbandoned = () => booksOf(stack, abandoned.userId, abandoned.sessionId);
      await expect.poll(async () => (await booksOfAbandoned()).reserved, { timeout: 45_000 }).toBe('0.00');
      const paid = (await receiptsOf(stack, abandoned.userId)).filter((decision) => decision === 'PAID').length;
      expect(paid).toBeGreaterThanOrEqual(left.tokens.length - left.failed.length);
      expect(await booksOfAbandoned()).toEqual({
        spent: dollars(paid),
        reserved: '0.00',
        available: dollars(1_000 - paid),
      });

      await Promise.all(left.failed.map((token) => pay(abandoned, token)));
      expect((await booksOfAbandoned()).spent).toBe(dollars(left.tokens.length));
    },
  );
});
