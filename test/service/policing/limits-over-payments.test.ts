import { signersOf } from '../../support/wallet-lists.ts';
import { beforeEach, describe, expect, test } from 'vitest';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import type { Rule } from '../../../lib/domain/policy/index.ts';
import { NotNow } from '../../../lib/domain/ports/services.ts';
import { toWireError } from '../../../lib/api/errors.ts';
import { createPayerCache } from '../../../lib/service/paying/payer.ts';
import { processPayment, type ProcessPaymentDeps } from '../../../lib/service/paying/process-payment.ts';
import { createPolicySource } from '../../../lib/service/policing/policy-source.ts';
import { withDatabase } from '../../support/database.ts';
import {
  createPayingWorld,
  createTestClock,
  paid,
  testSigner,
  type PayingWorld,
  type RequestOverrides,
  type TestClock,
} from '../../support/paying.ts';
import { createPolicyShelf, type PolicyShelf } from '../../support/policies.ts';

const database = withDatabase();
const usd = (amount: bigint) => toMicroUsd(amount);
let world: PayingWorld;
let clock: TestClock;
let shelf: PolicyShelf;
let session: Session;

beforeEach(async () => {
  // A whole multiple of ten seconds.
  clock = createTestClock();
  shelf = createPolicyShelf();
  world = await createPayingWorld(database, { clock, policyReader: shelf });
  session = await world.open({ limit: usd(100_000_000n) });
});

/** What a process of its own has: its caches of payers and policies. */
function handler(): Pick<ProcessPaymentDeps, 'payers' | 'policies'> {
  const { remembering } = world;
  return {
    payers: createPayerCache(),
    policies: createPolicySource({ reader: shelf, clock, remembering: async () => remembering }),
  };
}

const user = () => ({ scope: 'user', managerId: session.managerId, userId: session.userId }) as const;
const pay = (overrides: RequestOverrides = {}, deps: Partial<ProcessPaymentDeps> = {}, from = session) =>
  processPayment({ ...world.deps, ...deps }, world.request(from, overrides));

const DAY: Rule = { kind: 'window', name: 'a-day', of: 'user', every: 'day', timeZone: 'UTC', max: usd(2_000_000n) };

describe('a limit of a policy', () => {
  test('stops an agent that buys in a loop: of 100 purchases of 0.50 in ten seconds, five are paid', async () => {
    shelf.put(user(), [{ kind: 'rate', of: 'user', perSeconds: 10, maxCount: 5 }]);
    let signed = 0;
    for (let at = 0; at < 100; at += 1) {
      const result = await pay();
      if (result.ok) signed += 1;
      else expect(result.error.reason).toBe('policy_exceeded');
      clock.advance(99);
    }
    expect(signed).toBe(5);
    expect((await world.ledger.readSession(session))?.budget.spent).toBe(2_500_000n);
    clock.advance(100);
    paid(await pay());
  });

  test('holds for two processes that pay from two sessions at once', async () => {
    shelf.put(user(), [DAY]);
    const other = await world.open({ limit: usd(100_000_000n) });
    const handlers = [handler(), handler()];
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, at) => pay({}, handlers[at % 2], at % 2 === 0 ? session : other)),
    );
    const signed = results.filter(({ ok }) => ok).length;
    const busy = results.filter((result) => !result.ok && result.error.reason === 'busy').length;
    expect(signed).toBeLessThanOrEqual(4);
    // Whoever could not be told in time asks again.
    for (let at = signed; at < signed + busy; at += 1) await pay({}, handlers[0], other);
    const sessions = await Promise.all([session, other].map((each) => world.ledger.readSession(each)));
    const spent = sessions.reduce((sum, each) => sum + (each?.budget.spent ?? 0n), 0n);
    expect(spent).toBe(2_000_000n);
  });

  test('tells its rule, what is left of it, and until when; the same to every call of the token, and to events', async () => {
    shelf.put(user(), [{ ...DAY, max: usd(700_000n) } as Rule]);
    paid(await pay());
    const clientToken = 'd'.repeat(33);
    const first = await pay({ clientToken });
    if (first.ok || first.error.reason !== 'policy_exceeded') throw new Error('it was not denied');
    const waitUntil = Math.ceil(clock.now() / 86_400_000) * 86_400_000;
    expect(first.error.by).toMatchObject({
      code: 'bursar:policy_window',
      rule: { scope: 'user', name: 'a-day', kind: 'window' },
      figures: { unit: 'usd', limit: 700_000n, asked: 500_000n, remaining: 200_000n },
      help: { waitUntil, atMost: 200_000n },
    });
    shelf.remove(user());
    clock.advance(10_000);
    expect(await pay({ clientToken }, handler())).toEqual(first);
    const { fieldList, bursar } = toWireError(first.error);
    expect(fieldList?.map(({ name }) => name)).toEqual(['bursar:policy_exceeded', 'bursar:policy_window']);
    expect(bursar).toMatchObject({ limit: '0.70', asked: '0.50', remaining: '0.20', atMostUsd: '0.20' });
  });

  test('gives back what was not signed', async () => {
    shelf.put(user(), [DAY, { kind: 'sessionCap', of: 'payee', max: usd(500_000n) }]);
    const broken = { type: 'SeedVault', sign: () => Promise.reject(new NotNow('throttled')) } as const;
    const refused = await pay({}, { signers: signersOf(broken) });
    expect(refused).toMatchObject({ error: { reason: 'busy', what: 'signer' } });
    paid(await pay());
    expect(await pay()).toMatchObject({ error: { reason: 'policy_exceeded' } });
  });
});

describe('a policy that changes', () => {
  test('judges the next try of a token by what it says then', async () => {
    const clientToken = 'c'.repeat(33);
    const stuck = { ...testSigner, sign: () => Promise.reject(new NotNow('throttled')) };
    const signers = signersOf(stuck);
    expect((await pay({ clientToken }, { signers })).ok).toBe(false);
    shelf.put(user(), [{ kind: 'perPayment', name: 'small', max: usd(1n) }]);
    clock.advance(2_000);
    const denied = await pay({ clientToken });
    expect(denied).toMatchObject({ error: { reason: 'policy_refused', rule: { name: 'small' } } });
    // Final, and the policy of later is not asked.
    shelf.remove(user());
    clock.advance(2_000);
    expect(await pay({ clientToken })).toEqual(denied);
    expect((await world.ledger.readSession(session))?.budget).toMatchObject({ reserved: 0n, spent: 0n });
  });

  test('takes nothing from a payment that is signed', async () => {
    const clientToken = 's'.repeat(33);
    const payment = paid(await pay({ clientToken }));
    shelf.put(user(), [{ kind: 'perPayment', max: usd(1n) }]);
    clock.advance(2_000);
    expect(paid(await pay({ clientToken })).signatures).toEqual(payment.signatures);
  });
});

describe('policies that cannot be read', () => {
  const unreadable = (): Pick<ProcessPaymentDeps, 'policies'> => ({
    policies: createPolicySource({
      reader: { readPolicies: () => Promise.reject(new NotNow('throttled')) },
      clock,
    }),
  });

  test.each(['the first payment', 'a later one'])(
    'let nothing be signed of %s of a process, and leave its token free',
    async (which) => {
      const deps = { ...handler(), ...unreadable() };
      if (which === 'a later one') paid(await pay({}, { payers: deps.payers }));
      const before = (await world.ledger.readSession(session))?.budget;
      const clientToken = 'u'.repeat(33);
      await expect(pay({ clientToken }, deps)).rejects.toThrow(NotNow);
      expect((await world.ledger.readSession(session))?.budget).toEqual(before);
      paid(await pay({ clientToken }));
    },
  );

  test('keep nobody from the proof that was paid for', async () => {
    const clientToken = 'r'.repeat(33);
    const payment = paid(await pay({ clientToken }));
    expect(paid(await pay({ clientToken }, unreadable())).id).toBe(payment.id);
  });

  test('keep a payment that was left unsigned from being taken up', async () => {
    const clientToken = 'l'.repeat(33);
    const stuck = { ...testSigner, sign: () => Promise.reject(new NotNow('throttled')) };
    await pay({ clientToken }, { signers: signersOf(stuck) });
    await expect(pay({ clientToken }, unreadable())).rejects.toThrow(NotNow);
    expect(paid(await pay({ clientToken })).attempt).toBe(2);
  });
});
