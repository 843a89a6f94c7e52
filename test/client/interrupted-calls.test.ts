import { describe, expect, test } from 'vitest';
import { BursarError, PurchaseError, type PaymentProcessor, type PayingFetchEvent } from '../../lib/client/index.ts';
import { createBooks } from './books.ts';
import { askForPayment, bursarError, play, SELLER } from './script.ts';

const REPORT = `${SELLER}/report`;
const PURCHASE = { purchaseId: 'report-1' };
const STOP = new Error('stop');
const failureOf = (call: Promise<unknown>): Promise<unknown> => call.catch((error: unknown) => error);

describe('a signal', () => {
  test('that was fired before keeps Bursar from being asked', async () => {
    const { pay, asked } = play([askForPayment(2)]);
    expect(await failureOf(pay(REPORT, { signal: AbortSignal.abort(STOP) }))).toBe(STOP);
    expect(asked).toEqual([]);
  });

  test('that fires while the seller answers keeps Bursar from being asked', async () => {
    const stop = new AbortController();
    const { pay, asked } = play([], {
      fetch: async () => {
        stop.abort(STOP);
        return askForPayment(2);
      },
    });
    expect(await failureOf(pay(REPORT, { signal: stop.signal }))).toBe(STOP);
    expect(asked).toEqual([]);
  });

  test('of a Request counts as well', async () => {
    const { pay, asked } = play([askForPayment(2)]);
    expect(await failureOf(pay(new Request(REPORT, { signal: AbortSignal.abort(STOP) })))).toBe(STOP);
    expect(asked).toEqual([]);
  });

  test('that fires while Bursar is asked ends the call, which says that money may move', async () => {
    const stop = new AbortController();
    const client: PaymentProcessor = {
      processPayment: (_input, options) =>
        new Promise((_resolve, reject) => {
          options?.signal?.addEventListener('abort', () => reject(options.signal?.reason));
          stop.abort(STOP);
        }),
    };
    const { pay, sent } = play([askForPayment(2)], { client });
    expect(await failureOf(pay(REPORT, { ...PURCHASE, signal: stop.signal }))).toMatchObject({
      name: 'PurchaseError',
      purchaseId: 'report-1',
      processPaymentId: null,
      mayHavePaid: true,
      cause: STOP,
    });
    expect(sent).toHaveLength(1);
  });

  test('that fires between two offers keeps the second from being asked for', async () => {
    const stop = new AbortController();
    const books = createBooks({ networks: [] });
    const client: PaymentProcessor = {
      processPayment: (input) => {
        stop.abort(STOP);
        return books.client().processPayment(input);
      },
    };
    const accepts = [1, 2].map((cents) => ({ ...entryOf(askForPayment(2)), amount: `${cents}0000` }));
    const { pay } = play([askForPayment(2, { document: { accepts } })], { client });
    expect(await failureOf(pay(REPORT, { signal: stop.signal }))).toMatchObject({ cause: STOP });
    expect(books.asked).toHaveLength(1);
  });

  test('reaches the request with the proof', async () => {
    const stop = new AbortController();
    const signals: AbortSignal[] = [];
    const answers = [askForPayment(2), new Response('paid')];
    const { pay } = play([], {
      fetch: async (input) => {
        signals.push((input as Request).signal);
        return answers.shift()!;
      },
    });
    await pay(REPORT, { signal: stop.signal });
    stop.abort(STOP);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  });
});

function entryOf(response: Response): object {
  return JSON.parse(Buffer.from(response.headers.get('payment-required')!, 'base64').toString()).accepts[0];
}

describe('a listener', () => {
  const loud: [string, (event: PayingFetchEvent) => void][] = [
    [
      'throws',
      () => {
        throw new Error('the log is full');
      },
    ],
    ['rejects', (() => Promise.reject(new Error('the log is full'))) as unknown as () => void],
  ];
  test.each(loud)('that %s breaks no payment', async (_what, onEvent) => {
    const { pay, asked } = play([askForPayment(2), new Response('the report')], { onEvent });
    expect(await (await pay(REPORT)).text()).toBe('the report');
    expect(asked).toHaveLength(1);
  });
});

describe('a failure after Bursar was asked says whether money may have moved', () => {
  const AFTER_SILENCE = { errorName: 'AccessDeniedException', status: 403, requestId: null, leftOpen: true };
  test.each<[string, Error, boolean]>([
    [
      'a role that may not pay any more, and an attempt without an answer',
      new BursarError('no', { ...AFTER_SILENCE, code: null }),
      true,
    ],
    [
      'credentials that cannot be had',
      new BursarError('no', { ...AFTER_SILENCE, status: 0, leftOpen: false, code: null }),
      false,
    ],
    [
      'a refusal of Bursar, and an attempt without an answer',
      new BursarError('no', { ...AFTER_SILENCE, code: 'bursar:frozen' }),
      false,
    ],
    ['a refusal', bursarError('ValidationException', 400, 'bursar:frozen'), false],
    ['a role that may not pay', bursarError('AccessDeniedException', 403), false],
    ['a busy service', bursarError('ThrottlingException', 429), true],
    ['a broken one', bursarError('InternalServerException', 503), true],
    ['no answer', new TypeError('fetch failed'), true],
    ['a token that is another request’s', bursarError('IdempotentParameterMismatchException', 400), true],
    ['other terms of which nothing is told', bursarError('ValidationException', 400, 'bursar:other_terms'), true],
  ])('after %s', async (_what, failure, mayHavePaid) => {
    const { pay, sent } = play([askForPayment(2)], { failures: [failure] });
    const error = await failureOf(pay(REPORT, PURCHASE));
    expect(error).toBeInstanceOf(PurchaseError);
    expect(error).toMatchObject({ purchaseId: 'report-1', processPaymentId: null, mayHavePaid, cause: failure });
    expect(sent).toHaveLength(1);
  });

  test('after the proof, with the payment’s id', async () => {
    const failure = new TypeError('fetch failed');
    const { pay } = play([askForPayment(2), failure]);
    expect(await failureOf(pay(REPORT, PURCHASE))).toMatchObject({
      name: 'PurchaseError',
      purchaseId: 'report-1',
      processPaymentId: 'payment-1',
      mayHavePaid: true,
      cause: failure,
    });
  });

  test('with the id that was drawn where the caller gave none', async () => {
    const books = createBooks();
    const first = play([askForPayment(2), new TypeError('fetch failed')], { client: books.client() });
    const { purchaseId } = (await failureOf(first.pay(REPORT))) as PurchaseError;
    const second = play([askForPayment(2), new Response('the report')], { client: books.client() });
    expect((await second.pay(REPORT, { purchaseId })).payment).toMatchObject({ purchaseId });
    expect(books.signed()).toHaveLength(1);
  });
});
