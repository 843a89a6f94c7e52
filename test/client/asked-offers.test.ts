import { describe, expect, test } from 'vitest';
import type {
  PayChallengeOutput,
  PayingFetchOptions,
  PaymentProcessor,
  ProcessPaymentOutput,
} from '../../lib/client/index.ts';
import { mppHeader } from '../support/mpp.ts';
import { createBooks } from './books.ts';
import { askForPayment, base64, bursarError, makeEntry, PAY_TO, play, SELLER, SIGNATURE } from './script.ts';

const REPORT = `${SELLER}/report`;
const PURCHASE = { purchaseId: 'report-1' };
const delivered = () => new Response('the report');
const FACILITATOR = `0x${'3'.repeat(40)}`;
const ON_BASE = {
  network: 'eip155:8453',
  asset: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913',
  extra: { name: 'USD Coin', version: '2' },
};
const offering = (...accepts: object[]) =>
  askForPayment(2, { document: { accepts: accepts.map((each) => ({ ...makeEntry(2), ...each })) } });
const acceptedIn = (sent: readonly { readonly headers: Headers }[]): unknown =>
  JSON.parse(Buffer.from(sent.at(-1)!.headers.get('payment-signature') ?? '', 'base64').toString()).accepted;

async function run(client: PaymentProcessor, answers: (Response | Error)[], options: Partial<PayingFetchOptions> = {}) {
  const scene = play(answers, { client, ...options });
  const outcome = await scene.pay(REPORT, PURCHASE).catch((error: unknown) => error as Error);
  return { ...scene, outcome };
}

describe('Bursar is asked', () => {
  test('for the agent that the application names, with what is bought in the seller’s words', async () => {
    const document = { resource: { url: REPORT, description: 'a report' } };
    const named = play([askForPayment(2, { document }), delivered()], { agentName: 'assistant' });
    await named.pay(`${REPORT}?key=secret`);
    expect(named.asked[0]).toMatchObject({ agentName: 'assistant' });
    expect(named.asked[0]!.resource).toEqual({ url: REPORT, description: 'a report' });
    const plain = play([askForPayment(2), delivered()]);
    await plain.pay(REPORT);
    expect(plain.asked[0]).not.toHaveProperty('agentName');
    expect(plain.asked[0]!.resource).toStrictEqual({ url: REPORT });
    expect(plain.events.find(({ type }) => type === 'proof_received')).toMatchObject({ replayed: false });
  });

  test.each(['bursar:budget_exceeded', 'bursar:frozen', null])('once after the refusal %s', async (code) => {
    let asked = 0;
    const client: PaymentProcessor = {
      processPayment: () => {
        asked += 1;
        return Promise.reject(bursarError('ValidationException', 400, code));
      },
    };
    expect((await run(client, [offering({}, { amount: '400000' })])).outcome).toMatchObject({ code });
    expect(asked).toBe(1);
  });

  test('for a whole 402 once, and then for one offer after the other where it takes none', async () => {
    const asked: string[] = [];
    const client: PaymentProcessor = {
      payChallenge: () => {
        asked.push('whole');
        return Promise.reject(bursarError('ValidationException', 400));
      },
      processPayment: () => {
        asked.push('offer');
        return Promise.reject(bursarError('ValidationException', 400, 'bursar:unsupported_network'));
      },
    };
    await run(client, [offering({}, { amount: '400000' })]);
    expect(asked).toEqual(['whole', 'offer', 'offer']);
  });

  test('for nothing more once the caller has given up, not even for what it has already', async () => {
    const stop = new AbortController();
    const books = createBooks({ budgetUsd: '0.10' });
    const honest = books.client();
    await run(honest, [offering({})]);
    const signals: unknown[] = [];
    const client: PaymentProcessor = {
      processPayment: async (input, options) => {
        signals.push(options?.signal?.aborted);
        return honest.processPayment(input).finally(() => stop.abort(new Error('given up')));
      },
    };
    const { pay } = play([offering({})], { client });
    await expect(pay(REPORT, { ...PURCHASE, signal: stop.signal })).rejects.toThrow('given up');
    expect(signals).toEqual([false]);
    expect(books.asked.filter(({ replayOnly }) => replayOnly)).toEqual([]);
  });

  test('for what it has already under the signal of the caller', async () => {
    const books = createBooks({ budgetUsd: '0.10' });
    const honest = books.client();
    await run(honest, [offering({})]);
    books.topUp('1.00');
    const { signal } = new AbortController();
    const signals: (AbortSignal | undefined)[] = [];
    const client: PaymentProcessor = {
      processPayment: (input, options) => {
        signals.push(options?.signal);
        return honest.processPayment(input);
      },
    };
    await play([offering({}), delivered()], { client }).pay(REPORT, { ...PURCHASE, signal });
    expect(signals.map((each) => each instanceof AbortSignal)).toEqual([true, true, true]);
  });
});

describe('an offer that is paid', () => {
  test('goes back as the seller spelt it', async () => {
    const entry = { amount: 500_000, network: 'base-sepolia', maxAmountRequired: '500000' };
    const { outcome, sent } = await run(createBooks().client(), [offering(entry), delivered()]);
    expect(outcome).toMatchObject({ status: 200 });
    expect(acceptedIn(sent)).toEqual({ ...makeEntry(2), ...entry });
  });

  const terms = {
    amountUsd: '0.50',
    network: 'eip155:84532',
    asset: String(makeEntry(2)['asset']),
    payTo: PAY_TO,
    validBefore: 4_000_000_000,
  };
  const paymentCredential = `Payment ${Buffer.from('{"challenge":{}}').toString('base64url')}`;
  const credential = { mpp: { paymentCredential } } as unknown as ProcessPaymentOutput['paymentOutput'];
  const paying = (output: Partial<PayChallengeOutput>): PaymentProcessor => ({
    processPayment: () => Promise.reject(new Error('not this')),
    payChallenge: async () => ({
      processPaymentId: 'payment-1',
      status: 'PROOF_GENERATED',
      paymentOutput: credential,
      headers: [{ name: 'authorization', value: paymentCredential }],
      ...output,
    }),
  });
  const both = () => {
    const document = { x402Version: 2, accepts: [makeEntry(2, { amount: '400000' }), makeEntry(2)] };
    const headers = { 'payment-required': base64(document), 'www-authenticate': mppHeader({ id: 'one' }) };
    return new Response('', { status: 402, headers });
  };

  test.each<[string, Partial<PayChallengeOutput>, object]>([
    ['that for which a credential was signed', { bursar: terms }, { protocol: 'mpp', amountUsd: '0.50' }],
    [
      'that for which a transfer was signed',
      {
        bursar: terms,
        paymentOutput: { cryptoX402: { version: '2', payload: { signature: SIGNATURE, authorization: {} } } },
      },
      { protocol: 'x402', amountUsd: '0.50' },
    ],
    ['the first where the service does not say', {}, { protocol: 'x402', amountUsd: '0.40' }],
  ])('by a service that chooses is %s', async (_what, output, offer) => {
    const { outcome, sent } = await run(paying(output), [both(), delivered()]);
    expect(outcome).toMatchObject({ status: 200, payment: { offer } });
    expect(sent.at(-1)!.headers.get('authorization')).toBe(paymentCredential);
  });
});

test('what became of a payment is told where the service asks for it, and for no longer than it is worth', async () => {
  const told: unknown[] = [];
  const client: PaymentProcessor = {
    ...createBooks().client(),
    reportOutcome: async (input, options) => {
      told.push([input, options?.signal instanceof AbortSignal]);
      return { status: 'RECORDED' } as never;
    },
  };
  const asking: PaymentProcessor = {
    ...client,
    processPayment: async (input, options) => {
      const output = await client.processPayment(input, options);
      return { ...output, bursar: { ...output.bursar!, wantsOutcome: true } };
    },
  };
  await run(client, [offering({}), delivered()]);
  expect(told).toEqual([]);
  await run(asking, [offering({}), delivered()]);
  const report = { paymentManagerArn: 'arn', userId: 'user', processPaymentId: 'payment-1', url: REPORT };
  expect(told).toEqual([[{ ...report, outcome: 'DELIVERED' }, true]]);
});

describe('a proof of terms that are not offered any more', () => {
  const upto = { scheme: 'upto', extra: { name: 'USDC', version: '2', facilitatorAddress: FACILITATOR } };
  const other = { amount: '600000' };

  test.each<[string, readonly (readonly [string, object])[], string]>([
    [
      'of its way and network',
      [
        ['upto', { ...upto, amount: '100000' }],
        ['base', { ...ON_BASE, amount: '200000' }],
        ['near', other],
        ['dear', { amount: '700000' }],
      ],
      'near',
    ],
    [
      'of its way',
      [
        ['upto', { ...upto, amount: '100000' }],
        ['base', { ...ON_BASE, amount: '200000' }],
        ['dear', { ...ON_BASE, amount: '300000' }],
      ],
      'base',
    ],
    [
      'of its network',
      [
        ['upto on base', { ...ON_BASE, ...upto, extra: { ...upto.extra, name: 'USD Coin' }, amount: '100000' }],
        ['upto', { ...upto, amount: '200000' }],
      ],
      'upto',
    ],
    [
      'that is the cheapest',
      [
        ['upto on base', { ...ON_BASE, ...upto, extra: { ...upto.extra, name: 'USD Coin' }, amount: '100000' }],
        ['dear', { ...ON_BASE, ...upto, extra: { ...upto.extra, name: 'USD Coin' }, amount: '200000' }],
      ],
      'upto on base',
    ],
  ])('is presented in the words of the offer %s', async (_what, offers, nearest) => {
    const books = createBooks({ networks: ['eip155:84532', 'eip155:8453'] });
    await run(books.client(), [offering({}), new TypeError('fetch failed')]);
    const accepts = offers.map(([mark, entry]) => ({ ...entry, mark }));
    const { outcome, sent } = await run(books.client(), [offering(...accepts), delivered()]);
    expect(outcome).toMatchObject({ status: 200, payment: { offer: { amountUsd: '0.50', network: 'eip155:84532' } } });
    expect(acceptedIn(sent)).toMatchObject({ ...makeEntry(2), mark: nearest });
    expect(books.signed()).toHaveLength(1);
  });
});
