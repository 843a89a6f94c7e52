import { describe, expect, test } from 'vitest';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import { payablePayments, readChallenge, type BuyerChoice } from '../../../lib/protocols/challenge.ts';
import { MPP_METHODS } from '../../../lib/protocols/mpp/methods/catalogue.ts';
import { parseChallenges, readChallengeOffer } from '../../../lib/protocols/mpp/read-challenge.ts';
import { encodeRequest, MPP_REQUEST, mppHeader, type MppParams } from '../../support/mpp.ts';
import { BASE_SEPOLIA } from '../../support/payments.ts';
import { offer } from '../../support/functions.ts';

const requestedUrl = 'https://seller.example/report';
const charge = (amount: string, id = `for ${amount}`) =>
  mppHeader({ id: id.replaceAll(' ', '-'), request: encodeRequest({ ...MPP_REQUEST, amount }) });

/** What a buyer lets pass of a 402, as what it is called and costs; the message where it is nothing. */
async function listOf(authenticate: string, accepts: readonly object[] = [], choice: Partial<BuyerChoice> = {}) {
  const body = JSON.stringify({ x402Version: 2, accepts });
  const read = readChallenge({ headers: new Headers({ 'www-authenticate': authenticate }), body });
  if (!read.ok || read.value === null) throw new Error('unreadable');
  const payable = await payablePayments(read.value, { requestedUrl, ...choice });
  if (!payable.ok) return payable.error.message;
  return payable.value.map(({ offer: { protocol, payTo }, price, entry }) => {
    return [protocol, price, (entry as { readonly id?: string }).id ?? payTo.slice(0, 6)];
  });
}

describe('the charges of a 402 that a buyer lets pass', () => {
  test('are the cheapest first, whichever protocol they are of', async () => {
    const header = [charge('300000'), charge('100000'), charge('200000')].join();
    expect(await listOf(header, [offer({ amount: '150000' }), offer({ amount: '400000' })])).toEqual([
      ['mpp', 100_000n, 'for-100000'],
      ['x402', 150_000n, '0x2096'],
      ['mpp', 200_000n, 'for-200000'],
      ['mpp', 300_000n, 'for-300000'],
      ['x402', 400_000n, '0x2096'],
    ]);
  });

  test('come after equal offers of x402, and in the order of the seller among themselves', async () => {
    const header = [charge('100000', 'first'), charge('100000', 'second'), charge('100000', 'third')].join();
    expect((await listOf(header, [offer({ amount: '100000' })])) as unknown[]).toEqual([
      ['x402', 100_000n, '0x2096'],
      ['mpp', 100_000n, 'first'],
      ['mpp', 100_000n, 'second'],
      ['mpp', 100_000n, 'third'],
    ]);
  });

  test('are asked for by one header each, as the seller wrote it', async () => {
    const header = `Basic realm="x", ${charge('100000', 'one')}, ${charge('200000', 'two')}`;
    const read = readChallenge({ headers: new Headers({ 'www-authenticate': header }), body: '' });
    if (!read.ok || read.value === null) throw new Error('unreadable');
    const payable = await payablePayments(read.value, { requestedUrl });
    expect(payable.ok && payable.value.map(({ request }) => request)).toEqual(
      [charge('100000', 'one'), charge('200000', 'two')].map((each) => ({
        paymentType: 'MPP',
        paymentInput: { mpp: { version: '1', wwwAuthenticateHeaders: [each] } },
      })),
    );
  });

  test('cost at most what the buyer says, to the last unit', async () => {
    const atMost = (maxAmount: bigint) => listOf(charge('100000'), [], { maxAmount: toMicroUsd(maxAmount) });
    expect(await atMost(100_000n)).toHaveLength(1);
    expect(await atMost(99_999n)).toBe('challenge 0: it costs USD 0.10, more than the USD 0.099999 that may be paid');
    expect(await listOf(charge('100000'), [], { maxAmount: null })).toHaveLength(1);
  });

  test('are on networks that the buyer names', async () => {
    expect(await listOf(charge('1'), [], { networks: new Set([BASE_SEPOLIA.id]) })).toHaveLength(1);
    expect(await listOf(charge('1'), [], { networks: new Set(['eip155:8453']) })).toBe(
      'challenge 0: it is on eip155:84532, where nothing may be paid',
    );
  });
});

describe('where nothing can be paid, it is told why', () => {
  test('of each challenge, after what is wrong with the offers of x402', async () => {
    const header = [mppHeader({ method: 'tempo' }), mppHeader({ realm: undefined })].join();
    const why =
      "challenge 0: The method tempo is not paid: no other method than evm is signed. Supported method: evm; challenge 1: The 'Payment' challenge is missing required field: realm";
    expect(await listOf(header)).toBe(why);
    expect(await listOf(header, [{ ...offer(), scheme: 'deferred' }])).toMatch(
      /^offer 0: Payment scheme not supported.*; challenge 0: The method tempo is not paid/,
    );
  });

  test('but of no more challenges than anybody reads', async () => {
    const header = Array.from({ length: 12 }, (_, n) => mppHeader({ id: `n${n}`, method: 'tempo' })).join();
    const told = (await listOf(header)) as string;
    expect(told.split('; ').map((each) => each.split(':')[0])).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map((n) => `challenge ${n}`),
    );
  });

  test('of a header that cannot be read, or is too long, as a whole', async () => {
    const about = async (header: string) => (await listOf(header)) as string;
    expect(await about('Payment id="')).toBe(
      'challenge 0: The WWW-Authenticate header cannot be read: the value of a parameter is neither quoted nor a plain word',
    );
    const padded = (chars: number) => `${charge('1')}, x="${'a'.repeat(chars - charge('1').length - 6)}"`;
    expect(await listOf(padded(65_536))).toHaveLength(1);
    expect(await about(padded(65_537))).toBe('challenge 0: The header is longer than 65536 characters');
  });

  test('with every intent and method that there is, each once', () => {
    const [evm] = MPP_METHODS;
    const methods = [evm!, { ...evm!, method: 'usdc' }, { ...evm!, intent: 'tip' }];
    const about = (params: MppParams) => {
      const [challenge] = parseChallenges(mppHeader(params));
      if (!challenge?.ok) throw new Error('unreadable');
      const read = readChallengeOffer(challenge.value, '1', { methods, networks: new Set() });
      return read.ok ? null : read.error.message;
    };
    expect(about({ intent: 'gift' })).toBe('The intent gift is not paid. Supported intent: charge, tip');
    expect(about({ method: 'card' })).toBe(
      'The method card is not paid: no other method than evm is signed. Supported method: evm, usdc',
    );
  });
});

describe('a 402 speaks of MPP', () => {
  const authenticateOf = (header: string | null, body = '') => {
    const headers = new Headers(header === null ? {} : { 'www-authenticate': header });
    const read = readChallenge({ headers, body });
    return read.ok ? (read.value?.authenticate ?? null) : read.error.reason;
  };

  test.each(['Payment id="1"', 'payment\tid=1', 'Basic realm="x", PAYMENT id="1"', 'Basic a=b,Payment id="1"'])(
    'where its header has a challenge of that scheme: %j',
    (header) => {
      expect(authenticateOf(header)).toBe(header);
    },
  );

  test.each([null, 'Basic realm="x"', 'Payment', 'XPayment id="1"', 'X-Payment id="1"', 'PaymentX id="1"'])(
    'and not where it has none: %j',
    (header) => {
      expect(authenticateOf(header)).toBeNull();
    },
  );

  test('even where what it says of x402 cannot be read', () => {
    const broken = '{"x402Version":1,';
    expect(authenticateOf('Payment id="1"', broken)).toBe('Payment id="1"');
    expect(authenticateOf(null, broken)).toBe('unreadable');
  });
});
