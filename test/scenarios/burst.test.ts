import { describe, expect, test } from 'vitest';
import { BursarError, type ProcessPaymentOutput } from '../../lib/client/index.ts';
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
  signatureOf,
  withStack,
  type Terms,
} from './scene.ts';

const scene = withStack();
const BURST_CALLS = 200;
const BURST_TIMEOUT_MS = 60_000;

/** A user with a wallet and a session, and a way to pay from them that asks once. */
async function prepare(limitUsd: string, sellerName = 'weather') {
  const { stack } = scene;
  const { paymentManagerArn } = stack.info;
  const userId = newUser();
  const wallet = await openWallet(stack, userId, 'SeedVault');
  const sessionId = await openSession(stack, userId, limitUsd);
  const terms = await askSeller(stack, sellerName);
  const agent = clientOf(stack, 'processPayment', { timeoutMs: BURST_TIMEOUT_MS });
  const pay = (clientToken = newToken(), offered: Pick<Terms, 'chosen'> = terms): Promise<ProcessPaymentOutput> =>
    agent.processPayment({ ...paymentOf(wallet, sessionId, offered), paymentManagerArn, userId, clientToken });
  return { userId, wallet, sessionId, terms, pay, books: () => booksOf(stack, userId, sessionId) };
}

/** The user's receipts, page by page. */
async function receiptsOf(userId: string): Promise<readonly { readonly processPaymentId: string }[]> {
  const client = clientOf(scene.stack, 'management');
  const receipts: { processPaymentId: string }[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < 20 && (page === 0 || nextToken !== undefined); page += 1) {
    const answer = await client.send<{ payments: { processPaymentId: string }[]; nextToken?: string }>({
      method: 'GET',
      path: '/bursar/payments',
      query: {
        paymentManagerArn: scene.stack.info.paymentManagerArn,
        ...(nextToken === undefined ? {} : { nextToken }),
      },
      userId,
    });
    receipts.push(...answer.payments);
    ({ nextToken } = answer);
  }
  return receipts;
}

const distinct = (values: readonly unknown[]): number => new Set(values).size;

describe('through the HTTP endpoint, without a single repetition by the client', () => {
  test(
    '200 parallel payments on one session all succeed, to the last cent of its budget',
    async () => {
      const { pay, books, userId } = await prepare('2.00');
      const proofs = await Promise.all(Array.from({ length: BURST_CALLS }, () => pay()));

      expect(distinct(proofs.map(({ processPaymentId }) => processPaymentId))).toBe(BURST_CALLS);
      expect(distinct(proofs.map(signatureOf))).toBe(BURST_CALLS);
      const authorizations = proofs.map(({ paymentOutput }) => paymentOutput.cryptoX402!.payload['authorization']);
      expect(distinct(authorizations.map((each) => (each as { nonce: string }).nonce))).toBe(BURST_CALLS);
      expect(await books()).toEqual({ spent: '2.00', reserved: '0.00', available: '0.00' });
      const receipts = await receiptsOf(userId);
      expect(receipts.map(({ processPaymentId }) => processPaymentId).toSorted()).toEqual(
        proofs.map(({ processPaymentId }) => processPaymentId).toSorted(),
      );
      await expect(pay()).rejects.toMatchObject({ status: 400, code: 'bursar:budget_exceeded' });
    },
    BURST_TIMEOUT_MS,
  );

  test('of 3 parallel payments of 10.00 against 25.00 exactly two succeed', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { pay, books, terms } = await prepare('25.00');
      const entry = { ...terms.chosen.entry, amount: '10000000' };
      const offered = { chosen: { ...terms.chosen, entry } };
      const outcomes = await Promise.allSettled([1, 2, 3].map(() => pay(newToken(), offered)));

      const refusals = outcomes.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
      expect(refusals).toHaveLength(1);
      expect(refusals[0]).toBeInstanceOf(BursarError);
      expect(refusals[0]).toMatchObject({ status: 400, code: 'bursar:budget_exceeded' });
      expect(await books()).toEqual({ spent: '20.00', reserved: '0.00', available: '5.00' });
    }
  });

  test('20 parallel duplicates of one token are one payment with one answer', async () => {
    const { stack } = scene;
    const { wallet, sessionId, terms, books, userId } = await prepare('1.00');
    await stack.chain.mint(wallet.address, 50_000n);
    const clientToken = newToken();
    const body = {
      ...paymentOf(wallet, sessionId, terms),
      paymentManagerArn: stack.info.paymentManagerArn,
      clientToken,
    };
    const answers = await Promise.all(Array.from({ length: 20 }, () => sendPayment(stack, userId, body)));

    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(distinct(answers.map(({ text }) => text))).toBe(1);
    expect(await books()).toEqual({ spent: '0.01', reserved: '0.00', available: '0.99' });
    expect(await receiptsOf(userId)).toHaveLength(1);

    const output = answers[0]!.body as unknown as ProcessPaymentOutput;
    const { payload } = output.paymentOutput.cryptoX402!;
    expect(await sendProof(terms, payload)).toMatchObject({ status: 200, settlement: { success: true } });
    expect((await sendProof(terms, payload)).status).toBe(402);
    expect(await stack.chain.balanceOf(wallet.address)).toBe(40_000n);
  });
});
