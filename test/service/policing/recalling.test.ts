import { beforeEach, describe, expect, test } from 'vitest';
import type { MemoryQuery, MemoryReader } from '../../../lib/domain/ports/memory.ts';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import { NotNow } from '../../../lib/domain/ports/services.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import { preparePolicy, type PolicyFacts, type Rule } from '../../../lib/domain/policy/index.ts';
import { signedCaller } from '../../../lib/domain/tenants/principal.ts';
import { toEpochSeconds } from '../../../lib/domain/time.ts';
import { saidByPayment } from '../../../lib/service/policing/in-force.ts';
import { createRecall } from '../../../lib/service/policing/recalling.ts';
import { payChallenge } from '../../../lib/service/asking/pay-challenge.ts';
import { quoteChallenge } from '../../../lib/service/asking/quote-challenge.ts';
import { createPayerCache } from '../../../lib/service/paying/payer.ts';
import { processPayment, type ProcessPaymentDeps } from '../../../lib/service/paying/process-payment.ts';
import { createPolicySource } from '../../../lib/service/policing/policy-source.ts';
import { askingRequest, challengeOf } from '../../support/asking.ts';
import { withDatabase } from '../../support/database.ts';
import { offer } from '../../support/functions.ts';
import { paid, testSigner, type PayingWorld, type RequestOverrides, type TestClock } from '../../support/paying.ts';
import { BASE_SEPOLIA, makePayment, makeSession } from '../../support/payments.ts';
import { createPoliciedWorld } from '../../support/policied-world.ts';
import type { PolicyShelf } from '../../support/policies.ts';
import { signersOf } from '../../support/wallet-lists.ts';

// What is read of earlier payments before rules can judge, and no more than that.

const ORIGIN = 'https://api.shop.example';
const SHOP = `${ORIGIN}/report?id=1`;
const EVERYTHING: readonly Rule[] = [
  { kind: 'pinPayee' },
  { kind: 'priceChange', maxPercent: 20 },
  { kind: 'breaker' },
];
const COUNTED: Rule = { kind: 'rate', of: 'user', perSeconds: 60, maxCount: 50 };

const database = withDatabase();
let world: PayingWorld;
let clock: TestClock;
let shelf: PolicyShelf;
let session: Session;
let queries: MemoryQuery[];
let reader: MemoryReader;

beforeEach(async () => {
  ({ clock, shelf, world, session } = await createPoliciedWorld(database));
  queries = [];
  reader = world.remembering.reader;
});

const user = () => ({ scope: 'user', managerId: session.managerId, userId: session.userId }) as const;

/** A process of its own, whose reads of what is remembered are seen. */
function handler(): ProcessPaymentDeps {
  const seen: MemoryReader = {
    recall: (query) => {
      queries.push(query);
      return reader.recall(query);
    },
  };
  const remembering = async () => ({ ...world.remembering, reader: seen });
  return {
    ...world.deps,
    payers: createPayerCache(),
    policies: createPolicySource({ reader: shelf, clock, remembering }),
  };
}

const pay = (deps: ProcessPaymentDeps, overrides: RequestOverrides = {}) =>
  processPayment(deps, world.request(session, { statedUrl: SHOP, ...overrides }));
const ref = () => ({ managerId: session.managerId, userId: session.userId });
const pin = () => ({ ...ref(), origin: ORIGIN, network: BASE_SEPOLIA.id });

describe('a payment reads', () => {
  test('nothing where no rule looks at anything earlier', async () => {
    shelf.put(user(), [{ kind: 'perPayment', max: toMicroUsd(500_000n) }]);
    paid(await pay(handler()));
    expect(queries).toEqual([]);
  });

  test.each<[string, Rule, () => Partial<MemoryQuery>]>([
    ['the pin of its origin and network', { kind: 'pinPayee' }, () => ({ pins: [pin()] })],
    [
      'the last price of its resource',
      { kind: 'priceChange', maxPercent: 20 },
      () => ({ price: { ...ref(), resource: `${ORIGIN}/report` } }),
    ],
    ['the failures at its origin', { kind: 'breaker' }, () => ({ failures: { ...ref(), origin: ORIGIN } })],
  ])('%s alone, where that is all that its rules look at', async (_what, rule, query) => {
    shelf.put(user(), [rule, COUNTED]);
    // The second payment of a process writes its intent beside its reads.
    const deps = handler();
    for (let payment = 0; payment < 2; payment += 1) paid(await pay(deps));
    const asked = { pins: [], price: null, failures: null, tallies: [], ...query() };
    expect(queries).toEqual([asked, asked]);
  });

  test('no counter of its own, which its claim asks for itself', async () => {
    shelf.put(user(), [COUNTED]);
    const deps = handler();
    for (let payment = 0; payment < 2; payment += 1) paid(await pay(deps));
    expect(queries).toEqual([]);
  });

  test('nothing where the call states no place', async () => {
    shelf.put(user(), EVERYTHING);
    expect((await pay(handler(), { statedUrl: null })).ok).toBe(false);
    expect(queries).toEqual([]);
  });

  test('the same again where it is taken up again, also of a payment that was begun by a 402', async () => {
    shelf.put(user(), [...EVERYTHING, COUNTED]);
    const broken = signersOf({ ...testSigner, sign: () => Promise.reject(new NotNow('throttled')) });
    const challenge = challengeOf([offer({ amount: '500000' })], { resource: { url: SHOP } });
    const request = { method: 'GET', url: SHOP, tool: null, intent: null, bodyHash: null };
    const asked = askingRequest(world, session, { challenge, request });
    expect((await payChallenge({ ...handler(), signers: broken }, asked)).ok).toBe(false);
    queries = [];
    expect(await payChallenge(handler(), asked)).toMatchObject({ ok: true, value: { payment: { attempt: 2 } } });
    // Of the offers of the 402, with their counters, and then of the one that was frozen.
    expect(queries.map(({ pins, tallies }) => [pins.length, tallies.length])).toEqual([
      [1, 1],
      [1, 0],
    ]);
    expect(queries[1]).toMatchObject({ pins: [pin()], price: {}, failures: {} });
  });

  test('and is given up where that could not be read, so that its token is free at once', async () => {
    shelf.put(user(), EVERYTHING);
    const clientToken = 'r'.repeat(33);
    const broken = signersOf({ ...testSigner, sign: () => Promise.reject(new NotNow('throttled')) });
    await pay({ ...handler(), signers: broken }, { clientToken });
    let reads = 0;
    const own = world.remembering.reader;
    reader = {
      recall: (query) => {
        reads += 1;
        return reads === 2 ? Promise.reject(new NotNow('unread')) : own.recall(query);
      },
    };
    await expect(pay(handler(), { clientToken })).rejects.toThrow('unread');
    const before = clock.now();
    expect(paid(await pay(handler(), { clientToken })).attempt).toBe(3);
    expect(clock.now()).toBe(before);
  });
});

describe('of what was read', () => {
  const { offer: bought } = makePayment(makeSession());
  const call = (url: string | null) => {
    const { managerId, sessionId, userId } = session;
    const { instrumentId } = world.instrument;
    return { managerId, sessionId, instrumentId, principal: signedCaller(userId), said: saidByPayment(null, url) };
  };
  const recall = async (rules: readonly Rule[], url: string | null = SHOP) => {
    const policies = [preparePolicy('user', { version: 1, rules })];
    const facts = { verified: { network: BASE_SEPOLIA.id } } as PolicyFacts;
    const { factsOn, pinOn } = await createRecall(world.remembering)(policies, call(url), [facts], {
      now: clock.now(),
      counted: false,
    });
    return { factsOn, pinOn };
  };

  test('a rule knows all that it needs, and nothing is there that no rule needs', async () => {
    const { factsOn } = await recall(EVERYTHING);
    expect(factsOn(BASE_SEPOLIA.id)).toEqual({ pinnedPayee: null, lastPrice: null, breaker: 'closed' });
    expect((await recall([COUNTED])).factsOn(BASE_SEPOLIA.id)).toEqual({});
  });

  test('nothing is known where the call states no place, nor of a network that was not asked for', async () => {
    expect((await recall(EVERYTHING, null)).factsOn(BASE_SEPOLIA.id)).toEqual({});
    const { factsOn, pinOn } = await recall(EVERYTHING);
    expect(factsOn('eip155:8453')).not.toHaveProperty('pinnedPayee');
    expect(pinOn('eip155:8453')).toBeNull();
  });

  test('an offer on a network whose pin was not read is refused, and pins nobody', async () => {
    shelf.put(user(), [{ kind: 'pinPayee' }]);
    const policies = await handler().policies.read({ ...ref(), agentName: null, sessionId: session.sessionId });
    const offered = [{ offer: bought, amount: toMicroUsd(1n) }];
    const recalled = await policies.recall!(call(SHOP), { offered, counted: false });
    const judge = (network: string) => {
      const of = { offer: { ...bought, network } as typeof bought, amount: toMicroUsd(1n) };
      return recalled.judge(call(SHOP), { ...of, validBefore: toEpochSeconds(2_000_000_000) }, clock.now()).ok;
    };
    expect([judge(BASE_SEPOLIA.id), judge('eip155:8453')]).toEqual([true, false]);
  });

  test.each<[string, readonly Rule[], boolean]>([
    ['nothing needs it', [{ kind: 'perPayment', max: toMicroUsd(1n) }], false],
    ['a rule remembers', [{ kind: 'breaker' }], true],
    ['a rule names a list', [{ kind: 'denyFeed', feed: 'sanctions' }], true],
    ['a rule counts in items of its own', [COUNTED], true],
  ])('there is something to read first where %s: %o', async (_what, rules, needed) => {
    shelf.put(user(), rules);
    const policies = await handler().policies.read({ ...ref(), agentName: null, sessionId: session.sessionId });
    expect(policies.recall !== null).toBe(needed);
  });
});

describe('a quote reads', () => {
  const quote = async (offers: readonly object[], deps = handler()) => {
    const challenge = challengeOf(offers, { resource: { url: SHOP } });
    const request = { method: 'GET', url: SHOP, tool: null, intent: null, bodyHash: 'a'.repeat(64) };
    const asked = askingRequest(world, session, { challenge, request });
    const quoted = await quoteChallenge({ ...deps, chainReaders: new Map() }, asked);
    if (!quoted.ok) throw new Error(`refused: ${quoted.error.reason}`);
    return quoted.value;
  };
  const allowedNetworks = new Set([BASE_SEPOLIA.id, 'eip155:8453']);
  const onBase = { network: 'eip155:8453', asset: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913', extra: {} };

  test('the pin of each network that is offered, once, and the counters that each offer would take', async () => {
    shelf.put(user(), [{ kind: 'pinPayee' }, { kind: 'sameRequest', maxCount: 3, perSeconds: 60 }]);
    const deps = { ...handler(), allowedNetworks };
    const { offers } = await quote([offer({ amount: '1' }), offer({ amount: '2' }), offer(onBase)], deps);
    expect(offers).toHaveLength(3);
    const [query] = queries;
    expect(query?.pins).toEqual([pin(), { ...pin(), network: 'eip155:8453' }]);
    expect(new Set(query?.tallies.map(({ key }) => key)).size).toBe(query?.tallies.length);
    expect(queries).toHaveLength(1);
  });

  test('judges each network by its own pin', async () => {
    shelf.put(user(), [{ kind: 'pinPayee' }]);
    const until = clock.now() + 1_000;
    const other = '0x1111111111111111111111111111111111111111';
    await world.remembering.keeper!.pin(
      { ...pin(), network: 'eip155:8453' },
      { payee: other, until } as never,
      clock.now(),
    );
    const { offers } = await quote([offer(), offer(onBase)], { ...handler(), allowedNetworks });
    expect(offers.map(({ verdict }) => verdict.allowed)).toEqual([true, false]);
  });

  test('no more counters than one request holds beside the rest', async () => {
    shelf.put(user(), [...EVERYTHING, { kind: 'sameRequest', maxCount: 3, perSeconds: 60 }]);
    const many = Array.from({ length: 120 }, (_, at) => offer({ amount: `${at + 1}` }));
    await quote(many);
    const [query] = queries;
    expect([query?.pins.length, query?.tallies.length]).toEqual([1, 97]);
  });
});
