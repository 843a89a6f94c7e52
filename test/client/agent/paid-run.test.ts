import { describe, expect, test } from 'vitest';
import { runPaid, type PaidRun } from '../../../lib/client/agent/paid-run.ts';
import type { SellerChallenge } from '../../../lib/client/index.ts';
import { base64 } from '../script.ts';
import { terms } from './world.ts';

const HEADERS = [
  { name: 'PAYMENT-SIGNATURE', value: 'first-part' },
  { name: 'X-Also', value: 'second-part' },
];
const payment: PaidRun<unknown>['payment'] = {
  purchaseId: 'purchase-1',
  processPaymentId: 'payment-1',
  offer: { protocol: 'x402', version: '2', network: 'eip155:84532', payTo: '0x1', amountUsd: '0.50' },
  replayed: false,
  url: 'https://seller.example/report',
  wantsOutcome: false,
  toHeaders: async () => HEADERS,
};

/** Each presentation gives the next result, or throws it. */
function play(results: readonly unknown[], more: Partial<PaidRun<unknown>> = {}) {
  const left = [...results];
  const runWith = (): unknown => {
    const result = left.shift();
    if (result instanceof Error || typeof result === 'symbol') throw result;
    return result;
  };
  const defaults = { presentationsMax: 1, requireSettlement: false, signal: undefined, detect: () => null };
  return runPaid({ payment, runWith, ...defaults, ...more });
}

const saying = (what: string) =>
  `A payment of USD 0.50 (payment-1) was signed for this call, but ${what}, so do not make it again, and tell the user`;

const asking = (document: object, body: string | null = null) => ({
  detect: (): SellerChallenge => ({
    status: 402,
    headers: [{ name: 'payment-required', value: base64({ ...terms(), ...document }) }],
    body,
  }),
});

describe('what a proof that brings nothing means is one sentence, with what was signed', () => {
  test.each<[string, object, string]>([
    ['without a reason', {}, 'the seller asks again'],
    ['with a reason', { error: 'invalid signature' }, 'the seller asks again, saying invalid signature'],
  ])('where the seller asks again %s', async (_what, document, what) => {
    expect(await play(['pay!'], asking(document))).toEqual({
      kind: 'refused',
      code: 'client:not_accepted',
      message: saying(what),
      mayHavePaid: true,
      purchaseId: 'purchase-1',
      processPaymentId: 'payment-1',
    });
  });

  test('with what helps, where that is known', async () => {
    const refusal = await play(['pay!'], asking({ error: 'permit2_allowance_required' }));
    expect(refusal).toMatchObject({
      message: expect.stringMatching(
        /the seller asks again, saying permit2_allowance_required \(the wallet has not let the Permit2 contract .+\), so/,
      ) as string,
    });
  });

  test.each([
    [{ errorReason: 'too late' }, 'too late'],
    [{}, 'it does not say why'],
  ])('where the seller could not settle it: %j', async (more, reason) => {
    const settlement = base64({ success: false, transaction: '', network: 'eip155:84532', ...more });
    const result = { status: 200, headers: { 'payment-response': settlement } };
    expect(await play([result])).toMatchObject({
      code: 'client:not_accepted',
      message: saying(`the seller could not settle it: ${reason}`),
    });
  });

  test('where the seller does not say that it was settled', async () => {
    expect(await play(['the report'], { requireSettlement: true })).toMatchObject({
      code: 'client:not_settled',
      message: saying('the seller does not say that it was settled'),
    });
  });

  test.each<[string, unknown, string]>([
    ['an error', new Error('no such city'), 'no such city'],
    ['something else', Symbol('sold out'), 'Symbol(sold out)'],
    ['an error that quotes a part of the proof', new Error('cannot send second-part'), 'its error quotes the proof'],
  ])('where the tool throws %s', async (_what, thrown, failure) => {
    expect(await play([thrown])).toMatchObject({
      code: 'client:not_delivered',
      message: saying(`the tool failed with it: ${failure}`),
    });
  });
});

test('a tool that throws because the call was given up is not run again, and that is thrown', async () => {
  const stop = new AbortController();
  let runs = 0;
  const runWith = () => {
    runs += 1;
    stop.abort(new Error('given up'));
    throw new Error('reset');
  };
  await expect(play([], { runWith, signal: stop.signal, presentationsMax: 3 })).rejects.toThrow('given up');
  expect(runs).toBe(1);
});

test('what the tool returns is handed on as it is', async () => {
  const result = { status: 200, body: 'the report' };
  const judged = await play([new Error('reset'), result], { presentationsMax: 2 });
  expect((judged as { readonly result: unknown }).result).toBe(result);
});
