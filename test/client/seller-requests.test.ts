import { describe, expect, test } from 'vitest';
import { UnpayableError, type PaymentProcessor } from '../../lib/client/index.ts';
import { hasLongHeaders, sendFirst } from '../../lib/client/fetch/seller-request.ts';
import { mppHeader as charge } from '../support/mpp.ts';
import { askForPayment, base64, cameFrom, makeEntry, PAY_TO, play, scriptFetch, SELLER } from './script.ts';

const REPORT = `${SELLER}/report`;
const movedTo = (location: string, status = 307) => new Response(null, { status, headers: { location } });
const overflow = (depth: number): Error => {
  const cause = Object.assign(new Error('Headers Overflow Error'), { code: 'UND_ERR_HEADERS_OVERFLOW' });
  return Array.from({ length: depth }).reduce((inner: Error) => new TypeError('fetch failed', { cause: inner }), cause);
};

/** What becomes of a request, and what was sent for it. */
async function first(answers: readonly (Response | Error)[], init: RequestInit = {}, url = REPORT) {
  const { fetch, sent } = scriptFetch(answers);
  const asked = await sendFirst(fetch, new Request(url, init)).catch((error: unknown) => error as Error);
  return { asked, sent };
}

describe('a request that may cost money', () => {
  test.each(['GET', 'HEAD'])('by %s leaves redirects to fetch', async (method) => {
    const { sent } = await first([new Response()], { method });
    expect(sent.map(({ redirect }) => redirect)).toEqual(['follow']);
  });

  test('that fetch has redirected is the one that was answered', async () => {
    const moved = (await first([cameFrom(new Response(), `${SELLER}/moved`)], { headers: { 'x-own': '1' } })).asked;
    expect(moved).toMatchObject({ request: { url: `${SELLER}/moved` } });
    const request = new Request(REPORT);
    const { fetch } = scriptFetch([cameFrom(new Response(), REPORT), new Response()]);
    expect((await sendFirst(fetch, request)).request).toBe(request);
    expect((await sendFirst(fetch, request)).request).toBe(request);
  });

  test('by another method follows each redirect by itself, with its body', async () => {
    const { asked, sent } = await first([movedTo('/a'), movedTo('/b', 308), new Response()], {
      method: 'PUT',
      body: 'x',
    });
    expect(sent.map(({ url, method, redirect, body }) => [url, method, redirect, body])).toEqual(
      ['/report', '/a', '/b'].map((path) => [SELLER + path, 'PUT', 'manual', 'x']),
    );
    expect(asked).toMatchObject({ request: { url: `${SELLER}/b`, redirect: 'follow' }, response: { status: 200 } });
  });

  test.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [307, 'POST', 'POST'],
    [308, 'POST', 'POST'],
    [301, 'PUT', 'PUT'],
    [302, 'PATCH', 'PATCH'],
    [303, 'DELETE', 'GET'],
    [303, 'PUT', 'GET'],
  ])('redirected by a %i is, after a %s, a %s', async (status, method, next) => {
    const { sent } = await first([movedTo('/next', status), new Response()], {
      method,
      body: 'x',
      headers: { 'content-type': 'text/plain', 'content-language': 'en', 'x-own': '1' },
    });
    expect(sent[1]).toMatchObject({ method: next, body: next === 'GET' ? '' : 'x' });
    expect(Object.fromEntries(sent[1]!.headers)).toEqual(
      next === 'GET' ? { 'x-own': '1' } : { 'content-type': 'text/plain', 'content-language': 'en', 'x-own': '1' },
    );
  });

  test.each([
    [300, '/next'],
    [304, '/next'],
    [305, '/next'],
    [200, '/next'],
    [307, 'http://['],
  ])('is not redirected by a %i to %s', async (status, location) => {
    const answer = Object.defineProperty(new Response(null, { headers: { location } }), 'status', { value: status });
    const { asked, sent } = await first([answer], { method: 'POST' });
    expect([(asked as { readonly response: Response }).response, sent.length]).toEqual([answer, 1]);
  });

  test('keeps what is private on its own origin, and takes none of it to another', async () => {
    const headers = { authorization: 'Bearer x', cookie: 'a=b', 'proxy-authorization': 'Basic x', 'x-own': '1' };
    const { sent } = await first([movedTo('/a'), movedTo('https://other.example/'), new Response()], {
      method: 'POST',
      headers,
    });
    expect(sent.map((each) => Object.keys(headers).filter((name) => each.headers.has(name)))).toEqual([
      Object.keys(headers),
      Object.keys(headers),
      ['x-own'],
    ]);
  });

  test('frees the connection of an answer that redirects', async () => {
    let cancelled = 0;
    const body = new ReadableStream({ cancel: () => void (cancelled += 1) });
    await first([new Response(body, { status: 307, headers: { location: '/a' } }), new Response()], {
      method: 'POST',
    });
    expect(cancelled).toBe(1);
  });

  test('is given up after five redirects', async () => {
    const circle = Array.from({ length: 6 }, () => movedTo('/again'));
    const { asked, sent } = await first(circle, { method: 'POST' });
    expect(asked).toEqual(new UnpayableError(`${REPORT} redirects more than 5 times`));
    expect(sent).toHaveLength(6);
    const end = await first([...Array.from({ length: 5 }, () => movedTo('/again')), new Response()], {
      method: 'POST',
    });
    expect(end.asked).toMatchObject({ response: { status: 200 } });
  });

  test('whose redirect cannot be seen, as in browsers, is not paid', async () => {
    const hidden = Object.defineProperty(new Response(), 'type', { value: 'opaqueredirect' });
    const { asked, sent } = await first([hidden], { method: 'POST' });
    expect(asked).toEqual(new UnpayableError(`${REPORT} redirects a POST, and nothing here can see where to`));
    expect(sent).toHaveLength(1);
  });

  test('whose answer has too many headers is told from one that has none', async () => {
    const failure = overflow(1);
    const { asked } = await first([failure]);
    expect(asked).toBeInstanceOf(UnpayableError);
    expect(asked).toMatchObject({
      message: 'https://seller.example answered with more headers than this process reads',
      cause: failure,
    });
    const other = Object.assign(new TypeError('fetch failed'), { code: 'ECONNRESET' });
    expect((await first([other])).asked).toBe(other);
  });

  test('is looked at four causes deep, and no further', () => {
    expect([0, 1, 2, 3, 4].map((depth) => hasLongHeaders(overflow(depth)))).toEqual([true, true, true, true, false]);
    expect(hasLongHeaders({ code: 'UND_ERR_HEADERS_OVERFLOW' })).toBe(false);
  });
});

describe('the terms of a 402', () => {
  const mppHeader = 'Payment id="1"';

  test('are in the header or in the body, and nothing is sent on but what they stand in', async () => {
    const headers = { 'payment-required': base64({ x402Version: 2, accepts: [makeEntry(2)] }), 'set-cookie': 'a=b' };
    const whole: unknown[] = [];
    const client = {
      processPayment: () => Promise.reject(new Error('not this')),
      payChallenge: (input: unknown) => {
        whole.push(input);
        return Promise.reject(new Error('enough'));
      },
    };
    for (const answer of [new Response('a page', { status: 402, headers }), askForPayment(1)])
      await expect(play([answer], { client }).pay(REPORT)).rejects.toThrow('enough');
    expect(whole).toMatchObject([
      { challenge: { status: 402, body: '' } },
      { challenge: { status: 402, headers: {} } },
    ]);
    const [inHeader, inBody] = whole as { challenge: { headers: object; body: string } }[];
    expect(inHeader!.challenge.headers).toEqual({ 'payment-required': headers['payment-required'] });
    expect(JSON.parse(inBody!.challenge.body)).toMatchObject({ x402Version: 1 });
  });

  test('of x402 in the body count beside a challenge of MPP in a header', async () => {
    const { body } = askForPayment(1);
    const answer = new Response(body, { status: 402, headers: { 'www-authenticate': mppHeader } });
    const { pay, asked } = play([answer, new Response('the report')]);
    expect((await pay(REPORT)).payment).toMatchObject({ offer: { protocol: 'x402' } });
    expect(asked).toHaveLength(1);
  });

  test('of MPP are handed over without a body that is too long to be read, and with none other', async () => {
    const whole: { readonly challenge: { readonly body: string } }[] = [];
    const payChallenge = (input: (typeof whole)[number]) => {
      whole.push(input);
      return Promise.reject(new Error('enough'));
    };
    const client = { processPayment: () => Promise.reject(new Error('not this')), payChallenge } as PaymentProcessor;
    for (const body of ['x'.repeat(700_000), 'a page']) {
      const answer = new Response(body, { status: 402, headers: { 'www-authenticate': charge({ id: 'one' }) } });
      await expect(play([answer], { client }).pay(REPORT)).rejects.toThrow('enough');
    }
    expect(whole.map(({ challenge }) => challenge.body)).toEqual(['', 'a page']);
  });

  test('in a header that cannot be read are not looked for in the body', async () => {
    const { body } = askForPayment(1);
    const { pay, asked } = play([new Response(body, { status: 402, headers: { 'payment-required': '!' } })]);
    await expect(pay(REPORT)).rejects.toThrow("the seller's 402 cannot be read: the header is not base64");
    expect(asked).toEqual([]);
  });

  test('are none in any other answer, whatever its headers say', async () => {
    const { headers } = askForPayment(2);
    const { pay, asked, sent } = play([new Response('the report', { headers })]);
    expect((await pay(REPORT)).payment).toBeNull();
    expect([asked.length, sent.length]).toEqual([0, 1]);
  });
});

describe('an answer to a proof', () => {
  const settled = (success: boolean) => ({
    'payment-response': base64({ success, transaction: '0xfeed', network: 'eip155:84532', payer: PAY_TO }),
  });

  test.each([200, 302, 399])('of %i accepts it', async (status) => {
    const { pay, events } = play([askForPayment(2), new Response(null, { status })]);
    expect((await pay(REPORT)).payment).toMatchObject({ deliveredAt: null });
    expect(events.map(({ type }) => type)).toEqual(['payment_required', 'proof_received']);
  });

  test.each([400, 402, 404, 500])('of %i does not', async (status) => {
    const { pay, events } = play([askForPayment(2), new Response(null, { status })]);
    expect((await pay(REPORT)).payment).toMatchObject({ reason: null, remedy: null });
    expect(events.at(-1)).toMatchObject({ type: 'not_accepted', status, reason: null, remedy: null });
  });

  test.each([200, 201, 302, 307])('of %i is where the paid thing is, whatever location it names', async (status) => {
    const headers = { ...settled(true), location: '/files/1' };
    const { pay } = play([askForPayment(2), new Response(null, { status, headers })]);
    expect((await pay(REPORT)).payment).toMatchObject({ deliveredAt: null, settlement: { success: true } });
  });

  test.each(['http://[', null])('of 303 with the location %s names no place', async (location) => {
    const headers = new Headers(settled(true));
    if (location !== null) headers.set('location', location);
    const { pay } = play([askForPayment(2), new Response(null, { status: 303, headers })]);
    expect((await pay(REPORT)).payment).toMatchObject({ deliveredAt: null });
  });

  test.each([402, 412])(
    'of %i that asks again says why in its body, and what helps where that is known',
    async (status) => {
      const error = 'permit2_allowance_required';
      const { pay, events } = play([askForPayment(2), new Response(JSON.stringify({ error }), { status })]);
      const { payment } = await pay(REPORT);
      expect(payment).toMatchObject({ reason: error, remedy: expect.stringContaining('Permit2') as string });
      expect(events.at(-1)).toMatchObject({ type: 'not_accepted', reason: error, remedy: payment!.remedy });
    },
  );

  test('that asks again in a body without an end, or one that breaks, gives no reason', async () => {
    const broken = new ReadableStream({ start: (controller) => controller.error(new Error('reset')) });
    const long = `{"error":"${'x'.repeat(300_000)}"}`;
    for (const body of [broken, long]) {
      const { pay } = play([askForPayment(2), new Response(body, { status: 402 })]);
      expect((await pay(REPORT)).payment).toMatchObject({ reason: null });
    }
  });

  test('that is missing is told from one whose headers are too long', async () => {
    const message = async (failure: Error) =>
      play([askForPayment(2), failure])
        .pay(REPORT)
        .catch((error: unknown) => (error as Error).message);
    const rest = ': the same purchaseId presents the same proof again';
    expect(await message(new TypeError('fetch failed'))).toBe(
      `payment payment-1 was signed, and https://seller.example did not answer (fetch failed)${rest}`,
    );
    expect(await message(overflow(1))).toBe(
      `payment payment-1 was signed, and https://seller.example answered with more headers than this process reads (fetch failed)${rest}`,
    );
  });
});
