import { registerExactEvmScheme } from '@x402/evm/exact/client';
import {
  verifyOfferSignatureEIP712,
  verifyReceiptMatchesOffer,
  verifyReceiptSignatureEIP712,
  type EIP712SignedOffer,
  type EIP712SignedReceipt,
} from '@x402/extensions/offer-receipt';
import { wrapFetchWithPayment, x402Client } from '@x402/fetch';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPayingFetch, type PayingFetch } from '../../../lib/client/index.ts';
import type { Answer } from '../../../lib/contract/client-types.ts';
import { clientOf, newUser, openSession, openWallet, withStack } from '../../scenarios/scene.ts';
import {
  PATHS,
  startExpress,
  startExpressV1,
  startHono,
  startSigning,
  urlOf,
  type OfficialSeller,
} from './official-sellers.ts';
import { startTlsProxy } from './tls-proxy.ts';

// Whatever the official client buys of the official sellers, Bursar buys as well: from the 402 to the settlement on the chain.

const PUBLIC_HOST = 'api.seller.example';
const SELLERS = {
  'express, version 2': startExpress,
  'hono, version 2': startHono,
  'express, version 1': startExpressV1,
} as const;
const MONEY = 100_000_000n;
const FIRST_ACCOUNT = 60;
const BUYER_ACCOUNT = 50;

const scene = withStack();
const opened: { close(): Promise<void> }[] = [];
const sellers = new Map<string, OfficialSeller>();
let payWith: (send: typeof fetch, told?: Promise<unknown>[]) => PayingFetch;
let evidenceOf: (processPaymentId: string) => Promise<Answer<'GetPayment'>['evidence']>;
let payOfficiallyWith: (send: typeof fetch) => typeof fetch;

beforeAll(async () => {
  const { stack } = scene;
  for (const [at, [name, start]] of Object.entries(SELLERS).entries()) {
    const payTo = stack.chain.devAccount(FIRST_ACCOUNT + at).address;
    const seller = await start({ payTo, facilitatorUrl: stack.info.facilitator });
    opened.push(seller);
    sellers.set(name, seller);
  }
  const userId = newUser();
  const wallet = await openWallet(stack, userId, 'SeedVault');
  await stack.chain.mint(wallet.address, MONEY);
  const paymentSessionId = await openSession(stack, userId, '50.00');
  const { paymentManagerArn } = stack.info;
  const backend = clientOf(stack, 'management');
  evidenceOf = async (processPaymentId) =>
    (await backend.call('GetPayment', { paymentManagerArn, processPaymentId }, { userId })).evidence;
  const agent = clientOf(stack, 'processPayment');
  payWith = (send, told = []) =>
    createPayingFetch({
      client: {
        ...agent,
        reportOutcome: (...of) => {
          const telling = agent.reportOutcome(...of);
          told.push(telling);
          return telling;
        },
      },
      session: { paymentManagerArn, paymentSessionId, userId },
      instrument: { paymentInstrumentId: wallet.instrumentId },
      fetch: send,
    });
  const signer = stack.chain.devAccount(BUYER_ACCOUNT);
  await stack.chain.mint(signer.address, MONEY);
  payOfficiallyWith = (send) => {
    const client = new x402Client();
    registerExactEvmScheme(client, { signer });
    return wrapFetchWithPayment(send, client);
  };
}, 60_000);
afterAll(async () => {
  for (const each of opened.toReversed()) await each.close();
});

const METHODS = ['GET', 'POST'] as const;
const WAYS = ['plain', 'behind TLS, its host kept', 'behind TLS, its host replaced'] as const;
const cases = Object.keys(SELLERS).flatMap((name) => WAYS.map((way) => [name, way] as const));

describe('an official seller is paid', () => {
  test.each(cases)('%s, %s', async (name, way) => {
    const seller = sellers.get(name)!;
    const proxy =
      way === 'plain'
        ? null
        : await startTlsProxy(PUBLIC_HOST, seller.port, way.endsWith('kept') ? 'kept' : 'replaced');
    if (proxy !== null) opened.push(proxy);
    const [send, bursar, official] = [proxy?.fetch ?? fetch, [] as string[], [] as string[]];
    for (const path of PATHS) {
      for (const method of METHODS) {
        const url = proxy === null ? urlOf(seller, path) : `https://${PUBLIC_HOST}${path}?q=1`;
        const init = { method, ...(method === 'POST' ? { body: '{"q":1}' } : {}) };
        const theirs = await payOfficiallyWith(send)(url, init);
        if (theirs.status === 200) official.push(`${method} ${path}`);
        const response = await payWith(send)(url, init);
        expect([response.status, await response.json()]).toEqual([200, { goods: 'delivered' }]);
        expect(response.payment?.settlement).toMatchObject({ success: true });
        bursar.push(`${method} ${path}`);
      }
    }
    expect(bursar).toHaveLength(PATHS.length * METHODS.length);
    expect(bursar).toEqual(expect.arrayContaining(official));
    expect(official.length).toBeGreaterThan(0);
  });
});

test('what an official seller signed is kept: the offer that was paid, and its receipt', async () => {
  const { stack } = scene;
  const account = stack.chain.devAccount(FIRST_ACCOUNT + 9);
  const seller = await startSigning({ payTo: account.address, facilitatorUrl: stack.info.facilitator }, (typed) =>
    account.signTypedData(typed as Parameters<typeof account.signTypedData>[0]),
  );
  opened.push(seller);
  const url = urlOf(seller, '/signed');
  const told: Promise<unknown>[] = [];
  const { payment, status } = await payWith(fetch, told)(url);
  expect(status).toBe(200);
  expect(await Promise.all(told)).toMatchObject([{ status: 'RECORDED', signedReceipt: 'KEPT' }]);
  const { offer, receipt } = (await evidenceOf(payment!.processPaymentId))!;
  expect(offer).toMatchObject({ signer: 'PAYEE', payload: { amount: '10000', payTo: account.address } });
  expect(receipt).toMatchObject({ signer: 'PAYEE', payload: { payer: payment!.settlement!.payer! } });
  const [signedOffer, signedReceipt] = [offer, receipt] as unknown as [EIP712SignedOffer, EIP712SignedReceipt];
  expect((await verifyOfferSignatureEIP712(signedOffer)).signer).toBe(account.address);
  expect((await verifyReceiptSignatureEIP712(signedReceipt)).signer).toBe(account.address);
  expect(verifyReceiptMatchesOffer(signedReceipt, signedOffer.payload as never, [payment!.settlement!.payer!])).toBe(
    true,
  );
});
