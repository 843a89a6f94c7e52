import { createHash } from 'node:crypto';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import canonicalize from 'canonicalize';
import { beforeEach, describe, expect, test } from 'vitest';
import { PERMIT2 } from '../../../lib/chains/evm/addresses.ts';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import type { Refusal } from '../../../lib/domain/refusal.ts';
import { QUOTE_CLOCK_GRACE_MS } from '../../../lib/domain/limits.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { readAsked } from '../../../lib/service/asking/asked-challenge.ts';
import { expiryOfQuote, formatQuoteId } from '../../../lib/service/asking/quote-id.ts';
import { hashRequest } from '../../../lib/service/paying/payment-draft.ts';
import { payChallenge, type PayChallengeRequest } from '../../../lib/service/asking/pay-challenge.ts';
import { quoteChallenge, type Quote, type QuoteDeps } from '../../../lib/service/asking/quote-challenge.ts';
import { askingRequest, challengeOf, SELLER_URL } from '../../support/asking.ts';
import { withDatabase } from '../../support/database.ts';
import { offer } from '../../support/functions.ts';
import { createPayingWorld, createTestClock, PAYER, type PayingWorld, type TestClock } from '../../support/paying.ts';
import { BASE_SEPOLIA } from '../../support/payments.ts';

const database = withDatabase();
let world: PayingWorld;
let clock: TestClock;
let session: Session;
const LIFE_MS = 120_000;

beforeEach(async () => {
  clock = createTestClock();
  world = await createPayingWorld(database, { clock });
  session = await world.open();
});

const CHALLENGE = challengeOf([
  offer({ amount: '300000' }),
  offer({ amount: '200000' }),
  offer({ amount: '1', network: 'eip155:8453' }),
  'no object',
]);
const ask = (overrides: Partial<PayChallengeRequest> = {}) =>
  askingRequest(world, session, { challenge: CHALLENGE, ...overrides });

async function quoteOf(overrides: Partial<PayChallengeRequest> = {}, deps: Partial<QuoteDeps> = {}): Promise<Quote> {
  const quoted = await quoteChallenge({ ...world.deps, chainReaders: new Map(), ...deps }, ask(overrides));
  if (!quoted.ok) throw new Error(`refused: ${quoted.error.reason}`);
  return quoted.value;
}

const codes = ({ offers }: Quote) => offers.map(({ verdict }) => (verdict.allowed ? 'ALLOWED' : verdict.code));

async function refusalOf(request: PayChallengeRequest): Promise<Refusal> {
  const result = await payChallenge(world.deps, request);
  if (result.ok) throw new Error('it was paid');
  return result.error;
}

/** Every item of both tables, as it is stored. */
async function everything(): Promise<string | undefined> {
  const tables = await Promise.all(
    [world.booksTable, world.registryTable].map((TableName) => database.client.send(new ScanCommand({ TableName }))),
  );
  return canonicalize(tables.map(({ Items }) => Items));
}

describe('a quote', () => {
  test('says of every offer whether it may be paid and why not, and which one is chosen', async () => {
    const quote = await quoteOf();
    expect(codes(quote)).toEqual(['ALLOWED', 'ALLOWED', 'unsupported_asset', 'invalid_payload']);
    expect(quote.chosen).toMatchObject({ index: 1, expiresAt: addMs(clock.now(), LIFE_MS) });
    expect(quote.available).toBe(10_000_000n);
  });

  test('reserves nothing and writes nothing: the tables are the same, byte for byte', async () => {
    const before = await everything();
    await quoteOf();
    await quoteOf({ maxPrice: toMicroUsd(1n) });
    expect(await everything()).toBe(before);
    await payChallenge(world.deps, ask());
    expect(await everything()).not.toBe(before);
  });

  test('chooses nothing where the session has too little left, and says so of each', async () => {
    session = await world.open({
      limit: toMicroUsd(199_999n),
      budget: { available: toMicroUsd(199_999n), reserved: toMicroUsd(0n), spent: toMicroUsd(0n) },
    });
    const quote = await quoteOf();
    expect(codes(quote).slice(0, 2)).toEqual(['budget_exceeded', 'budget_exceeded']);
    expect(quote.chosen).toBeNull();
  });

  test('knows the balance where a chain can be asked, and says that it is unknown where none can, or none answers', async () => {
    const readers = (balanceOf: () => Promise<bigint>) => ({
      chainReaders: new Map([
        [BASE_SEPOLIA.id, { balanceOf, allowanceOf: () => Promise.reject(new Error('not asked')) }],
      ]),
    });
    const poor = await quoteOf(
      {},
      readers(async () => 250_000n),
    );
    expect(codes(poor).slice(0, 2)).toEqual(['insufficient_funds', 'ALLOWED']);
    expect(poor.offers[0]?.balance).toBe(250_000n);
    const silent = await quoteOf(
      {},
      readers(() => Promise.reject(new Error('no answer'))),
    );
    for (const quote of [silent, await quoteOf()]) {
      expect(codes(quote).slice(0, 2)).toEqual(['ALLOWED', 'ALLOWED']);
      expect(quote.offers[0]?.balance).toBeNull();
    }
  });

  test('asks no chain of a network that the deployment does not allow', async () => {
    const asked: string[] = [];
    const readerOf = (network: string) => ({
      balanceOf: async () => (asked.push(network), 1_000_000n),
      allowanceOf: async () => (asked.push(network), 1_000_000n),
    });
    const networks = [BASE_SEPOLIA.id, 'eip155:8453'];
    const chainReaders = new Map(networks.map((network) => [network, readerOf(network)]));
    const elsewhere = { network: 'eip155:8453', asset: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913', extra: {} };
    const challenge = challengeOf([offer(), offer(elsewhere)]);
    expect(codes(await quoteOf({ challenge }, { chainReaders }))).toEqual(['ALLOWED', 'unsupported_network']);
    expect(asked).toEqual([BASE_SEPOLIA.id]);
    const allowedNetworks = new Set(networks);
    await quoteOf({ challenge }, { chainReaders, allowedNetworks });
    expect(asked).toEqual([BASE_SEPOLIA.id, BASE_SEPOLIA.id, 'eip155:8453']);
  });

  test('asks how much Permit2 may take, of offers that are paid by it alone; where no chain answers, it may be enough', async () => {
    const extra = { name: 'USDC', version: '2', assetTransferMethod: 'permit2' };
    const challenge = challengeOf([offer({ amount: '300000' }), offer({ amount: '200000', extra })]);
    const asked: string[][] = [];
    const readers = (allowance: () => Promise<bigint>) => {
      const balanceOf = async () => 1_000_000n;
      const allowanceOf = (...args: string[]) => (asked.push(args), allowance());
      return { chainReaders: new Map([[BASE_SEPOLIA.id, { balanceOf, allowanceOf }]]) };
    };
    const quoted = (allowance: () => Promise<bigint>) => quoteOf({ challenge }, readers(allowance));
    const poor = await quoted(async () => 199_999n);
    expect([codes(poor), poor.chosen?.index]).toEqual([['ALLOWED', 'allowance_missing'], 0]);
    expect(asked).toEqual([[BASE_SEPOLIA.usdc.address, PAYER, PERMIT2]]);
    for (const allowance of [async () => 200_000n, () => Promise.reject(new Error('no answer'))]) {
      const quote = await quoted(allowance);
      expect([codes(quote), quote.chosen?.index]).toEqual([['ALLOWED', 'ALLOWED'], 1]);
    }
  });

  test('what Permit2 may take does not matter where the seller pays for the approval and the session allows one', async () => {
    const byPermit = offer({ amount: '200000', extra: { name: 'USDC', version: '2', assetTransferMethod: 'permit2' } });
    const extensions = { eip2612GasSponsoring: { info: { version: '1' }, schema: {} } };
    const [plain, sponsored] = [challengeOf([byPermit]), challengeOf([byPermit], { extensions })];
    const reader = { balanceOf: async () => 1_000_000n, allowanceOf: async () => 0n };
    const quoted = async (challenge: typeof plain) =>
      codes(await quoteOf({ challenge }, { chainReaders: new Map([[BASE_SEPOLIA.id, reader]]) }));
    expect(await quoted(sponsored)).toEqual(['allowance_missing']);
    session = await world.open({ approvals: true });
    expect(await quoted(sponsored)).toEqual(['ALLOWED']);
    expect(await quoted(plain)).toEqual(['allowance_missing']);
  });

  test('ends with its session', async () => {
    session = await world.open({ expiresAt: addMs(clock.now(), 30_000) });
    expect((await quoteOf()).chosen?.expiresAt).toBe(session.expiresAt);
  });

  test('is refused where nothing could be paid at all: a session that is over', async () => {
    session = await world.open({ expiresAt: clock.now() });
    const quoted = await quoteChallenge({ ...world.deps, chainReaders: new Map() }, ask());
    expect(quoted).toMatchObject({ ok: false, error: { reason: 'session_expired' } });
  });
});

describe('a quote that is given back', () => {
  test('pays its offer, though a cheaper one has come', async () => {
    const { quoteId } = (await quoteOf()).chosen!;
    const challenge = challengeOf([offer({ amount: '1' }), offer({ amount: '200000' })]);
    const paid = await payChallenge(world.deps, ask({ quoteId, challenge }));
    expect(paid.ok && paid.value.payment.amount).toBe(200_000n);
  });

  test('pays until the instant at which it ends, and not from then on', async () => {
    const { quoteId, expiresAt } = (await quoteOf()).chosen!;
    clock.advance(LIFE_MS - 1);
    expect((await payChallenge(world.deps, ask({ quoteId }))).ok).toBe(true);
    clock.advance(1);
    expect(await refusalOf(ask({ quoteId }))).toEqual({ reason: 'quote_expired', expiresAt });
  });

  test('pays at once, though the clock of the function that quotes is ahead of the one that pays', async () => {
    const { quoteId } = (await quoteOf()).chosen!;
    clock.advance(-50);
    expect((await payChallenge(world.deps, ask({ quoteId }))).ok).toBe(true);
  });

  test.each<[string, (other: Session) => Partial<PayChallengeRequest>]>([
    ['for an offer that is not made any more', () => ({ challenge: challengeOf([offer({ amount: '200001' })]) })],
    [
      'for another payee',
      () => ({ challenge: challengeOf([offer({ amount: '200000', payTo: `0x${'12'.repeat(20)}` })]) }),
    ],
    ['within another session', ({ sessionId }) => ({ sessionId })],
    ...(['method', 'url', 'tool', 'intent', 'bodyHash'] as const).map(
      (name): [string, () => Partial<PayChallengeRequest>] => [
        `for a request with another ${name}`,
        () => ({
          request: {
            method: 'GET',
            url: SELLER_URL,
            tool: null,
            intent: null,
            bodyHash: null,
            [name]: name === 'url' ? `${SELLER_URL}?x` : 'POST',
          },
        }),
      ],
    ),
  ])('%s pays nothing', async (_what, change) => {
    const { quoteId } = (await quoteOf()).chosen!;
    const other = await world.open();
    expect(await refusalOf(ask({ quoteId, ...change(other) }))).toEqual({ reason: 'quote_mismatch' });
    expect((await world.ledger.readSession(session))!.budget.spent).toBe(0n);
  });

  test('whose end was written further off is none', async () => {
    const { quoteId } = (await quoteOf()).chosen!;
    const [, , digest] = quoteId.split('-');
    for (const end of [clock.now() + LIFE_MS, clock.now() + LIFE_MS - 1, clock.now() + 10 * LIFE_MS]) {
      const forged = `q1-${end.toString(36)}-${digest}`;
      if (forged === quoteId) continue;
      expect(await refusalOf(ask({ quoteId: forged }))).toEqual({ reason: 'quote_mismatch' });
    }
  });

  test('may end as far off as a quote can that was made by a clock that is ahead, and no further', async () => {
    const read = readAsked(ask(), (await world.deps.tokens()).finderAt(clock.now()));
    const { priced } = (read.ok ? read.value.offers : [])[1]!;
    const endingIn = (ms: number) => {
      const expiresAt = addMs(clock.now(), ms);
      return ask({ quoteId: formatQuoteId({ ...ask(), userId: session.userId, offer: priced!.offer, expiresAt }) });
    };
    const furthest = LIFE_MS + QUOTE_CLOCK_GRACE_MS;
    expect(await refusalOf(endingIn(furthest + 1))).toEqual({ reason: 'quote_mismatch' });
    expect((await payChallenge(world.deps, endingIn(furthest))).ok).toBe(true);
  });

  test('is named by its end and by a digest of all that it is for', async () => {
    const { quoteId, expiresAt } = (await quoteOf()).chosen!;
    const read = readAsked(ask(), (await world.deps.tokens()).finderAt(clock.now()));
    const { offer: chosen } = (read.ok ? read.value.offers : [])[1]!.priced!;
    const { sessionId, managerId, userId } = session;
    const terms = hashRequest({ sessionId, instrumentId: world.instrument.instrumentId, offer: chosen });
    const bound = ['bursar quote', 1, managerId, userId, terms, 'GET', SELLER_URL, null, null, null, expiresAt];
    const digest = createHash('sha256').update(JSON.stringify(bound)).digest('hex');
    expect(quoteId).toBe(`q1-${expiresAt.toString(36)}-${digest}`);
  });

  test.each([
    ['', ''],
    ['x', ''],
    ['', 'x'],
    ['x', 'x'],
  ])('is that text alone: with %o before and %o behind it is another text', (before, behind) => {
    const text = `${before}q1-${clock.now().toString(36)}-${'0'.repeat(64)}${behind}`;
    expect(expiryOfQuote(text)).toBe(before + behind === '' ? clock.now() : null);
  });

  test('is no leave to pay more than the caller lets it cost now', async () => {
    const { quoteId } = (await quoteOf()).chosen!;
    expect(await refusalOf(ask({ quoteId, maxPrice: toMicroUsd(199_999n) }))).toMatchObject({
      reason: 'no_payable_offer',
    });
  });
});
