import { beforeEach, describe, expect, test } from 'vitest';
import {
  createPayer,
  ProofEndedError,
  PurchaseError,
  UnpayableError,
  type PayerEvent,
  type PayerOptions,
  type Quote,
  type SellerChallenge,
} from '../../lib/client/index.ts';
import { createTenant, withFunctions, type Tenant } from '../support/functions.ts';
import { mppHeader, readCredential } from '../support/mpp.ts';
import { createBooks } from './books.ts';
import { askForPayment, makeEntry, play, SELLER } from './script.ts';
import { openService, USER } from './service.ts';

// The functions that deploy, asked to pay for a 402 that came by no fetch.

const functions = withFunctions();
const { call } = functions;
let tenant: Tenant;
beforeEach(async () => {
  tenant = await createTenant(functions);
});

const url = `${SELLER}/report`;
const buying = (purchaseId: string, more: object = {}) => ({ purchaseId, request: { method: 'GET', url }, ...more });

function open(options: Partial<PayerOptions> = {}) {
  const { client, asked } = openService(functions);
  const events: PayerEvent[] = [];
  const payer = createPayer({
    client,
    session: { ...tenant, userId: USER },
    instrument: tenant,
    onEvent: (event) => events.push(event),
    ...options,
  });
  return { payer, asked, events };
}

async function asChallenge(response: Response): Promise<SellerChallenge> {
  const headers = [...response.headers].map(([name, value]) => ({ name, value }));
  return { status: 402, headers, body: await response.text() };
}

const decoded = (value: string) => JSON.parse(Buffer.from(value, 'base64').toString()) as object;

describe('a challenge is paid with the headers that present the proof', () => {
  test('in x402 version 2, whatever the case of its header', async () => {
    const { payer, asked, events } = open();
    const { headers, body } = await asChallenge(askForPayment(2));
    const upper = headers.map(({ name, value }) => ({ name: name.toUpperCase(), value }));
    const payment = await payer.pay({ status: 402, headers: upper, body }, buying('one'));
    expect(payment).toMatchObject({ purchaseId: 'one', url, replayed: false, wantsOutcome: false });
    expect(payment.offer).toMatchObject({ protocol: 'x402', version: '2', amountUsd: '0.50' });
    const [header, ...others] = await payment.toHeaders();
    expect([header!.name.toLowerCase(), others]).toEqual(['payment-signature', []]);
    expect(decoded(header!.value)).toMatchObject({ x402Version: 2, accepted: { amount: '500000' } });
    expect(asked.map(({ operation }) => operation)).toEqual(['PayChallenge']);
    expect(events.map(({ type }) => type)).toEqual(['payment_required', 'proof_received']);
  });

  test('in x402 version 1, whose terms are its body', async () => {
    const payment = await open().payer.pay(await asChallenge(askForPayment(1)), buying('one'));
    const headers = await payment.toHeaders();
    expect(headers.map(({ name }) => name.toLowerCase())).toEqual(['x-payment']);
  });

  test('in MPP, with a body that is null', async () => {
    const headers = [{ name: 'www-authenticate', value: mppHeader({ realm: 'seller.example' }) }];
    const payment = await open().payer.pay({ status: 402, headers, body: null }, buying('one'));
    const [header] = await payment.toHeaders();
    expect(header!.name.toLowerCase()).toBe('authorization');
    expect(readCredential(header!.value).challenge).toMatchObject({ realm: 'seller.example' });
  });
});

test('the service is told what is bought, and of the seller no header but those with terms', async () => {
  const { payer, asked } = open({ agentName: 'assistant' });
  const challenge = await asChallenge(askForPayment(2));
  const headers = [...challenge.headers, { name: 'set-cookie', value: 'own=1' }];
  const bodyHash = 'ab'.repeat(32);
  const request = { method: 'POST', url, bodyHash };
  await payer.pay({ ...challenge, headers }, { ...buying('one', { request }), tool: 'search', intent: 'a report' });
  expect(asked[0]!.body).toMatchObject({ request: { ...request, tool: 'search', intent: 'a report' } });
  expect(Object.keys((asked[0]!.body['challenge'] as { readonly headers: object }).headers)).toEqual([
    'payment-required',
  ]);
});

test.each([
  [undefined, { value: '1.00', currency: 'USD' }],
  ['2.50', { value: '2.50', currency: 'USD' }],
  [null, undefined],
])('the service is told the limit of the payer, be it above what is asked: %j', async (maxPriceUsd, maxPrice) => {
  const { payer, asked } = open();
  await payer.pay(await asChallenge(askForPayment(2)), buying('one', { maxPriceUsd }));
  expect(asked[0]!.body['maxPrice']).toEqual(maxPrice);
});

test('a purchase is paid once by however many payers, and presents the same proof', async () => {
  const challenge = await asChallenge(askForPayment(2));
  const first = await open().payer.pay(challenge, buying('one'));
  const second = await open().payer.pay(challenge, buying('one'));
  const third = await open().payer.pay(challenge, buying('two'));
  expect(second).toMatchObject({ processPaymentId: first.processPaymentId, replayed: true });
  expect(await second.toHeaders()).toEqual(await first.toHeaders());
  expect(third.processPaymentId).not.toBe(first.processPaymentId);
});

describe('nothing is asked for', () => {
  test.each<[string, SellerChallenge, RegExp]>([
    ['a page for people', { status: 402, headers: [], body: '<h1>Please subscribe</h1>' }, /no offer/],
    ['nothing at all', { status: 402, headers: [], body: null }, /no offer/],
    [
      'broken terms',
      { status: 402, headers: [{ name: 'payment-required', value: '!' }], body: null },
      /cannot be read/,
    ],
  ])('for %s', async (_what, challenge, message) => {
    const { payer, asked } = open();
    const failure = payer.pay(challenge, buying('one'));
    await expect(failure).rejects.toThrow(UnpayableError);
    await expect(failure).rejects.toThrow(message);
    expect(asked).toEqual([]);
  });

  test('above the price of the call, which stands above that of the payer', async () => {
    const { payer, asked } = open({ maxPriceUsd: '0.40' });
    const challenge = await asChallenge(askForPayment(2));
    await expect(payer.pay(challenge, buying('one'))).rejects.toThrow(UnpayableError);
    await expect(payer.pay(challenge, buying('one', { maxPriceUsd: '0.499999' }))).rejects.toThrow(UnpayableError);
    expect(asked).toEqual([]);
    expect((await payer.pay(challenge, buying('one', { maxPriceUsd: '0.50' }))).offer.amountUsd).toBe('0.50');
  });

  test('for a price that is none, and for a call that was given up', async () => {
    const { payer, asked } = open();
    const challenge = await asChallenge(askForPayment(2));
    await expect(payer.pay(challenge, buying('one', { maxPriceUsd: '1e3' }))).rejects.toThrow(TypeError);
    const signal = AbortSignal.abort(new Error('given up'));
    await expect(payer.pay(challenge, buying('one', { signal }))).rejects.toThrow('given up');
    expect(asked).toEqual([]);
    expect(() => open({ maxPriceUsd: 'much' })).toThrow(TypeError);
    expect(() => open({ instrument: { paymentInstrumentId: undefined } })).toThrow('paymentInstrumentId');
  });
});

describe('whoever is asked to confirm', () => {
  const accepts = [makeEntry(2, { amount: '300000' }), makeEntry(2, { amount: '200000' })];

  test('sees what may be paid, and no offer that costs more is', async () => {
    const seen: Quote[] = [];
    const { payer, asked } = open({ confirm: (quote) => seen.push(quote) > 0 });
    const challenge = await asChallenge(askForPayment(2, { document: { accepts } }));
    await payer.pay(challenge, buying('one', { tool: 'search' }));
    expect(seen).toEqual([
      {
        purchaseId: 'one',
        request: { method: 'GET', url, bodyHash: undefined, tool: 'search', intent: undefined },
        challenge: { headers: { 'payment-required': expect.any(String) as string }, body: '' },
        offers: ['0.20', '0.30'].map((amountUsd) => expect.objectContaining({ amountUsd }) as object),
      },
    ]);
    expect(asked[0]!.body).toMatchObject({ maxPrice: { value: '0.30', currency: 'USD' } });
  });

  test.each([false, undefined, 'true', 1])('lets nothing pass by %j', async (answer) => {
    const { payer, asked } = open({ confirm: () => answer as boolean });
    const failure = payer.pay(await asChallenge(askForPayment(2)), buying('one'));
    await expect(failure).rejects.toThrow(UnpayableError);
    expect(asked).toEqual([]);
  });

  test('may throw what reaches the caller as it is, and one of the call stands above that of the payer', async () => {
    const interrupt = new Error('interrupted');
    const { payer, asked } = open({ confirm: () => Promise.reject(interrupt) });
    const challenge = await asChallenge(askForPayment(2));
    await expect(payer.pay(challenge, buying('one'))).rejects.toBe(interrupt);
    expect(asked).toEqual([]);
    expect(await payer.pay(challenge, buying('one', { confirm: () => true }))).toMatchObject({ replayed: false });
  });

  test('is asked by the paying fetch as well, after its limits', async () => {
    const stopped = play([askForPayment(2)], { confirm: () => false });
    await expect(stopped.pay(url)).rejects.toThrow(UnpayableError);
    const dear = play([askForPayment(2)], { maxPriceUsd: '0.49', confirm: () => expect.unreachable() });
    await expect(dear.pay(url)).rejects.toThrow(/more than the USD 0\.49/);
    expect([stopped.asked, dear.asked]).toEqual([[], []]);
    const passed = play([askForPayment(2), new Response('the report')], { confirm: () => false });
    expect(await (await passed.pay(url, { confirm: async () => true })).text()).toBe('the report');
  });
});

test('a refusal has its code, and says that nothing was paid', async () => {
  const challenge = await asChallenge(askForPayment(2, { entry: { amount: '10000001' } }));
  const failure = await open({ maxPriceUsd: null })
    .payer.pay(challenge, buying('one'))
    .catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(PurchaseError);
  expect(failure).toMatchObject({ code: 'bursar:budget_exceeded', mayHavePaid: false, purchaseId: 'one' });
});

test('a proof that has ended is not presented again', async () => {
  const books = createBooks({ validitySeconds: 60 });
  const challenge = await asChallenge(askForPayment(2));
  const client = books.client();
  await open({ client }).payer.pay(challenge, buying('one'));
  const late = open({ client, now: () => Date.now() + 61_000 }).payer;
  const failure = await late.pay(challenge, buying('one')).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ProofEndedError);
  expect(failure).toMatchObject({ fate: 'unknown', mayHavePaid: true });
  expect(books.signed()).toHaveLength(1);
});

describe('what became of a payment', () => {
  const reportsOf = ({ asked }: ReturnType<typeof open>) =>
    asked.filter(({ operation }) => operation === 'ReportOutcome').map(({ body }) => body['outcome']);

  test('is told to a service that wants to know', async () => {
    const policy = { version: 1, rules: [{ kind: 'breaker', name: 'no-luck' }] };
    const json = { paymentManagerArn: tenant.paymentManagerArn, scope: 'user', policy };
    await call('PutDataPolicy', { json, user: USER });
    const world = open();
    const payment = await world.payer.pay(await asChallenge(askForPayment(2)), buying('one'));
    expect(payment.wantsOutcome).toBe(true);
    world.payer.report(payment, 'FAILED');
    await expect.poll(() => reportsOf(world)).toEqual(['FAILED']);
  });

  test('and to no other', async () => {
    const world = open();
    const payment = await world.payer.pay(await asChallenge(askForPayment(2)), buying('one'));
    world.payer.report(payment, 'DELIVERED');
    await world.payer.pay(await asChallenge(askForPayment(2)), buying('two'));
    expect(reportsOf(world)).toEqual([]);
  });
});
