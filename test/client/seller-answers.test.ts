import { describe, expect, test } from 'vitest';
import { UnpayableError } from '../../lib/client/index.ts';
import { askForPayment, base64, PAY_TO, play, SELLER } from './script.ts';

const REPORT = `${SELLER}/report`;
const settlement = (success: boolean, more: object = {}) => ({
  'payment-response': base64({ success, transaction: '0xfeed', network: 'eip155:84532', payer: PAY_TO, ...more }),
});

describe('why a seller did not take a payment', () => {
  const refusing = (headers: Record<string, string>, body = '{}', status = 402) =>
    new Response(body, { status, headers });
  test.each([
    [
      'the header of its second 402',
      refusing({ 'payment-required': base64({ x402Version: 2, error: 'insufficient_funds' }) }),
    ],
    ['its settlement', refusing(settlement(false, { errorReason: 'insufficient_funds' }))],
    ['its settlement in a good answer', refusing(settlement(false, { errorReason: 'insufficient_funds' }), 'no', 200)],
    [
      'the body, in version 1',
      refusing({}, JSON.stringify({ x402Version: 1, error: 'insufficient_funds', accepts: [] })),
    ],
  ])('is read from %s', async (_what, answer) => {
    const { pay, events } = play([askForPayment(2), answer]);
    const response = await pay(REPORT);
    expect(response.payment).toMatchObject({ processPaymentId: 'payment-1', reason: 'insufficient_funds' });
    expect(events.at(-1)).toMatchObject({ type: 'not_accepted', status: answer.status, reason: 'insufficient_funds' });
    expect(response.bodyUsed).toBe(false);
  });

  test('is nothing where it does not say, or says it in another way', async () => {
    for (const answer of [refusing({}), refusing({ 'payment-required': '!' }), refusing({}, 'gone', 500)]) {
      const { pay, events } = play([askForPayment(2), answer]);
      expect((await pay(REPORT)).payment).toMatchObject({ reason: null });
      expect(events.at(-1)).toMatchObject({ type: 'not_accepted', reason: null });
    }
  });

  test('is one printable line', async () => {
    const error = `no\n\u001B[31m${'x'.repeat(500)}`;
    const { pay } = play([askForPayment(2), refusing({ 'payment-required': base64({ x402Version: 2, error }) })]);
    const reason = (await pay(REPORT)).payment?.reason ?? '';
    expect(reason).toMatch(/^[\x20-\x7e]+$/);
    expect(reason.length).toBeLessThan(300);
  });
});

describe('a 303 after the proof', () => {
  const elsewhere = (headers: Record<string, string>) =>
    new Response(null, { status: 303, headers: { location: '/files/1', ...headers } });

  test('with a good settlement says where the paid thing is, and is not followed', async () => {
    const { pay, sent } = play([askForPayment(2), elsewhere(settlement(true))]);
    const response = await pay(REPORT);
    expect(response.payment).toMatchObject({ deliveredAt: `${SELLER}/files/1`, settlement: { success: true } });
    expect(sent).toHaveLength(2);
  });

  test.each([
    ['a settlement that failed', settlement(false)],
    ['no settlement', {}],
  ])('with %s says nothing', async (_what, headers) => {
    const { pay } = play([askForPayment(2), elsewhere(headers)]);
    expect((await pay(REPORT)).payment).toMatchObject({ deliveredAt: null });
  });
});

describe('an answer with more headers than are read', () => {
  const overflow = () =>
    new TypeError('fetch failed', {
      cause: Object.assign(new Error('Headers Overflow Error'), { code: 'UND_ERR_HEADERS_OVERFLOW' }),
    });

  test('is told apart from a seller that cannot be reached', async () => {
    const long = play([overflow()]);
    const error: unknown = await long.pay(REPORT).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UnpayableError);
    expect((error as Error).message).toContain('more headers');
    const gone = play([new TypeError('fetch failed')]);
    await expect(gone.pay(REPORT)).rejects.toThrow(TypeError);
  });

  test('says so after the proof as well', async () => {
    const { pay } = play([askForPayment(2), overflow()]);
    await expect(pay(REPORT)).rejects.toThrow(/payment-1 was signed.*more headers/);
  });
});

describe('the price that nobody minds', () => {
  const asking = (amount: string) => askForPayment(2, { entry: { amount } });
  const paid = () => new Response('the report');

  test('is a dollar, and not a unit more', async () => {
    expect((await play([asking('1000000'), paid()]).pay(REPORT)).status).toBe(200);
    const { pay, asked } = play([asking('1000001')]);
    await expect(pay(REPORT)).rejects.toThrow('USD 1.000001, more than the USD 1.00');
    expect(asked).toEqual([]);
  });

  test('is the client’s, unless the call has its own', async () => {
    expect((await play([asking('9000000'), paid()], { maxPriceUsd: '9.00' }).pay(REPORT)).status).toBe(200);
    const { pay } = play([asking('9000000'), asking('9000000'), paid(), asking('9000000')], { maxPriceUsd: '10.00' });
    await expect(pay(REPORT, { maxPriceUsd: '8.99' })).rejects.toThrow(UnpayableError);
    expect((await pay(REPORT, { maxPriceUsd: null })).status).toBe(200);
    await expect(pay(REPORT, { maxPriceUsd: '0' })).rejects.toThrow(UnpayableError);
  });

  test('must be one, before anything is sent', async () => {
    const { pay, sent } = play([]);
    await expect(pay(REPORT, { maxPriceUsd: '1e3' })).rejects.toThrow(TypeError);
    expect(sent).toEqual([]);
    expect(() => play([], { maxPriceUsd: '-1' })).toThrow(TypeError);
  });
});
