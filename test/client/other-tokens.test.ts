import { describe, expect, test } from 'vitest';
import { UnpayableError, type PaymentProcessor } from '../../lib/client/index.ts';
import { findNetwork } from '../../lib/domain/assets.ts';
import { askForPayment, makeEntry, play, SELLER, SIGNATURE } from './script.ts';

// A seller that asks in a token which is not the USDC of a network: the deployment says whether it pays in it, and at which rate.

const EURC = '0x808456652fdb597867f38412077A9182bf77359F';
const listed = {
  network: findNetwork('eip155:84532')!.id,
  address: EURC,
  symbol: 'EURC',
  decimals: 6,
  domain: { name: 'EURC', version: '2' },
  usdRate: { usd: '1.17', asOf: '2026-11-20' },
  payable: true,
} as const;
const inEurc = { asset: EURC, amount: '30000', extra: { name: 'EURC', version: '2' } };
const asksEurc = () => askForPayment(2, { entry: inEurc });

/** A Bursar that proves everything, and says what it pays in. */
function bursar(listAssets?: PaymentProcessor['listAssets']) {
  const asked: object[] = [];
  const client: PaymentProcessor = {
    processPayment: async (input) => {
      asked.push(input.paymentInput.cryptoX402!.payload);
      const payload = { signature: SIGNATURE, authorization: { from: EURC, nonce: `0x${'ab'.repeat(32)}` } };
      const paymentOutput = { cryptoX402: { version: '2' as const, payload } };
      return { processPaymentId: 'payment-1', status: 'PROOF_GENERATED', paymentOutput };
    },
    ...(listAssets === undefined ? {} : { listAssets }),
  };
  return { client, asked };
}

describe('a seller that asks in another token', () => {
  test('is paid where the deployment pays in it, counted at its rate', async () => {
    const { client, asked } = bursar(async () => ({ assets: [listed] }));
    const { pay, events } = play([asksEurc(), new Response('the goods')], { client });
    expect((await pay(`${SELLER}/report`)).status).toBe(200);
    expect(asked).toMatchObject([{ asset: EURC, amount: '30000' }]);
    expect(events[0]).toMatchObject({ type: 'payment_required', offer: { amountUsd: '0.0351' } });
  });

  test('is held to the price that a call may have, at the rate', async () => {
    const { client, asked } = bursar(async () => ({ assets: [listed] }));
    const { pay } = play([asksEurc()], { client, maxPriceUsd: '0.0350' });
    await expect(pay(`${SELLER}/report`)).rejects.toThrow('it costs USD 0.0351');
    expect(asked).toEqual([]);
  });

  test.each<[string, PaymentProcessor['listAssets']]>([
    ['has no rate in force', async () => ({ assets: [{ ...listed, payable: false }] })],
    ['is not one of the tokens', async () => ({ assets: [] })],
    ['is on another network', async () => ({ assets: [{ ...listed, network: 'eip155:8453' }] })],
    ['is unknown, since the service does not say', () => Promise.reject(new Error('no such operation'))],
    ['is unknown, since the client cannot ask', undefined],
  ])('is not paid where the token %s', async (_what, listAssets) => {
    const { client, asked } = bursar(listAssets);
    const { pay } = play([asksEurc()], { client });
    await expect(pay(`${SELLER}/report`)).rejects.toThrow(UnpayableError);
    expect(asked).toEqual([]);
  });

  test('is asked for nothing where all that it asks for is USDC, and too dear', async () => {
    const { client } = bursar(() => Promise.reject(new Error('asked for tokens')));
    let asked = 0;
    const listAssets = async () => {
      asked += 1;
      return { assets: [listed] };
    };
    const { pay } = play([askForPayment(2, { entry: { amount: '2000000' } })], { client: { ...client, listAssets } });
    await expect(pay(`${SELLER}/report`)).rejects.toThrow(UnpayableError);
    expect(asked).toBe(0);
  });

  test('and in USDC is paid in USDC, and nobody is asked for tokens', async () => {
    const { client, asked } = bursar(() => Promise.reject(new Error('asked for tokens')));
    const both = askForPayment(2, { document: { accepts: [makeEntry(2, inEurc), makeEntry(2)] } });
    const { pay } = play([both, new Response('the goods')], { client });
    expect((await pay(`${SELLER}/report`)).status).toBe(200);
    expect(asked).toMatchObject([{ amount: '500000' }]);
  });
});
