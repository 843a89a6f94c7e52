import { signersOf } from '../../support/wallet-lists.ts';
import { beforeEach, describe, expect, test } from 'vitest';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import type { Rule } from '../../../lib/domain/policy/index.ts';
import { WANTS_OUTCOME } from '../../../lib/domain/payment/payment.ts';
import { feedsOf } from '../../../lib/domain/payment/policy-record.ts';
import { NotNow, OutcomeUnknown } from '../../../lib/domain/ports/services.ts';
import type { PolicyMemory } from '../../../lib/domain/ports/memory.ts';
import { createFeedKeeper } from '../../../lib/ledger/dynamodb/memory/feed-store.ts';
import { createOutcomeKeeper } from '../../../lib/ledger/dynamodb/memory/outcome-store.ts';
import { createStoreClient } from '../../../lib/ledger/dynamodb/store/sdk-client.ts';
import { createPayerCache } from '../../../lib/service/paying/payer.ts';
import { payChallenge, type PayChallengeRequest } from '../../../lib/service/asking/pay-challenge.ts';
import { quoteChallenge } from '../../../lib/service/asking/quote-challenge.ts';
import { processPayment, type ProcessPaymentDeps } from '../../../lib/service/paying/process-payment.ts';
import { createPolicySource } from '../../../lib/service/policing/policy-source.ts';
import { askingRequest, challengeOf } from '../../support/asking.ts';
import { withDatabase } from '../../support/database.ts';
import { offer } from '../../support/functions.ts';
import {
  paid,
  PAY_TO,
  testSigner,
  type PayingWorld,
  type RequestOverrides,
  type TestClock,
} from '../../support/paying.ts';
import { BASE_SEPOLIA } from '../../support/payments.ts';
import { createPoliciedWorld } from '../../support/policied-world.ts';
import type { PolicyShelf } from '../../support/policies.ts';

const database = withDatabase();
const ORIGIN = 'https://api.shop.example';
const SHOP = `${ORIGIN}/report?id=1`;
const OTHER_PAYEE = '0x1111111111111111111111111111111111111111';
const usd = (amount: bigint) => toMicroUsd(amount);
let world: PayingWorld;
let clock: TestClock;
let shelf: PolicyShelf;
let session: Session;

beforeEach(async () => {
  ({ clock, shelf, world, session } = await createPoliciedWorld(database));
});

const user = () => ({ scope: 'user', managerId: session.managerId, userId: session.userId }) as const;
const registry = () => ({ tableName: world.registryTable, client: createStoreClient({ maxAttempts: 3 }) });

/** What a process of its own has, with what is put in the place of its memory. */
function handler(memory: Partial<PolicyMemory> = {}): ProcessPaymentDeps {
  const keeper = { ...world.remembering.keeper!, ...memory };
  const remembering = { ...world.remembering, keeper };
  const policies = createPolicySource({ reader: shelf, clock, remembering: async () => remembering });
  return { ...world.deps, payers: createPayerCache(), policies };
}

function pay(overrides: RequestOverrides = {}, deps = world.deps) {
  return processPayment(deps, world.request(session, { statedUrl: SHOP, ...overrides }));
}

/** An offer of another payee or price, as ProcessPayment takes it. */
function offering(payTo: string, amount = '500000'): RequestOverrides {
  const { id, usdc } = BASE_SEPOLIA;
  const extra = { name: usdc.domainName, version: usdc.domainVersion };
  const payload = { scheme: 'exact', network: id, amount, asset: usdc.address, payTo, maxTimeoutSeconds: 60, extra };
  return { paymentInput: { cryptoX402: { version: '2', payload } } };
}

const REQUEST = { method: 'GET', url: SHOP, tool: null, intent: null, bodyHash: 'a'.repeat(64) };
const resource = { resource: { url: SHOP } };
function ask(offers: readonly object[], overrides: Partial<PayChallengeRequest> = {}) {
  return askingRequest(world, session, {
    challenge: challengeOf(offers, resource),
    request: REQUEST,
    ...overrides,
  });
}

async function quotedReasons(offers: readonly object[]): Promise<readonly (string | null)[]> {
  const quoted = await quoteChallenge({ ...world.deps, chainReaders: new Map() }, ask(offers));
  if (!quoted.ok) throw new Error(`refused: ${quoted.error.reason}`);
  return quoted.value.offers.map(({ verdict }) => (verdict.allowed ? null : verdict.reason));
}

async function spent(): Promise<bigint> {
  return (await world.ledger.readSession(session))!.budget.spent;
}

describe('a pinned payee', () => {
  const PIN: Rule = { kind: 'pinPayee', name: 'one-payee' };
  beforeEach(() => shelf.put(user(), [PIN]));

  test('is the first that was paid there, to every process and every way of paying', async () => {
    paid(await pay());
    expect(await pay(offering(OTHER_PAYEE), handler())).toMatchObject({
      error: {
        reason: 'policy_refused',
        code: 'bursar:policy_pinned_payee',
        rule: { name: 'one-payee' },
        fact: 'payee',
      },
    });
    paid(await pay({ statedUrl: `${ORIGIN}/another` }, handler()));
    expect(await quotedReasons([offer({ payTo: OTHER_PAYEE }), offer({ payTo: PAY_TO })])).toEqual([
      expect.stringContaining(`pins '${ORIGIN}'`),
      null,
    ]);
    const bought = await payChallenge(world.deps, ask([offer({ payTo: OTHER_PAYEE, amount: '1' }), offer()]));
    expect(bought).toMatchObject({ value: { payment: { offer: { payTo: PAY_TO } } } });
  });

  test('is another one at another origin, and for another user', async () => {
    paid(await pay());
    paid(await pay({ ...offering(OTHER_PAYEE), statedUrl: 'https://shop.example/report' }));
    const [pin] = (
      await world.remembering.reader.recall({
        pins: [{ managerId: session.managerId, userId: 'user-2', origin: ORIGIN, network: BASE_SEPOLIA.id }],
        price: null,
        failures: null,
        tallies: [],
      })
    ).pins;
    expect(pin).toBeNull();
  });

  test('is one where two processes pay first, at once, to two', async () => {
    const reader = { ...world.remembering.reader };
    const blind = {
      ...reader,
      recall: async (query: Parameters<typeof reader.recall>[0]) => {
        const read = await reader.recall(query);
        return { ...read, pins: read.pins.map(() => null) };
      },
    };
    const policies = createPolicySource({
      reader: shelf,
      clock,
      remembering: async () => ({ ...world.remembering, reader: blind }),
    });
    const results = await Promise.all(
      [PAY_TO, OTHER_PAYEE].map((payTo) =>
        pay(offering(payTo), { ...world.deps, payers: createPayerCache(), policies }),
      ),
    );
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
    expect(results.find(({ ok }) => !ok)).toMatchObject({ error: { code: 'bursar:policy_pinned_payee' } });
    expect(await spent()).toBe(500_000n);
  });

  test('is not made by a payment that another rule refuses', async () => {
    shelf.put(user(), [PIN, { kind: 'perPayment', max: usd(500_000n) }]);
    expect((await pay(offering(OTHER_PAYEE, '500001'))).ok).toBe(false);
    paid(await pay());
  });

  test('lasts as long as it is used, and is forgotten after four hundred days without', async () => {
    paid(await pay());
    clock.advance(200 * 86_400_000);
    session = await world.open({ createdAt: clock.now(), expiresAt: clock.now() + 3_600_000 } as Partial<Session>);
    paid(await pay());
    clock.advance(399 * 86_400_000);
    session = await world.open({ createdAt: clock.now(), expiresAt: clock.now() + 3_600_000 } as Partial<Session>);
    expect((await pay(offering(OTHER_PAYEE))).ok).toBe(false);
    clock.advance(86_400_000);
    session = await world.open({ createdAt: clock.now(), expiresAt: clock.now() + 3_600_000 } as Partial<Session>);
    paid(await pay(offering(OTHER_PAYEE)));
  });
});

describe('the last price', () => {
  beforeEach(() => shelf.put(user(), [{ kind: 'priceChange', name: 'steady', maxPercent: 20 }]));

  test('bounds the next one in both directions, to every way of paying, and moves with it', async () => {
    paid(await pay({ amount: '500000' }));
    expect(await pay({ amount: '600001' })).toMatchObject({
      error: { code: 'bursar:policy_price_change', figures: { limit: 20n, asked: 21n }, help: { atMost: 600_000n } },
    });
    expect((await pay({ amount: '399999' })).ok).toBe(false);
    expect(await quotedReasons([offer({ amount: '600001' }), offer({ amount: '600000' })])).toEqual([
      expect.stringContaining(`the price of '${ORIGIN}/report' to change by 20 %`),
      null,
    ]);
    paid(await pay({ amount: '600000' }));
    paid(await pay({ amount: '720000' }));
  });

  test('is that of the same path, whatever the query, and only of what was paid', async () => {
    paid(await pay({ amount: '500000' }));
    paid(await pay({ amount: '5000', statedUrl: `${ORIGIN}/small` }));
    const broken = { type: 'SeedVault', sign: () => Promise.reject(new NotNow('throttled')) } as const;
    const signers = signersOf(broken);
    expect((await pay({ amount: '600000' }, { ...world.deps, signers })).ok).toBe(false);
    expect((await pay({ amount: '700000', statedUrl: `${ORIGIN}/report?id=2` })).ok).toBe(false);
  });

  test('is not that of a payment which somebody else has ended before it was signed', async () => {
    const { ledger } = world.deps;
    const overtaken: typeof ledger = {
      ...ledger,
      decide: async (id, attempt, verdict) => {
        await ledger.decide(id, attempt, { status: 'ABORTED', at: clock.now() });
        return ledger.decide(id, attempt, verdict);
      },
    };
    expect(await pay({ amount: '500000' }, { ...world.deps, ledger: overtaken })).toMatchObject({
      error: { reason: 'busy' },
    });
    paid(await pay({ amount: '5000' }));
  });

  test('that could not be noted keeps nobody from the proof that was paid for', async () => {
    paid(await pay({}, handler({ notePrice: () => Promise.reject(new NotNow('throttled')) })));
  });
});

describe('a breaker', () => {
  const report = (delivered: boolean, paymentId: string) =>
    createOutcomeKeeper(registry()).noteOutcome(
      { managerId: session.managerId, userId: session.userId, origin: ORIGIN },
      { paymentId, delivered, at: clock.now() },
    );
  beforeEach(() => shelf.put(user(), [{ kind: 'breaker', name: 'no-luck' }]));

  test('keeps off an origin after three failures in a row, for a minute, and longer with each further one', async () => {
    expect(paid(await pay()).policyRecord).toEqual([WANTS_OUTCOME]);
    await report(false, 'a');
    await report(false, 'b');
    paid(await pay());
    await report(false, 'c');
    expect(await pay()).toMatchObject({
      error: { code: 'bursar:policy_breaker', help: { waitUntil: clock.now() + 60_000, otherSeller: true } },
    });
    expect(await quotedReasons([offer()])).toEqual([expect.stringContaining('keeps off')]);
    paid(await pay({ statedUrl: 'https://other.example/' }));
    clock.advance(60_000);
    paid(await pay());
    await report(false, 'd');
    clock.advance(119_999);
    expect((await pay()).ok).toBe(false);
    clock.advance(1);
    paid(await pay());
  });

  test('is closed by a success, counts a report of one payment once, and forgets within a day', async () => {
    for (const paymentId of ['a', 'b', 'b', 'b']) await report(false, paymentId);
    paid(await pay());
    await report(true, 'c');
    for (const paymentId of ['d', 'e']) await report(false, paymentId);
    paid(await pay());
    clock.advance(86_400_000);
    session = await world.open({ createdAt: clock.now(), expiresAt: clock.now() + 3_600_000 } as Partial<Session>);
    expect(await report(false, 'f')).toMatchObject({ inARow: 1 });
  });
});

describe('an imported list', () => {
  const keeper = () => createFeedKeeper(registry(), clock);
  const imported = async (file: string) => {
    const hash = (await import('node:crypto')).createHash('sha256').update(file).digest('hex');
    const feed = { name: 'sanctions', hash, payees: 1, hosts: 1, importedAt: clock.now(), importedBy: 'grace' };
    await keeper().putFeed(feed, file);
    return feed;
  };
  beforeEach(() => shelf.put(user(), [{ kind: 'denyFeed', name: 'ofac', feed: 'sanctions' }]));

  test('keeps payments from its payees and hosts, and the receipt names its state, its date and what was looked up', async () => {
    const feed = await imported(`${OTHER_PAYEE} # known\nbad.example\n`);
    const payment = paid(await pay());
    expect(feedsOf(payment.policyRecord!)).toEqual([
      { feed: 'sanctions', hash: feed.hash, importedAt: feed.importedAt, checked: ['payee', 'origin'] },
    ]);
    expect((await world.ledger.readPayment(payment.id))?.policyRecord).toEqual(payment.policyRecord);
    expect(await pay(offering(OTHER_PAYEE))).toMatchObject({
      error: { code: 'bursar:policy_deny_feed', fact: 'payee', found: OTHER_PAYEE },
    });
    expect(await pay({ statedUrl: 'https://a.bad.example/' })).toMatchObject({ error: { fact: 'origin' } });
    expect(await quotedReasons([offer({ payTo: OTHER_PAYEE })])).toEqual([
      expect.stringContaining("which is on the feed 'sanctions'"),
    ]);
  });

  test('is another one ten seconds after it was imported anew, and refuses everything once it was removed', async () => {
    await imported('bad.example\n');
    paid(await pay());
    await imported(`${PAY_TO}\n`);
    clock.advance(9_999);
    paid(await pay());
    clock.advance(1);
    expect(await pay()).toMatchObject({ error: { code: 'bursar:policy_deny_feed', fact: 'payee' } });
    await keeper().removeFeed('sanctions');
    clock.advance(10_000);
    expect(await pay()).toMatchObject({ error: { code: 'bursar:policy_deny_feed', fact: 'feed' } });
  });

  test('that cannot be read is not taken for empty', async () => {
    await imported('bad.example\n');
    const feeds = { ...world.remembering.feeds, readFeedText: () => Promise.reject(new NotNow('throttled')) };
    const policies = createPolicySource({
      reader: shelf,
      clock,
      remembering: async () => ({ ...world.remembering, feeds }),
    });
    await expect(pay({}, { ...world.deps, policies })).rejects.toThrow(NotNow);
    expect(await spent()).toBe(0n);
  });
});

describe('a counter of its own', () => {
  const SAME: Rule = { kind: 'sameRequest', name: 'loop', maxCount: 3, perSeconds: 600 };
  const buy = (deps: ProcessPaymentDeps, overrides: Partial<PayChallengeRequest> = {}) =>
    payChallenge(deps, ask([offer({ amount: '500000' })], overrides));

  test('stops a hundred purchases of one request exactly, from many processes at once', async () => {
    shelf.put(user(), [SAME]);
    session = await world.open({ limit: usd(100_000_000n) });
    const handlers = Array.from({ length: 5 }, () => handler());
    const results = await Promise.all(Array.from({ length: 40 }, (_, at) => buy(handlers[at % 5]!)));
    for (let at = 0; at < 60; at += 1) {
      results.push(await buy(handlers[at % 5]!));
      clock.advance(99);
    }
    expect(results.filter(({ ok }) => ok)).toHaveLength(3);
    expect(await spent()).toBe(1_500_000n);
    expect(results.at(-1)).toMatchObject({
      error: { reason: 'policy_exceeded', by: { code: 'bursar:policy_same_request', rule: { name: 'loop' } } },
    });
    expect((await buy(handlers[0]!, { request: { ...REQUEST, bodyHash: 'b'.repeat(64) } })).ok).toBe(true);
  });

  test('of a rate stops a hundred purchases by bare ProcessPayment exactly, at once and from two sessions', async () => {
    shelf.put(user(), [{ kind: 'rate', name: 'burst', of: 'user', perSeconds: 10, maxCount: 5 }]);
    const sessions = [session, await world.open()];
    const results = await Promise.all(
      Array.from({ length: 100 }, (_, at) => processPayment(handler(), world.request(sessions[at % 2]!))),
    );
    expect(results.filter(({ ok }) => ok)).toHaveLength(5);
    for (const result of results.filter(({ ok }) => !ok)) {
      expect(result).toMatchObject({ error: { reason: 'policy_exceeded', by: { rule: { name: 'burst' } } } });
    }
  });

  test('takes no place among the counters of a session, however many requests and seconds there are', async () => {
    shelf.put(user(), [{ kind: 'rate', of: 'session', perSeconds: 1, maxCount: 1 }, SAME]);
    session = await world.open({ limit: usd(100_000_000n) });
    for (let at = 0; at < 70; at += 1) {
      const request = { ...REQUEST, url: `${ORIGIN}/report/${at}` };
      const challenge = challengeOf([offer({ amount: '1' })], { resource: { url: request.url } });
      expect((await buy(world.deps, { request, challenge })).ok, `${at}`).toBe(true);
      clock.advance(1_000);
    }
    const read = await world.ledger.readSession(session);
    expect([read?.counters.size, read?.windows.size]).toEqual([0, 0]);
  });

  test('gets back what was not signed: denied by the books, or left unsigned', async () => {
    shelf.put(user(), [{ kind: 'rate', of: 'user', perSeconds: 60, maxCount: 1 }]);
    session = await world.open({ limit: usd(600_000n) });
    expect(await pay({ amount: '600001' })).toMatchObject({ error: { reason: 'budget_exceeded' } });
    const broken = { ...testSigner, sign: () => Promise.reject(new NotNow('throttled')) };
    const signers = signersOf(broken);
    expect(await pay({}, { ...world.deps, signers })).toMatchObject({ error: { reason: 'busy', what: 'signer' } });
    paid(await pay());
    expect((await pay({ amount: '1' })).ok).toBe(false);
  });

  test('of one rule is given back where that of another has no room', async () => {
    shelf.put(user(), [
      { kind: 'rate', name: 'wide', of: 'user', perSeconds: 60, max: usd(1_000_000n) },
      { kind: 'rate', name: 'narrow', of: 'user', perSeconds: 60, maxCount: 1 },
    ]);
    paid(await pay({ amount: '1' }));
    for (let at = 0; at < 3; at += 1) expect((await pay()).ok).toBe(false);
    shelf.put(user(), [{ kind: 'rate', name: 'wide', of: 'user', perSeconds: 60, max: usd(1_000_000n) }]);
    clock.advance(2_000);
    paid(await pay({ amount: '999999' }));
  });

  test('that nobody answered for leaves the payment unsigned and its token free', async () => {
    shelf.put(user(), [{ kind: 'rate', of: 'user', perSeconds: 60, maxCount: 2 }]);
    const clientToken = 'u'.repeat(33);
    const count: PolicyMemory['count'] = async (...of) => {
      await world.remembering.keeper!.count(...of);
      throw new OutcomeUnknown('no answer');
    };
    await expect(pay({ clientToken }, handler({ count }))).rejects.toThrow(OutcomeUnknown);
    expect(await spent()).toBe(0n);
    paid(await pay({ clientToken }));
    // On the safe side: what nobody answered for stays counted until its time closes.
    expect((await pay()).ok).toBe(false);
  });

  test('counts a replay not at all', async () => {
    shelf.put(user(), [{ kind: 'rate', of: 'user', perSeconds: 60, maxCount: 2 }]);
    const clientToken = 'r'.repeat(33);
    const first = paid(await pay({ clientToken }));
    for (let at = 0; at < 3; at += 1) expect(paid(await pay({ clientToken })).id).toBe(first.id);
    paid(await pay());
  });

  test('is foretold by a quote', async () => {
    shelf.put(user(), [SAME]);
    for (let at = 0; at < 3; at += 1) expect((await buy(world.deps)).ok).toBe(true);
    expect(await quotedReasons([offer({ amount: '500000' }), offer({ amount: '400000' })])).toEqual([
      expect.stringContaining("'loop'"),
      null,
    ]);
  });
});
