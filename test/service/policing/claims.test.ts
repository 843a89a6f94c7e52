import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { InvariantViolated } from '../../../lib/domain/invariant.ts';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import { feedsOf } from '../../../lib/domain/payment/policy-record.ts';
import type { Payment } from '../../../lib/domain/payment/payment.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import { hashPolicy, type Rule } from '../../../lib/domain/policy/index.ts';
import type { PolicyMemory } from '../../../lib/domain/ports/memory.ts';
import type { PolicyOwner, StoredPolicy } from '../../../lib/domain/ports/policies.ts';
import { NotNow } from '../../../lib/domain/ports/services.ts';
import { ok, refuse } from '../../../lib/domain/result.ts';
import { signedCaller } from '../../../lib/domain/tenants/principal.ts';
import { addMs, toEpochMs } from '../../../lib/domain/time.ts';
import { createFeedKeeper } from '../../../lib/ledger/dynamodb/memory/feed-store.ts';
import { createStoreClient } from '../../../lib/ledger/dynamodb/store/sdk-client.ts';
import { createEnforcing } from '../../../lib/service/policing/enforcing.ts';
import { saidByPayment, type Counting } from '../../../lib/service/policing/in-force.ts';
import { withDatabase } from '../../support/database.ts';
import { createPayingWorld, createTestClock, PAY_TO, type PayingWorld, type TestClock } from '../../support/paying.ts';
import { BASE_SEPOLIA, makePayment } from '../../support/payments.ts';

// What an allowed payment takes and keeps beside the books, each claim by itself.

const DAY_MS = 86_400_000;
const ORIGIN = 'https://api.shop.example';
const OTHER_PAYEE = '0x1111111111111111111111111111111111111111';
const PRICE = toMicroUsd(500_000n);

const database = withDatabase();
let world: PayingWorld;
let clock: TestClock;
let session: Session;
/** The names of what the keeper is asked to do, and with what. */
let asked: { readonly name: string; readonly args: readonly unknown[] }[];
let broken: Partial<PolicyMemory>;

beforeEach(async () => {
  clock = createTestClock();
  world = await createPayingWorld(database, { clock });
  session = await world.open();
  asked = [];
  broken = {};
});

function keeper(): PolicyMemory {
  const real = { ...world.remembering.keeper!, ...broken };
  const watched = Object.entries(real).map(([name, method]) => [
    name,
    (...args: readonly unknown[]) => {
      asked.push({ name, args });
      return (method as (...of: readonly unknown[]) => unknown)(...args);
    },
  ]);
  return Object.fromEntries(watched) as PolicyMemory;
}

const argsOf = (name: string) => asked.filter((each) => each.name === name).map(({ args }) => args);

function written(owner: PolicyOwner, rules: readonly Rule[]): StoredPolicy {
  const document = { version: 1, rules } as const;
  return { owner, hash: hashPolicy(document), document, version: 1, updatedAt: toEpochMs(0), updatedBy: 'test' };
}

const user = () => ({ scope: 'user', managerId: session.managerId, userId: session.userId }) as const;

async function judged(rules: readonly Rule[], { url = `${ORIGIN}/report?id=1`, payTo = PAY_TO, kept = true } = {}) {
  const { managerId, sessionId, userId } = session;
  const remembering = { ...world.remembering, keeper: kept ? keeper() : null };
  const policies = createEnforcing(
    remembering,
    clock,
  )([written({ scope: 'manager', managerId }, [{ kind: 'perPayment', max: PRICE }]), written(user(), rules)]);
  const said = saidByPayment(null, url);
  const { instrumentId } = world.instrument;
  const call = { managerId, sessionId, instrumentId, principal: signedCaller(userId), said };
  const { offer, terms } = makePayment(session);
  const offered = { offer: { ...offer, payTo: payTo as typeof offer.payTo }, amount: PRICE };
  const recalled = (await policies.recall?.(call, { offered: [offered], counted: false })) ?? policies;
  return recalled.judge(call, { ...offered, validBefore: terms.validBefore }, clock.now());
}

async function claimsOf(...of: Parameters<typeof judged>): Promise<Counting['claims']> {
  const result = await judged(...of);
  if (!result.ok) throw new Error(`refused by ${result.error.rule.kind}`);
  return result.value.claims;
}

/** Takes the claims of a payment, which then comes to what is given. */
async function take(claims: Counting['claims'], outcome: 'paid' | 'refused' | Error = 'paid') {
  const payment = makePayment(session, { amount: PRICE });
  await world.ledger.putIntent(payment);
  let driven = 0;
  const result = claims!.around(world.deps, payment, async () => {
    driven += 1;
    if (outcome instanceof Error) throw outcome;
    return outcome === 'paid' ? ok(payment) : refuse({ reason: 'busy', what: 'signer' });
  });
  const settled = await Promise.allSettled([result]);
  const stored = (await world.ledger.readPayment(payment.id))!;
  return { answer: settled[0], driven, stored };
}

const RATE: Rule = { kind: 'rate', name: 'burst', of: 'user', perSeconds: 60, maxCount: 1 };
const SUM: Rule = { kind: 'rate', name: 'sum', of: 'user', perSeconds: 60, max: toMicroUsd(500_000n) };
const PIN: Rule = { kind: 'pinPayee', name: 'one-payee' };
const STEADY: Rule = { kind: 'priceChange', maxPercent: 20 };

async function importFeed(text: string): Promise<void> {
  const hash = createHash('sha256').update(text).digest('hex');
  const feed = { name: 'sanctions', hash, payees: 1, hosts: 0, importedAt: clock.now(), importedBy: 'grace' };
  const table = { tableName: world.registryTable, client: createStoreClient({ maxAttempts: 3 }) };
  await createFeedKeeper(table, clock).putFeed(feed, text);
}

describe('a payment claims', () => {
  test('nothing where no rule counts in items of its own, or remembers', async () => {
    expect(await claimsOf([{ kind: 'sessionCap', of: 'payee', maxCount: 5 }])).toBeNull();
  });

  test.each<[string, Rule]>([
    ['a counter of its own', RATE],
    ['a payee that is to be pinned', PIN],
    ['a price that is to be noted', STEADY],
    ['an outcome that is asked for', { kind: 'breaker' }],
    ['a list that it was held against', { kind: 'denyFeed', feed: 'sanctions' }],
  ])('%s, and where nothing is kept that is a fault of ours', async (_what, rule) => {
    await importFeed(`${OTHER_PAYEE}\n`);
    expect(await claimsOf([rule])).not.toBeNull();
    await expect(claimsOf([rule], { kept: false })).rejects.toThrow(InvariantViolated);
  });
});

describe('what the decision keeps', () => {
  test('is nothing where no list was looked at and no outcome is asked for', async () => {
    expect((await claimsOf([RATE]))?.kept).toEqual({});
  });

  test('is each list once, whichever rules name it', async () => {
    await importFeed(`${OTHER_PAYEE}\n`);
    const rule = { kind: 'denyFeed', feed: 'sanctions' } as const;
    const kept = (await claimsOf([
      { ...rule, name: 'a' },
      { ...rule, name: 'b' },
    ]))!.kept;
    expect(feedsOf(kept.policyRecord!)).toMatchObject([{ feed: 'sanctions', checked: ['payee'] }]);
    expect(kept.policyRecord).toHaveLength(1);
  });
});

describe('a pin', () => {
  const ref = () => ({
    managerId: session.managerId,
    userId: session.userId,
    origin: ORIGIN,
    network: BASE_SEPOLIA.id,
  });
  const pinnedUntil = (ms: number) => [
    ref(),
    { payee: PAY_TO.toLowerCase(), until: addMs(clock.now(), ms) },
    clock.now(),
  ];

  test('is made for four hundred days, and renewed a month later, and not before', async () => {
    expect((await take(await claimsOf([PIN]))).driven).toBe(1);
    expect(argsOf('pin')).toEqual([pinnedUntil(400 * DAY_MS)]);
    clock.advance(30 * DAY_MS - 1);
    expect(await claimsOf([PIN])).toBeNull();
    clock.advance(1);
    asked = [];
    expect((await take(await claimsOf([PIN]))).driven).toBe(1);
    expect(argsOf('pin')).toEqual([pinnedUntil(400 * DAY_MS)]);
  });

  test('binds nobody from its end on', async () => {
    await take(await claimsOf([PIN]));
    clock.advance(400 * DAY_MS - 1);
    expect((await judged([PIN], { payTo: OTHER_PAYEE })).ok).toBe(false);
    clock.advance(1);
    expect((await judged([PIN], { payTo: OTHER_PAYEE })).ok).toBe(true);
  });

  test('that another payment has made meanwhile denies, by the name of the rule, and nothing is driven', async () => {
    const claims = await claimsOf([PIN]);
    await world.remembering.keeper!.pin(ref(), { payee: OTHER_PAYEE, until: addMs(clock.now(), DAY_MS) }, clock.now());
    const { answer, driven, stored } = await take(claims);
    expect(answer).toMatchObject({
      value: { ok: false, error: { reason: 'policy_refused', rule: { name: 'one-payee' } } },
    });
    expect([driven, stored.status]).toEqual([0, 'DENIED']);
  });

  test('that is renewed denies by the name of its rule where it binds another payee by then', async () => {
    await take(await claimsOf([PIN]));
    clock.advance(30 * DAY_MS);
    broken = { pin: async () => OTHER_PAYEE };
    const { answer } = await take(await claimsOf([STEADY, PIN]));
    expect(answer).toMatchObject({
      value: { error: { code: 'bursar:policy_pinned_payee', rule: { name: 'one-payee' } } },
    });
  });
});

describe('counters of their own', () => {
  test('stay counted for what is paid', async () => {
    expect((await take(await claimsOf([RATE]))).answer).toMatchObject({ value: { ok: true } });
    expect(argsOf('uncount')).toEqual([]);
    const denied = await take(await claimsOf([RATE]));
    expect(denied.answer).toMatchObject({
      value: { error: { reason: 'policy_exceeded', used: 1n, asked: 1n, max: 1n, by: { rule: { name: 'burst' } } } },
    });
    expect([denied.driven, denied.stored.status]).toEqual([0, 'DENIED']);
  });

  test('are given back, as much as was taken, by what is certain not to be paid', async () => {
    await take(await claimsOf([SUM]), 'refused');
    const [[counter, by]] = argsOf('count') as [[{ key: string }, { quantity: bigint }]];
    expect(argsOf('uncount')).toEqual([[counter, by.quantity]]);
    expect((await take(await claimsOf([SUM]))).answer).toMatchObject({ value: { ok: true } });
  });

  test('stay counted where nobody knows what the payment came to', async () => {
    expect((await take(await claimsOf([RATE]), new NotNow('throttled'))).answer.status).toBe('rejected');
    expect(argsOf('uncount')).toEqual([]);
  });

  test('that cannot be given back change nothing of the answer', async () => {
    broken = { uncount: () => Promise.reject(new NotNow('throttled')) };
    const refused = await take(await claimsOf([RATE]), 'refused');
    expect(refused.answer).toMatchObject({ value: { ok: false, error: { reason: 'busy', what: 'signer' } } });
    const denied = await take(await claimsOf([SUM, RATE]));
    expect(denied.answer).toMatchObject({ value: { ok: false, error: { by: { rule: { name: 'burst' } } } } });
  });

  test('of which one has no room deny, and only what was taken is given back', async () => {
    await take(await claimsOf([RATE]));
    asked = [];
    expect((await take(await claimsOf([SUM, RATE]))).answer).toMatchObject({ value: { ok: false } });
    expect(argsOf('uncount')).toMatchObject([[{}, PRICE]]);
    expect((await take(await claimsOf([SUM]))).answer).toMatchObject({ value: { ok: true } });
  });

  test('that were not answered for end the payment, and the others are given back', async () => {
    const count = world.remembering.keeper!.count;
    broken = {
      count: (ref, by) => (by.quantity === 1n ? Promise.reject(new NotNow('no answer')) : count(ref, by)),
    };
    const { answer, driven, stored } = await take(await claimsOf([SUM, RATE]));
    expect(answer).toMatchObject({ status: 'rejected', reason: { message: 'no answer' } });
    expect([driven, stored.status]).toEqual([0, 'ABORTED']);
    broken = {};
    expect((await take(await claimsOf([SUM]))).answer).toMatchObject({ value: { ok: true } });
  });

  test('deny where one has no room, whatever another one would have said', async () => {
    await take(await claimsOf([SUM]));
    const count = world.remembering.keeper!.count;
    broken = {
      count: (ref, by) => (by.quantity === 1n ? Promise.reject(new NotNow('no answer')) : count(ref, by)),
    };
    const { answer } = await take(await claimsOf([RATE, SUM]));
    expect(answer).toMatchObject({ value: { ok: false, error: { reason: 'policy_exceeded', used: PRICE } } });
  });

  test('that could never hold so much are not asked, and one that just can is', async () => {
    const tooMuch = await take(await claimsOf([{ ...SUM, max: toMicroUsd(PRICE - 1n) } as Rule]));
    expect(tooMuch.answer).toMatchObject({
      value: { error: { reason: 'policy_exceeded', max: PRICE - 1n, used: 0n, asked: PRICE } },
    });
    expect(argsOf('count')).toEqual([]);
    expect((await take(await claimsOf([SUM]))).driven).toBe(1);
    expect(argsOf('count')).toHaveLength(1);
  });
});

describe('a price', () => {
  const note = async (rules: readonly Rule[], of: Partial<Payment>) => {
    const claims = await claimsOf(rules);
    await claims!.note(makePayment(session, of));
    return argsOf('notePrice');
  };
  const ref = () => ({ managerId: session.managerId, userId: session.userId, resource: `${ORIGIN}/report` });

  test('is noted of what was signed, with the time of that, and of nothing else', async () => {
    const decidedAt = addMs(clock.now(), 7);
    expect(await note([STEADY], { status: 'ABORTED', decidedAt })).toEqual([]);
    expect(await note([STEADY], { status: 'SIGNED', decidedAt })).toEqual([[ref(), PRICE, decidedAt]]);
  });

  test('is noted as of now where nothing is said of the time', async () => {
    expect(await note([STEADY], { status: 'SIGNED', decidedAt: null })).toEqual([[ref(), PRICE, clock.now()]]);
  });

  test('is noted where a rule compares prices, and nowhere else', async () => {
    expect(await note([RATE], { status: 'SIGNED' })).toEqual([]);
  });

  test('that cannot be noted breaks nothing', async () => {
    broken = { notePrice: () => Promise.reject(new NotNow('throttled')) };
    expect(await note([STEADY], { status: 'SIGNED' })).toHaveLength(1);
  });
});
