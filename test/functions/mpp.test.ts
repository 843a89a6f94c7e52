import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createPayingFetch } from '../../lib/client/index.ts';
import { startChain, type LocalChain } from '../../lib/local/chain/index.ts';
import {
  createTenant,
  newToken,
  offer,
  paymentRequest,
  sessionRequest,
  withFunctions,
  type Tenant,
} from '../support/functions.ts';
import { sizeOfItem } from '../support/item-size.ts';
import { startMppSeller, type MppSeller } from '../support/mpp-seller.ts';
import { encodeRequest, MPP_REQUEST, mppHeader, mppPayment, readCredential } from '../support/mpp.ts';

const functions = withFunctions();
const { call, database } = functions;
let tenant: Tenant;
beforeEach(async () => {
  tenant = await createTenant(functions);
});

interface Paid {
  readonly processPaymentId: string;
  readonly paymentOutput: { readonly mpp: { readonly selectedPaymentId: string; readonly paymentCredential: string } };
}
const soon = (ms = 120_000) => new Date(Date.now() + ms).toISOString();
const pay = (header: string, more: object = {}) =>
  call<Paid>('ProcessPayment', { json: paymentRequest(tenant, { ...mppPayment(header), ...more }) });
async function spent(): Promise<unknown> {
  const { body } = await call<{
    paymentSession: { spentAmount: { value: string }; reservedAmount: { value: string } };
  }>('GetPaymentSession', { json: tenant });
  return [body.paymentSession.spentAmount.value, body.paymentSession.reservedAmount.value];
}

describe('a payment by MPP', () => {
  test('is answered as AWS answers it, with the id of the challenge and a credential for it', async () => {
    const header = mppHeader({ id: 'challenge-1', expires: soon() });
    const answer = await pay(header);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      paymentType: 'MPP',
      status: 'PROOF_GENERATED',
      bursar: { amountUsd: '0.50', payTo: MPP_REQUEST.recipient },
    });
    const { mpp, ...others } = answer.body.paymentOutput;
    expect(others).toEqual({});
    expect(mpp).toEqual({
      version: '1',
      selectedPaymentId: 'challenge-1',
      paymentCredential: expect.stringMatching(/^Payment [A-Za-z0-9_-]+$/) as string,
    });
    const { challenge, payload } = readCredential(mpp.paymentCredential);
    expect(challenge).toMatchObject({
      id: 'challenge-1',
      realm: 'api.example.com',
      request: encodeRequest(MPP_REQUEST),
    });
    expect(payload).toMatchObject({ type: 'authorization', value: '500000', validAfter: '0' });
    expect(await spent()).toEqual(['0.50', '0.00']);
  });

  test('is answered byte for byte again, also where only the token is asked for', async () => {
    const header = mppHeader({ id: 'again', expires: soon(), opaque: 'e30', description: 'A “report”' });
    const clientToken = newToken();
    const first = await pay(header, { clientToken });
    expect((await pay(header, { clientToken })).text).toBe(first.text);
    const replayed = await pay(mppHeader({ id: 'other' }), { clientToken, replayOnly: true });
    expect(replayed.text).toBe(first.text);
    expect(await spent()).toEqual(['0.50', '0.00']);
  });

  test('of a challenge that was paid under another token is the first one, again and again, and costs nothing', async () => {
    const header = mppHeader({ id: 'same', expires: soon() });
    const first = await pay(header);
    const clientToken = newToken();
    for (let times = 0; times < 3; times += 1) expect((await pay(header, { clientToken })).text).toBe(first.text);
    expect(await spent()).toEqual(['0.50', '0.00']);
  });

  test('of a challenge under many tokens at once is one payment', async () => {
    const header = mppHeader({ id: 'race', expires: soon() });
    const tokens = Array.from({ length: 6 }, () => newToken());
    const answers = await Promise.all(tokens.map((clientToken) => pay(header, { clientToken })));
    const repeated = await Promise.all(
      answers.map(async (answer, at) =>
        answer.status === 200 ? answer : await pay(header, { clientToken: tokens[at]! }),
      ),
    );
    expect(new Set(repeated.map(({ text }) => text)).size).toBe(1);
    expect(await spent()).toEqual(['0.50', '0.00']);
  });

  test.each<[string, string]>([
    ['another amount', mppHeader({ id: 'fixed', request: encodeRequest({ ...MPP_REQUEST, amount: '1' }) })],
    [
      'other words in its request',
      mppHeader({ id: 'fixed', request: encodeRequest({ ...MPP_REQUEST, description: 'x' }) }),
    ],
  ])('is refused for a challenge that was paid, with %s', async (_what, other) => {
    await pay(mppHeader({ id: 'fixed' }));
    const answer = await pay(other);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      fieldList: [{ name: 'paymentInput.mpp' }, { name: 'bursar:ambiguous_challenge' }],
    });
    expect(await spent()).toEqual(['0.50', '0.00']);
  });

  test('is another purchase where the seller makes another challenge, or another seller has the same id', async () => {
    for (const header of [
      mppHeader({ id: 'a' }),
      mppHeader({ id: 'b' }),
      mppHeader({ id: 'a', realm: 'b.example.com' }),
    ])
      expect((await pay(header)).status).toBe(200);
    expect(await spent()).toEqual(['1.50', '0.00']);
  });

  test('under a token that has another challenge is refused, so that a token pays once', async () => {
    const clientToken = newToken();
    await pay(mppHeader({ id: 'one' }), { clientToken });
    expect((await pay(mppHeader({ id: 'two' }), { clientToken })).body).toMatchObject({
      fieldList: [{ name: 'clientToken' }, { name: 'bursar:other_terms' }],
    });
    expect(await spent()).toEqual(['0.50', '0.00']);
  });

  test('may be made after the first one of its challenge was denied', async () => {
    const dear = encodeRequest({ ...MPP_REQUEST, amount: '99000000' });
    expect((await pay(mppHeader({ id: 'denied', request: dear }))).status).toBe(400);
    expect((await pay(mppHeader({ id: 'denied' }))).status).toBe(200);
  });

  test('is presented as it is to a seller that asks only by x402 by now', async () => {
    const clientToken = newToken();
    const ask = async (headers: object) => {
      const { paymentManagerArn, paymentSessionId, paymentInstrumentId } = tenant;
      const { status, body } = await call<Paid & { headers: { name: string; value: string }[] }>('PayChallenge', {
        json: {
          paymentManagerArn,
          paymentSessionId,
          paymentInstrumentId,
          clientToken,
          request: { method: 'GET', url: 'https://api.example.com/report' },
          challenge: { status: 402, headers },
        },
      });
      return { status, headers: body.headers };
    };
    const first = await ask({ 'www-authenticate': mppHeader({ id: 'changed', expires: soon() }) });
    expect(first).toEqual({
      status: 200,
      headers: [{ name: 'Authorization', value: expect.stringMatching(/^Payment /) as string }],
    });
    const document = { x402Version: 2, accepts: [offer()] };
    const required = Buffer.from(JSON.stringify(document)).toString('base64');
    expect(await ask({ 'payment-required': required })).toEqual(first);
    expect(await spent()).toEqual(['0.50', '0.00']);
  });

  test.each<[string, string, string]>([
    ['has ended', mppHeader({ expires: soon(-1_000) }), 'bursar:challenge_ended'],
    ['is of tempo', mppHeader({ method: 'tempo' }), 'bursar:unsupported_method'],
    ['opens a session', mppHeader({ intent: 'session' }), 'bursar:unsupported_intent'],
    ['cannot be read', 'Payment x', 'bursar:invalid_challenge_parameter'],
  ])('is refused with a code and nothing reserved where the challenge %s', async (_what, header, code) => {
    const answer = await pay(header);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      fieldList: [{ name: expect.stringMatching(/^paymentInput/) as string }, { name: code }],
    });
    expect(await spent()).toEqual(['0.00', '0.00']);
  });

  test('takes one kilobyte of the books where the challenge is as mppx makes it, and its excess where it is longer', async () => {
    const sizeOf = async (header: string) => {
      const { processPaymentId } = (await pay(header)).body;
      const Key = { pk: { S: `PAY#${processPaymentId}` } };
      const { Item } = await database.client.send(new GetItemCommand({ TableName: database.booksTable, Key }));
      return sizeOfItem(Item!);
    };
    const common = await sizeOf(mppHeader({ expires: soon() }));
    expect(common).toBeLessThan(1_024);
    const long = await sizeOf(mppHeader({ description: 'x'.repeat(1_000) }));
    expect(long - common).toBeLessThan(1_010);
  });
});

describe('a seller that asks by MPP', () => {
  let chain: LocalChain;
  let seller: MppSeller;
  let wallet: `0x${string}`;
  const opened: { close(): Promise<void> }[] = [];
  beforeAll(async () => {
    opened.push((chain = await startChain({ dataDir: null, env: {} })));
  });
  afterAll(async () => {
    for (const each of opened.toReversed()) await each.close();
  });
  beforeEach(async () => {
    const { body } = await call<{
      paymentInstrument: { paymentInstrumentDetails: { embeddedCryptoWallet: { walletAddress: `0x${string}` } } };
    }>('GetPaymentInstrument', { json: tenant });
    wallet = body.paymentInstrument.paymentInstrumentDetails.embeddedCryptoWallet.walletAddress;
    await chain.mint(wallet, 1_000_000n);
  });

  const open = async (options: Parameters<typeof startMppSeller>[1] = {}) => {
    seller = await startMppSeller(chain, options);
    opened.push(seller);
    return chain.balanceOf(seller.payTo);
  };
  const buy = (processor: Partial<Parameters<typeof createPayingFetch>[0]['client']> = {}) =>
    createPayingFetch({
      client: {
        processPayment: async ({ userId: _user, ...json }) => (await call('ProcessPayment', { json })).body as never,
        payChallenge: async ({ userId: _user, ...json }) => (await call('PayChallenge', { json })).body as never,
        ...processor,
      },
      session: { ...tenant, userId: 'user-1' },
      instrument: tenant,
    });

  test.each<[string, Parameters<typeof buy>[0], Parameters<typeof startMppSeller>[1]]>([
    ['by the service that reads the 402', {}, {}],
    ['by a client that reads it', { payChallenge: undefined as never }, {}],
    ['in the header that it asks for', {}, { authorization: 'taken' }],
    [
      'in the header that it asks for, by a client that reads it',
      { payChallenge: undefined as never },
      { authorization: 'taken' },
    ],
  ])('is paid exactly its price %s', async (_what, processor, options) => {
    const before = await open(options);
    const response = await buy(processor)(seller.url);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ report: true });
    expect(response.payment?.settlement).toMatchObject({
      success: true,
      transaction: expect.stringMatching(/^0x/) as string,
    });
    expect(await chain.balanceOf(seller.payTo)).toBe(before + seller.price);
    expect(await spent()).toEqual(['0.01', '0.00']);
  });

  test('settles one credential once, however often it is presented', async () => {
    const before = await open();
    const asked = await fetch(seller.url);
    const header = asked.headers.get('www-authenticate')!;
    const { paymentCredential } = (await pay(header)).body.paymentOutput.mpp;
    const present = () => fetch(seller.url, { headers: { authorization: paymentCredential } });
    expect((await present()).status).toBe(200);
    expect((await present()).status).toBe(402);
    expect(await chain.balanceOf(seller.payTo)).toBe(before + seller.price);
  });

  test('beside x402 is asked by the cheaper of both', async () => {
    const encode = (amount: string) =>
      Buffer.from(JSON.stringify({ x402Version: 2, accepts: [offer({ amount })] })).toString('base64');
    const dear = encode('20000');
    const before = await open({ x402: dear });
    expect((await buy()(seller.url)).status).toBe(200);
    expect(await chain.balanceOf(seller.payTo)).toBe(before + seller.price);
    const asked = await fetch(seller.url);
    const quote = async (required: string) => {
      const headers = { 'www-authenticate': asked.headers.get('www-authenticate')!, 'payment-required': required };
      const { paymentManagerArn, paymentSessionId, paymentInstrumentId } = tenant;
      const json = {
        paymentManagerArn,
        paymentSessionId,
        paymentInstrumentId,
        request: { method: 'GET', url: seller.url },
        challenge: { status: 402, headers },
      };
      const { body } = await call<{ quote: { chosen: { index: number }; offers: { protocol: string }[] } }>(
        'QuoteChallenge',
        { json },
      );
      return [body.quote.chosen.index, ...body.quote.offers.map(({ protocol }) => protocol)];
    };
    expect(await quote(dear)).toEqual([1, 'x402', 'mpp']);
    expect(await quote(encode('9999'))).toEqual([0, 'x402', 'mpp']);
  });

  test.each<[string, object[], string]>([
    ['by x402 where nothing is said', [], 'x402'],
    ['by MPP where the session allows no other protocol', [{ kind: 'protocols', allow: ['mpp'] }], 'mpp'],
  ])('that mppx has ask by x402 as well is paid its price %s', async (_what, rules, protocol) => {
    const before = await open({ x402: 'same' });
    const { body } = await call<{ paymentSession: { paymentSessionId: string } }>('CreatePaymentSession', {
      json: sessionRequest(tenant, { policy: { version: 1, rules } }),
    });
    tenant = { ...tenant, paymentSessionId: body.paymentSession.paymentSessionId };
    const response = await buy()(seller.url);
    expect(response.status).toBe(200);
    expect(response.payment?.offer.protocol).toBe(protocol);
    expect(await chain.balanceOf(seller.payTo)).toBe(before + seller.price);
    expect(await spent()).toEqual(['0.01', '0.00']);
  });
});
