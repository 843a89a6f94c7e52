import { describe, expect, test } from 'vitest';
import {
  ProofEndedError,
  PurchaseError,
  type PayingFetchOptions,
  type PaymentProcessor,
} from '../../lib/client/index.ts';
import { createBooks, FROM } from './books.ts';
import { askForPayment, bursarError, makeEntry, play, SELLER } from './script.ts';

const REPORT = `${SELLER}/report`;
const PURCHASE = { purchaseId: 'report-1' };
const delivered = () => new Response('the report');
const cut = () => new TypeError('fetch failed');
/** A 402 whose price is so many base units of a dollar's millionths. */
const asking = (amount: number, entry: object = {}) => askForPayment(2, { entry: { amount: `${amount}`, ...entry } });

const decode = (header: string | null) => JSON.parse(Buffer.from(header ?? '', 'base64').toString());
const proofsOf = (sent: readonly { readonly headers: Headers }[]) =>
  sent.flatMap(({ headers }) => (headers.has('payment-signature') ? [decode(headers.get('payment-signature'))] : []));

/** One call by a process of its own. */
async function run(client: PaymentProcessor, answers: (Response | Error)[], options: Partial<PayingFetchOptions> = {}) {
  const scene = play(answers, { client, ...options });
  const outcome = await scene.pay(REPORT, PURCHASE).catch((error: unknown) => error as Error);
  return { ...scene, outcome };
}

describe('a purchase is one payment', () => {
  test('whatever a seller asks that takes each proof, cuts the connection and wants a unit more', async () => {
    const books = createBooks();
    const proofs = [];
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const { sent, outcome } = await run(books.client(), [asking(500_000 + attempt), cut()]);
      expect(outcome).toBeInstanceOf(PurchaseError);
      expect(outcome).toMatchObject({ purchaseId: 'report-1', processPaymentId: 'payment-1', mayHavePaid: true });
      proofs.push(...proofsOf(sent));
    }
    expect(books.signed()).toHaveLength(1);
    expect(books.leftUsd()).toBe('9.50');
    expect(new Set(proofs.map(({ payload }) => payload.authorization.nonce)).size).toBe(1);
    expect(proofs).toHaveLength(20);
    // The proof is presented as what it is, not as what the seller would like it to be.
    expect(new Set(proofs.map(({ accepted }) => accepted.amount))).toEqual(new Set(['500000']));
  });

  test('when it is repeated in another session', async () => {
    const books = createBooks();
    await run(books.client(), [asking(500_000), cut()]);
    const session = { paymentManagerArn: 'arn', paymentSessionId: 'another', userId: 'user' };
    const { outcome } = await run(books.client(), [asking(500_000), delivered()], { session });
    expect(outcome).toMatchObject({ status: 200, payment: { processPaymentId: 'payment-1' } });
    expect(books.signed()).toHaveLength(1);
  });

  test.each([
    ['another payee', { payTo: `0x${'2'.repeat(40)}` }],
    [
      'another network',
      {
        network: 'eip155:8453',
        asset: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913',
        extra: { name: 'USD Coin', version: '2' },
      },
    ],
  ])('when the seller names %s', async (_what, entry) => {
    const books = createBooks({ networks: ['eip155:84532', 'eip155:8453'] });
    await run(books.client(), [asking(500_000), cut()]);
    const { sent, outcome } = await run(books.client(), [asking(500_000, entry), delivered()]);
    expect(outcome).toMatchObject({ status: 200, payment: { processPaymentId: 'payment-1' } });
    expect(proofsOf(sent)[0].accepted).toMatchObject(makeEntry(2));
    expect(books.signed()).toHaveLength(1);
  });

  test('whose proof goes into the new wrapper where only a quote has changed', async () => {
    const books = createBooks();
    await run(books.client(), [asking(500_000), cut()]);
    const quote = { extra: { name: 'USDC', version: '2', quoteId: 'second' } };
    const { sent, outcome } = await run(books.client(), [asking(500_000, quote), delivered()]);
    expect(outcome).toMatchObject({ status: 200 });
    expect(proofsOf(sent)[0].accepted.extra.quoteId).toBe('second');
    expect(books.signed()).toHaveLength(1);
  });

  test('told with the price that was signed, not the one that is asked', async () => {
    const books = createBooks();
    await run(books.client(), [asking(500_000), cut()]);
    const { outcome, events } = await run(books.client(), [asking(900_000), delivered()]);
    expect(outcome).toMatchObject({ payment: { offer: { amountUsd: '0.50' } } });
    expect(events.find(({ type }) => type === 'proof_received')).toMatchObject({
      replayed: true,
      offer: { amountUsd: '0.50' },
    });
  });

  test('for which nothing more is asked where its proof is suddenly not there', async () => {
    const books = createBooks();
    await run(books.client(), [asking(500_000), cut()]);
    const honest = books.client();
    const forgetful: PaymentProcessor = {
      processPayment: (input, options) =>
        input.replayOnly
          ? Promise.reject(bursarError('ValidationException', 400, 'bursar:no_payment'))
          : honest.processPayment(input, options),
    };
    const { outcome } = await run(forgetful, [asking(500_001)]);
    expect(outcome).toMatchObject({ code: 'bursar:other_terms', mayHavePaid: true, processPaymentId: 'payment-1' });
    expect(books.asked).toHaveLength(2);
  });

  test.each([
    ['stands among them', [{}]],
    ['is not made any more', []],
  ])('presented in the way that was signed, where other ways cost the same and its offer %s', async (_what, own) => {
    const books = createBooks();
    await run(books.client(), [asking(500_000), cut()]);
    const token = { name: 'USDC', version: '2' };
    const ceiling = { scheme: 'upto', extra: { ...token, facilitatorAddress: `0x${'3'.repeat(40)}` } };
    const permit = { extra: { ...token, assetTransferMethod: 'permit2' } };
    const accepts = [ceiling, permit, ...own].map((each) => ({ ...makeEntry(2), ...each }));
    const session = { paymentManagerArn: 'arn', paymentSessionId: 'another', userId: 'user' };
    const answers = [askForPayment(2, { document: { accepts } }), delivered()];
    const { sent, outcome } = await run(books.client(), answers, { session });
    expect(outcome).toMatchObject({ status: 200, payment: { processPaymentId: 'payment-1' } });
    expect(proofsOf(sent)[0].accepted).toEqual(makeEntry(2));
  });

  test('presented under the offer that it is for, where the seller has several', async () => {
    const books = createBooks({ budgetUsd: '0.10' });
    await run(books.client(), [asking(500_000)]);
    books.topUp('1.00');
    await run(books.client(), [asking(500_000), cut()]);
    const cheaper = { ...makeEntry(2), amount: '400000', payTo: `0x${'2'.repeat(40)}` };
    const own = { ...makeEntry(2), description: 'the report' };
    const both = askForPayment(2, { document: { accepts: [cheaper, own] } });
    const { sent, outcome } = await run(books.client(), [both, delivered()]);
    expect(outcome).toMatchObject({ status: 200 });
    expect(proofsOf(sent)[0].accepted).toEqual(own);
  });

  test('for which a proof that cannot be fetched is not paid for again', async () => {
    const books = createBooks();
    await run(books.client(), [asking(500_000), cut()]);
    const honest = books.client();
    const busy: PaymentProcessor = {
      processPayment: (input, options) =>
        input.replayOnly
          ? Promise.reject(bursarError('ThrottlingException', 429))
          : honest.processPayment(input, options),
    };
    const { outcome } = await run(busy, [asking(500_001)]);
    expect(outcome).toMatchObject({ name: 'PurchaseError', mayHavePaid: true });
    expect(books.signed()).toHaveLength(1);
  });
});

describe('a denial', () => {
  test('is thrown when it is new, with nothing paid', async () => {
    const books = createBooks({ budgetUsd: '0.10' });
    const { outcome, sent } = await run(books.client(), [asking(500_000)]);
    expect(outcome).toMatchObject({ name: 'PurchaseError', code: 'bursar:budget_exceeded', mayHavePaid: false });
    expect(books.asked).toHaveLength(1);
    expect(sent).toHaveLength(1);
  });

  test('of an earlier call lets the next generation be asked for, after a look', async () => {
    const books = createBooks({ budgetUsd: '0.10' });
    await run(books.client(), [asking(500_000)]);
    books.topUp('1.00');
    const { outcome } = await run(books.client(), [asking(500_000), delivered()]);
    expect(outcome).toMatchObject({ status: 200 });
    expect(books.asked.slice(1).map(({ replayOnly = false }) => replayOnly)).toEqual([false, true, false]);
  });

  test.each([500_000, 500_001])(
    'and a payment after it are found by a process that knows neither, at %i',
    async (amount) => {
      const books = createBooks({ budgetUsd: '0.10' });
      for (const top of ['0.10', '0.10', '1.00']) {
        await run(books.client(), [asking(500_000), cut()]);
        books.topUp(top);
      }
      await run(books.client(), [asking(500_000), cut()]);
      const [paid] = books.signed();
      const { outcome, sent } = await run(books.client(), [asking(amount), delivered()]);
      expect(outcome).toMatchObject({ status: 200, payment: { processPaymentId: paid!.processPaymentId } });
      expect(books.signed()).toHaveLength(1);
      expect(proofsOf(sent)).toHaveLength(1);
    },
  );

  test('is one in a look-up, whatever its header says, and so is being superseded', async () => {
    const asked: boolean[] = [];
    const codes = ['bursar:superseded', 'bursar:budget_exceeded', 'bursar:superseded', 'bursar:frozen'];
    const client: PaymentProcessor = {
      processPayment: ({ replayOnly = false }) => {
        asked.push(replayOnly);
        return Promise.reject(bursarError('ValidationException', 400, codes.shift()));
      },
    };
    expect((await run(client, [asking(500_000)])).outcome).toMatchObject({ code: 'bursar:frozen' });
    expect(asked).toEqual([false, true, true, true]);
  });

  test('of other terms is passed over as well', async () => {
    const books = createBooks({ budgetUsd: '0.10' });
    await run(books.client(), [asking(500_000)]);
    const { outcome } = await run(books.client(), [asking(90_000), delivered()]);
    expect(outcome).toMatchObject({ status: 200, payment: { offer: { amountUsd: '0.09' } } });
  });

  test('by which a payment was superseded is passed over', async () => {
    const books = createBooks({ budgetUsd: '0.10' });
    await run(books.client(), [asking(500_000)]);
    books.supersede(books.tokens()[0]!);
    const { outcome } = await run(books.client(), [asking(90_000), delivered()]);
    expect(outcome).toMatchObject({ status: 200 });
  });

  test('ends the purchase when there were as many as there may be', async () => {
    const books = createBooks({ budgetUsd: '0.10' });
    for (let call = 0; call < 16; call += 1) await run(books.client(), [asking(500_000)]);
    books.topUp('5.00');
    const before = books.asked.length;
    const { outcome } = await run(books.client(), [asking(500_000), delivered()]);
    expect(outcome).toMatchObject({ name: 'PurchaseError', mayHavePaid: false });
    expect((outcome as Error).message).toMatch(/16 times/);
    expect(books.asked.length - before).toBe(16);
    expect(books.signed()).toEqual([]);
  });

  test('of a service that is not Bursar raises no generation and asks nothing that it does not know', async () => {
    const asked: unknown[] = [];
    const foreign: PaymentProcessor = {
      processPayment: (input) => {
        asked.push(input);
        return Promise.reject(bursarError('ValidationException', 400));
      },
    };
    for (let call = 0; call < 3; call += 1) {
      expect((await run(foreign, [asking(500_000)])).outcome).toMatchObject({ code: null });
    }
    expect(new Set(asked.map((input) => JSON.stringify(input))).size).toBe(1);
    expect(JSON.stringify(asked)).not.toContain('replayOnly');
  });
});

describe('a proof that has ended', () => {
  const START = 1_790_000_000_000;
  const END_MS = START + 10_000;
  /** Paid at the start; repeated later. */
  async function repeat(afterMs: number, chain: { used: boolean; at: number } | 'down' | null, amount = 500_000) {
    const books = createBooks({ now: () => START, validitySeconds: 10 });
    await run(books.client(), [asking(500_000), cut()], { now: () => START });
    const calls: { readonly url: string; readonly method: string; readonly params: unknown[] }[] = [];
    const seller = [asking(amount), delivered()];
    const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
      const request = new Request(input, init);
      if (!request.url.startsWith('https://rpc.example')) return seller.shift()!;
      const { method, params } = (await request.json()) as { method: string; params: unknown[] };
      calls.push({ url: request.url, method, params });
      if (chain === 'down' || chain === null) throw cut();
      const block = { number: '0x10', timestamp: `0x${Math.floor(chain.at / 1_000).toString(16)}` };
      const word = `0x${(chain.used ? '1' : '0').padStart(64, '0')}`;
      return Response.json({ jsonrpc: '2.0', id: 1, result: method === 'eth_call' ? word : block });
    };
    const { pay, events } = play([], {
      client: books.client(),
      fetch,
      now: () => START + afterMs,
      ...(chain === null ? {} : { rpcUrls: { 'eip155:84532': 'https://rpc.example/key' } }),
    });
    const outcome = await pay(REPORT, PURCHASE).catch((error: unknown) => error);
    return { outcome, calls, books, events, left: seller.length };
  }

  test('is presented until it ends, and not from then on', async () => {
    expect((await repeat(9_999, null)).outcome).toMatchObject({ status: 200 });
    const { outcome, left, books } = await repeat(10_000, null);
    expect(outcome).toBeInstanceOf(ProofEndedError);
    expect(outcome).toMatchObject({
      processPaymentId: 'payment-1',
      purchaseId: 'report-1',
      mayHavePaid: true,
      fate: 'unknown',
      endedAt: new Date(END_MS),
    });
    expect((outcome as Error).message).toContain('may have been settled');
    expect(left).toBe(1);
    expect(books.signed()).toHaveLength(1);
  });

  test('is none where it was signed just now, whatever this machine’s clock says', async () => {
    const books = createBooks({ now: () => START, validitySeconds: 10 });
    const { outcome } = await run(books.client(), [asking(500_000), delivered()], { now: () => START + 3_600_000 });
    expect(outcome).toMatchObject({ status: 200 });
  });

  test('is told with both prices where the seller asks another', async () => {
    const { outcome } = await repeat(12_000, null, 700_000);
    expect(outcome).toMatchObject({ paidUsd: '0.50', askedUsd: '0.70' });
  });

  test('is dead where the chain shows it unused at a block after its end', async () => {
    const { outcome, calls } = await repeat(12_000, { used: false, at: END_MS });
    expect(outcome).toMatchObject({ fate: 'dead', mayHavePaid: false });
    expect(calls.map(({ method }) => method)).toEqual(['eth_getBlockByNumber', 'eth_call']);
    const data = `0xe94a0102${'0'.repeat(24)}${FROM.slice(2)}${'1'.padStart(64, '0')}`;
    expect(calls[1]!.params).toEqual([{ to: '0x036CbD53842c5426634e7929541eC2318f3dCF7e', data }, '0x10']);
  });

  test.each([
    ['the newest block is before its end', { used: false, at: END_MS - 1_000 }, 'unknown', true],
    ['the chain shows it used', { used: true, at: END_MS }, 'settled', true],
    ['the chain shows it used before its end', { used: true, at: END_MS - 1_000 }, 'settled', true],
    ['the chain cannot be asked', 'down', 'unknown', true],
  ] as const)('is not dead where %s', async (_what, chain, fate, mayHavePaid) => {
    const { outcome } = await repeat(12_000, chain);
    expect(outcome).toMatchObject({ fate, mayHavePaid });
    expect(JSON.stringify(outcome) + String(outcome)).not.toContain('rpc.example');
  });
});

describe('offers', () => {
  const onBase = {
    ...makeEntry(2),
    network: 'eip155:8453',
    asset: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913',
    extra: { name: 'USD Coin', version: '2' },
    amount: '400000',
  };
  const both = () => askForPayment(2, { document: { accepts: [onBase, makeEntry(2)] } });

  test('that the deployment refuses for what they are are followed by the next, under the same token', async () => {
    const books = createBooks();
    const { outcome, events } = await run(books.client(), [both(), delivered()]);
    expect(outcome).toMatchObject({ status: 200, payment: { offer: { network: 'eip155:84532' } } });
    expect(new Set(books.asked.map(({ clientToken }) => clientToken)).size).toBe(1);
    expect(events.filter(({ type }) => type === 'payment_required')).toHaveLength(2);
  });

  test('that are refused one and all end in the first refusal, with nothing paid', async () => {
    const books = createBooks({ networks: [] });
    const { outcome } = await run(books.client(), [both()]);
    expect(outcome).toMatchObject({ code: 'bursar:unsupported_network', mayHavePaid: false });
    expect(books.asked).toHaveLength(2);
  });

  test('are asked for up to a bound', async () => {
    const accepts = Array.from({ length: 12 }, (_, index) => ({ ...onBase, amount: `${index + 1}` }));
    const books = createBooks();
    await run(books.client(), [askForPayment(2, { document: { accepts } })]);
    expect(books.asked).toHaveLength(8);
  });

  test.each(['bursar:budget_exceeded', 'bursar:frozen', 'bursar:session_below_floor', 'bursar:repeated_purchase'])(
    'are not tried one after the other after %s',
    async (code) => {
      const { outcome, asked } = await run(
        { processPayment: () => Promise.reject(bursarError('ValidationException', 400, code)) },
        [both()],
      );
      expect(outcome).toMatchObject({ code, mayHavePaid: false });
      expect(asked).toEqual([]);
    },
  );

  test('on networks that the session does not name are not asked for, unless the caller names them', async () => {
    const session = {
      paymentManagerArn: 'arn',
      paymentSessionId: 'session',
      userId: 'user',
      networks: ['eip155:84532'],
    };
    const books = createBooks();
    await run(books.client(), [both(), delivered()], { session });
    expect(books.asked).toHaveLength(1);
    expect(Object.keys(books.asked[0]!)).not.toContain('networks');
    const named = await run(createBooks().client(), [both()], { session, networks: ['eip155:8453'] });
    expect(named.outcome).toMatchObject({ code: 'bursar:unsupported_network' });
  });
});
