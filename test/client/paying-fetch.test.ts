import type {
  PaymentInstrument as AwsInstrument,
  PaymentSession as AwsSession,
} from '@aws-sdk/client-bedrock-agentcore';
import { describe, expect, test } from 'vitest';
import { UnpayableError, type PayingFetchOptions } from '../../lib/client/index.ts';
import { askForPayment, base64, bursarError, cameFrom, makeEntry, PAY_TO, play, SELLER, SIGNATURE } from './script.ts';

const URL_OF_REPORT = `${SELLER}/report`;
const SETTLEMENT = { success: true, transaction: '0xfeed', network: 'eip155:84532', payer: PAY_TO };

const delivered = (headers: Record<string, string> = {}) => new Response('the report', { headers });

function decode(header: string | null): unknown {
  return JSON.parse(Buffer.from(header ?? '', 'base64').toString());
}

describe('session and instrument may be the objects that the API answers', () => {
  const session = {
    paymentManagerArn: 'arn',
    paymentSessionId: 'session',
    userId: 'user',
    expiryTimeInMinutes: 60,
    createdAt: new Date(0),
    updatedAt: new Date(0),
    limits: { maxSpendAmount: { value: '10.00', currency: 'USD' } },
  } satisfies AwsSession;
  const instrument = {
    paymentInstrumentId: 'instrument',
    paymentManagerArn: 'arn of the instrument',
    paymentConnectorId: 'connector',
    userId: 'user of the instrument',
    paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
    paymentInstrumentDetails: { embeddedCryptoWallet: { network: 'ETHEREUM', linkedAccounts: [] } },
    createdAt: new Date(0),
    updatedAt: new Date(0),
    status: 'ACTIVE',
  } satisfies AwsInstrument;

  test('and only their ids are sent, with what is bought', async () => {
    const { pay, asked } = play([askForPayment(2), delivered()], {
      session: session as AwsSession,
      instrument: instrument as AwsInstrument,
    });
    await pay(URL_OF_REPORT);
    expect(asked).toEqual([
      {
        paymentManagerArn: 'arn',
        paymentSessionId: 'session',
        paymentInstrumentId: 'instrument',
        userId: 'user',
        paymentType: 'CRYPTO_X402',
        paymentInput: { cryptoX402: { version: '2', payload: makeEntry(2) } },
        resource: expect.objectContaining({ url: URL_OF_REPORT }) as object,
        clientToken: expect.any(String) as string,
      },
    ]);
  });

  test('and one without its ids is refused before anything is fetched', () => {
    expect(() => play([], { session: { ...session, userId: undefined } })).toThrow('userId');
    expect(() => play([], { instrument: { paymentInstrumentId: undefined } })).toThrow('paymentInstrumentId');
  });
});

describe('a 402 is paid once and the request sent once more', () => {
  test('in version 1, by X-PAYMENT', async () => {
    const { pay, sent, asked } = play([askForPayment(1), delivered({ 'x-payment-response': base64(SETTLEMENT) })]);
    const response = await pay(URL_OF_REPORT);
    expect(await response.text()).toBe('the report');
    expect(response.payment).toMatchObject({
      processPaymentId: 'payment-1',
      offer: { version: '1', network: 'eip155:84532', amountUsd: '0.50', payTo: PAY_TO },
      settlement: { success: true, transaction: '0xfeed' },
    });
    expect(asked).toEqual([
      {
        paymentManagerArn: 'arn',
        paymentSessionId: 'session',
        paymentInstrumentId: 'instrument',
        userId: 'user',
        paymentType: 'CRYPTO_X402',
        paymentInput: { cryptoX402: { version: '1', payload: makeEntry(1) } },
        resource: expect.objectContaining({ url: URL_OF_REPORT }) as object,
        clientToken: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      },
    ]);
    expect(sent).toHaveLength(2);
    expect(sent[0]!.headers.get('x-payment')).toBeNull();
    expect(decode(sent[1]!.headers.get('x-payment'))).toMatchObject({
      x402Version: 1,
      scheme: 'exact',
      network: 'base-sepolia',
      payload: { signature: SIGNATURE },
    });
  });

  test('in version 2, by PAYMENT-SIGNATURE with what was accepted', async () => {
    const document = { extensions: { echoed: true } };
    const { pay, sent } = play([askForPayment(2, { document }), delivered({ 'payment-response': base64(SETTLEMENT) })]);
    const response = await pay(URL_OF_REPORT);
    expect(response.payment?.settlement).toMatchObject({ success: true, payer: PAY_TO });
    expect(decode(sent[1]!.headers.get('payment-signature'))).toMatchObject({
      x402Version: 2,
      resource: { url: URL_OF_REPORT },
      accepted: makeEntry(2),
      extensions: { echoed: true },
      payload: { signature: SIGNATURE },
    });
  });

  test('and a second 402 is returned as it is', async () => {
    const { pay, sent, asked } = play([askForPayment(1), askForPayment(1)]);
    const response = await pay(URL_OF_REPORT);
    expect(response.status).toBe(402);
    expect(await response.json()).toMatchObject({ x402Version: 1 });
    expect(response.payment?.processPaymentId).toBe('payment-1');
    expect([sent.length, asked.length]).toEqual([2, 1]);
  });

  test('and so is a failure with the proof, which is not sent again', async () => {
    const { pay, sent, asked } = play([askForPayment(2), new TypeError('connection reset')]);
    await expect(pay(URL_OF_REPORT)).rejects.toThrow('connection reset');
    expect([sent.length, asked.length]).toEqual([2, 1]);
  });

  test('with method, headers and body of the request', async () => {
    const { pay, sent } = play([askForPayment(2), delivered()]);
    const body = JSON.stringify({ question: 'heat pumps' });
    await pay(URL_OF_REPORT, { method: 'POST', body, headers: { 'content-type': 'application/json', 'x-own': '1' } });
    expect(sent.map((each) => [each.method, each.body, each.headers.get('x-own')])).toEqual([
      ['POST', body, '1'],
      ['POST', body, '1'],
    ]);
  });

  test('and a settlement that cannot be read is none', async () => {
    const { pay } = play([askForPayment(2), delivered({ 'payment-response': '!' })]);
    expect((await pay(URL_OF_REPORT)).payment).toMatchObject({ processPaymentId: 'payment-1', settlement: null });
  });
});

test.each<[string, BodyInit | null]>([
  ['a page that is longer than terms are', 'x'.repeat(700_000)],
  ['the start of a stream without an end', new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(16_384)) })],
  ['broken JSON', '{"x402Version":1,'],
  ['nothing', null],
])('a header with terms is paid whatever the body is: %s', async (_what, body) => {
  const { headers } = askForPayment(2);
  const { pay, asked } = play([new Response(body, { status: 402, headers }), delivered()]);
  expect((await pay(URL_OF_REPORT)).payment).not.toBeNull();
  expect(asked).toHaveLength(1);
});

describe('nothing is paid', () => {
  test.each([200, 404, 500])('for an answer of %i', async (status) => {
    const { pay, asked } = play([new Response('as it is', { status })]);
    const response = await pay(URL_OF_REPORT);
    expect([response.status, response.payment, await response.text()]).toEqual([status, null, 'as it is']);
    expect(asked).toEqual([]);
  });

  test.each(['please pay by invoice', '{"error":"subscribe first"}', '', '[1]'])(
    'for a 402 that is not x402: %j, whose body stays readable',
    async (body) => {
      const { pay, sent, asked, events } = play([new Response(body, { status: 402 })]);
      const response = await pay(URL_OF_REPORT);
      expect([response.status, response.payment, await response.text()]).toEqual([402, null, body]);
      expect([sent.length, asked, events]).toEqual([1, [], []]);
    },
  );

  const broken: [string, () => Response, RegExp][] = [
    [
      'a header that cannot be read',
      () => new Response('', { status: 402, headers: { 'payment-required': '!' } }),
      /./,
    ],
    ['offers that are no list', () => askForPayment(2, { document: { accepts: {} } }), /accepts/],
    ['an unknown version', () => askForPayment(2, { document: { x402Version: 3 } }), /x402Version/],
    ['another token', () => askForPayment(2, { entry: { asset: `0x${'1'.repeat(40)}` } }), /USDC/],
    ['a hostile amount', () => askForPayment(2, { entry: { amount: '1e3' } }), /amount/],
    [
      'a resource of another origin, in version 2',
      () => askForPayment(2, { document: { resource: { url: 'https://other.example/report' } } }),
      /another origin/,
    ],
    [
      'a resource of another origin, in version 1',
      () => askForPayment(1, { entry: { resource: 'http://other.example/report' } }),
      /another origin/,
    ],
    [
      'a redirect to another origin that then asks',
      () => cameFrom(askForPayment(2, { document: { resource: undefined } }), 'https://other.example/report'),
      /redirected to https:\/\/other\.example/,
    ],
  ];
  test.each(broken)('for %s', async (_what, response, message) => {
    const { pay, sent, asked } = play([response()]);
    const error: unknown = await pay(URL_OF_REPORT).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UnpayableError);
    expect((error as Error).message).toMatch(message);
    expect([sent.length, asked]).toEqual([1, []]);
  });

  test('for a body that is longer than terms are, which comes back as it came', async () => {
    const page = `<html>${'x'.repeat(700_000)}</html>`;
    const { pay, asked } = play([new Response(page, { status: 402 })]);
    const response = await pay(URL_OF_REPORT);
    expect([response.payment, (await response.text()) === page, asked]).toEqual([null, true, []]);
  });

  test('for a body that never ends, of which no more than terms are long is read', async () => {
    let [pulled, cancelled] = [0, false];
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        pulled += 16_384;
        controller.enqueue(new Uint8Array(16_384).fill(0x20));
      },
      cancel: () => {
        cancelled = true;
      },
    });
    const { pay, asked } = play([new Response(endless, { status: 402 })]);
    const response = await pay(URL_OF_REPORT);
    expect(pulled).toBeLessThan(400_000);
    await response.body?.cancel();
    expect([response.payment, cancelled, asked]).toEqual([null, true, []]);
  });

  test('for a 402 that makes no offer, which comes back with what the seller says', async () => {
    const { pay, asked } = play([askForPayment(1, { document: { accepts: [], error: 'Subscribe first' } })]);
    const response = await pay(URL_OF_REPORT);
    expect(response.unpaidReason).toBe("the seller's 402 makes no offer, and says: Subscribe first");
    expect([response.status, response.payment, asked]).toEqual([402, null, []]);
    expect(await response.json()).toMatchObject({ error: 'Subscribe first' });
  });

  test('on a network that the caller did not name', async () => {
    const other = play([askForPayment(2)], { networks: ['eip155:8453'] });
    await expect(other.pay(URL_OF_REPORT)).rejects.toThrow(UnpayableError);
    expect(other.asked).toEqual([]);
    const same = play([askForPayment(2), delivered()], { networks: ['eip155:84532'] });
    expect((await same.pay(URL_OF_REPORT)).status).toBe(200);
  });
});

describe('the client token', () => {
  const twice = (failures: Error[] = []) =>
    play([askForPayment(2), ...(failures.length > 0 ? [] : [delivered()]), askForPayment(2), delivered()], {
      failures,
    });

  test('is the same for the same purchase', async () => {
    const { pay, asked } = twice();
    await pay(URL_OF_REPORT, { purchaseId: 'report-1' });
    await pay(URL_OF_REPORT, { purchaseId: 'report-1' });
    expect(asked[1]!.clientToken).toBe(asked[0]!.clientToken);
  });

  test('is the same in another process', async () => {
    const tokens = [];
    for (let process = 0; process < 2; process += 1) {
      const { pay, asked } = play([askForPayment(2), delivered()]);
      await pay(URL_OF_REPORT, { purchaseId: 'report-1' });
      tokens.push(asked[0]!.clientToken);
    }
    expect(tokens[1]).toBe(tokens[0]);
  });

  test('is another one for another purchase, and for each call that names none', async () => {
    for (const names of [
      [{ purchaseId: 'report-1' }, { purchaseId: 'report-2' }],
      [{}, {}],
    ]) {
      const { pay, asked } = twice();
      for (const init of names) await pay(URL_OF_REPORT, init);
      expect(asked[1]!.clientToken).not.toBe(asked[0]!.clientToken);
    }
  });

  test.each<[string, object, Partial<PayingFetchOptions>]>([
    ['when the seller has changed the price', { amount: '500001' }, {}],
    ['when the seller has changed the payee', { payTo: `0x${'2'.repeat(40)}` }, {}],
    ['in another session', {}, { session: { paymentManagerArn: 'arn', paymentSessionId: 'other', userId: 'user' } }],
  ])('is the same %s', async (_what, entry, options) => {
    const first = play([askForPayment(2), delivered()]);
    await first.pay(URL_OF_REPORT, { purchaseId: 'report-1' });
    const second = play([askForPayment(2, { entry }), delivered()], options);
    await second.pay(URL_OF_REPORT, { purchaseId: 'report-1' });
    expect(second.asked[0]!.clientToken).toBe(first.asked[0]!.clientToken);
  });

  test.each<[string, Error, boolean]>([
    ['429', bursarError('ThrottlingException', 429), true],
    ['500', bursarError('InternalServerException', 500), true],
    ['a timeout', new DOMException('The operation timed out', 'TimeoutError'), true],
    ['an expired session', bursarError('ValidationException', 400, 'bursar:session_expired'), false],
  ])('is the same after %s, which says whether money may have moved', async (_what, failure, mayHavePaid) => {
    const { pay, asked } = twice([failure]);
    await expect(pay(URL_OF_REPORT, { purchaseId: 'report-1' })).rejects.toMatchObject({
      name: 'PurchaseError',
      purchaseId: 'report-1',
      mayHavePaid,
      cause: failure,
    });
    expect((await pay(URL_OF_REPORT, { purchaseId: 'report-1' })).status).toBe(200);
    expect(asked[1]!.clientToken).toBe(asked[0]!.clientToken);
  });
});

test('events tell what happens, in order, and never the proof', async () => {
  const { pay, events } = play([askForPayment(2), delivered({ 'payment-response': base64(SETTLEMENT) })], {
    agentName: 'assistant',
  });
  await pay(URL_OF_REPORT);
  expect(events.map(({ type }) => type)).toEqual(['payment_required', 'proof_received', 'settled']);
  const told = JSON.stringify(events);
  expect(told).toContain('0xfeed');
  for (const secret of [SIGNATURE, SIGNATURE.slice(2, 20), base64({ signature: SIGNATURE }).slice(0, 40)]) {
    expect(told).not.toContain(secret);
  }
});
