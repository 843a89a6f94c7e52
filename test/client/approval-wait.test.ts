import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { BursarError, createPayingFetch, waitForApprovals, type PaymentProcessor } from '../../lib/client/index.ts';

const refusal = (code: string) =>
  new BursarError('an approval is asked for', { errorName: 'ValidationException', status: 400, code, requestId: null });
const PENDING = refusal('bursar:allowance_requested');
const PAID = { processPaymentId: 'payment-1', status: 'PROOF_GENERATED', paymentOutput: {}, headers: [] } as const;
const INPUT = { clientToken: 'one' } as never;

/** A service that refuses so often before it pays. */
function serviceOf(refusals: readonly BursarError[]) {
  const asked: unknown[] = [];
  const client: PaymentProcessor = {
    processPayment: () => Promise.reject(new Error('nobody asks for one offer')),
    payChallenge: async (input) => {
      asked.push(input);
      const next = refusals[asked.length - 1];
      if (next !== undefined) throw next;
      return PAID as never;
    },
  };
  return { client, asked };
}

describe('a processor that waits for approvals', () => {
  test('asks again with the same input until the payment is made, and tells of each wait', async () => {
    const { client, asked } = serviceOf([PENDING, PENDING]);
    const told: string[] = [];
    const waiting = waitForApprovals(client, { intervalMs: 1, onWait: (message) => told.push(message) });
    expect(await waiting.payChallenge!(INPUT)).toEqual(PAID);
    expect(asked).toEqual([INPUT, INPUT, INPUT]);
    expect(told).toEqual([PENDING.message, PENDING.message]);
  });

  test('waits for people who approve at the provider as well, also where one offer is paid', async () => {
    const pending = refusal('bursar:approval_pending');
    const { client, asked } = serviceOf([pending]);
    expect(await waitForApprovals(client, { intervalMs: 1 }).payChallenge!(INPUT)).toEqual(PAID);
    expect(asked).toHaveLength(2);
    const one = { processPayment: client.payChallenge! } as unknown as PaymentProcessor;
    asked.length = 0;
    expect(await waitForApprovals(one, { intervalMs: 1 }).processPayment(INPUT)).toEqual(PAID);
    expect(asked).toEqual([INPUT, INPUT]);
  });

  test('gives up after the longest wait, with the refusal', async () => {
    const { client, asked } = serviceOf(Array(9).fill(PENDING));
    const waiting = waitForApprovals(client, { intervalMs: 1, maxWaitMs: 3 });
    await expect(waiting.payChallenge!(INPUT)).rejects.toBe(PENDING);
    expect(asked).toHaveLength(4);
  });

  test('gives every other refusal at once', async () => {
    const denied = refusal('bursar:budget_exceeded');
    const { client, asked } = serviceOf([denied]);
    await expect(waitForApprovals(client).payChallenge!(INPUT)).rejects.toBe(denied);
    expect(asked).toHaveLength(1);
  });

  test('ends where the caller does', async () => {
    const { client, asked } = serviceOf(Array(9).fill(PENDING));
    const caller = new AbortController();
    const waiting = waitForApprovals(client, { intervalMs: 60_000, onWait: () => setImmediate(() => caller.abort()) });
    await expect(waiting.payChallenge!(INPUT, { signal: caller.signal })).rejects.toThrow('aborted');
    expect(asked).toHaveLength(1);
  });

  test('has what the service has, and nothing else', () => {
    expect(Object.keys(waitForApprovals({ processPayment: () => Promise.reject(new Error('no')) }))).toEqual([
      'processPayment',
    ]);
  });

  test('hands on what the service knows besides', async () => {
    const asked: unknown[] = [];
    const client: PaymentProcessor = {
      ...serviceOf([]).client,
      listAssets(...call) {
        asked.push([this === client, ...call]);
        return Promise.resolve({ assets: [] });
      },
      reportOutcome(...call) {
        asked.push([this === client, ...call]);
        return Promise.resolve({});
      },
    };
    const waiting = waitForApprovals(client);
    const { signal } = new AbortController();
    expect(await waiting.listAssets!('assets' as never, { signal })).toEqual({ assets: [] });
    expect(await waiting.reportOutcome!('outcome' as never, { signal })).toEqual({});
    expect(asked).toEqual([
      [true, 'assets', { signal }],
      [true, 'outcome', { signal }],
    ]);
  });

  test('may be told not to wait', async () => {
    const { client, asked } = serviceOf([PENDING]);
    await expect(waitForApprovals(client, { maxWaitMs: 0 }).payChallenge!(INPUT)).rejects.toBe(PENDING);
    expect(asked).toHaveLength(1);
  });

  test('leaves no listener behind on the signal of its caller', async () => {
    const { client } = serviceOf([PENDING]);
    const { signal } = new AbortController();
    await waitForApprovals(client, { intervalMs: 1 }).payChallenge!(INPUT, { signal });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test.each([{ maxWaitMs: -1 }, { intervalMs: 0 }, { intervalMs: Number.NaN }])('is not made with %j', (times) => {
    expect(() => waitForApprovals(serviceOf([]).client, times)).toThrow(RangeError);
  });
});

test('a fetch that does not wait has the refusal as its own, and knows that nothing was paid', async () => {
  const challenge = { x402Version: 2, resource: { url: 'https://seller.example/' }, accepts: [] as object[] };
  challenge.accepts.push({
    scheme: 'exact',
    network: 'eip155:84532',
    amount: '1000',
    asset: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
    payTo: `0x${'12'.repeat(20)}`,
    maxTimeoutSeconds: 60,
    extra: { name: 'USDC', version: '2', assetTransferMethod: 'permit2' },
  });
  const headers = { 'PAYMENT-REQUIRED': Buffer.from(JSON.stringify(challenge)).toString('base64') };
  const pay = createPayingFetch({
    client: serviceOf([PENDING]).client,
    session: { paymentManagerArn: 'arn', paymentSessionId: 'session', userId: 'ada' },
    instrument: { paymentInstrumentId: 'wallet' },
    fetch: async () => new Response('{}', { status: 402, headers }),
  });
  await expect(pay('https://seller.example/')).rejects.toMatchObject({
    name: 'PurchaseError',
    code: 'bursar:allowance_requested',
    mayHavePaid: false,
  });
});
