import { beforeEach, describe, expect, test } from 'vitest';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import type { Rule } from '../../../lib/domain/policy/index.ts';
import { NotNow } from '../../../lib/domain/ports/services.ts';
import { payChallenge, type PayChallengeRequest } from '../../../lib/service/asking/pay-challenge.ts';
import { quoteChallenge } from '../../../lib/service/asking/quote-challenge.ts';
import { createPolicySource } from '../../../lib/service/policing/policy-source.ts';
import { askingRequest, challengeOf, SELLER_URL } from '../../support/asking.ts';
import { withDatabase } from '../../support/database.ts';
import { offer } from '../../support/functions.ts';
import { type PayingWorld, type TestClock } from '../../support/paying.ts';
import { createPoliciedWorld } from '../../support/policied-world.ts';
import type { PolicyShelf } from '../../support/policies.ts';

const database = withDatabase();
const CHEAP_PAYEE = '0x1111111111111111111111111111111111111111';
const usd = (amount: bigint) => toMicroUsd(amount);
let world: PayingWorld;
let clock: TestClock;
let shelf: PolicyShelf;
let session: Session;

beforeEach(async () => {
  ({ clock, shelf, world, session } = await createPoliciedWorld(database));
});

const user = () => ({ scope: 'user', managerId: session.managerId, userId: session.userId }) as const;
const CHALLENGE = challengeOf([offer({ amount: '200000', payTo: CHEAP_PAYEE }), offer({ amount: '300000' })]);
const REQUEST = { method: 'GET', url: SELLER_URL, tool: 'search', intent: null, bodyHash: 'a'.repeat(64) };
const ask = (overrides: Partial<PayChallengeRequest> = {}) =>
  askingRequest(world, session, { challenge: CHALLENGE, request: REQUEST, ...overrides });
const pay = (overrides: Partial<PayChallengeRequest> = {}) => payChallenge(world.deps, ask(overrides));

async function quote() {
  const quoted = await quoteChallenge({ ...world.deps, chainReaders: new Map() }, ask());
  if (!quoted.ok) throw new Error(`refused: ${quoted.error.reason}`);
  return quoted.value;
}

async function amountPaid(overrides: Partial<PayChallengeRequest> = {}): Promise<bigint> {
  const result = await pay(overrides);
  if (!result.ok) throw new Error(`refused: ${result.error.reason}`);
  return result.value.payment.amount;
}

describe('offers under a policy', () => {
  test('are told apart: the cheapest that it allows is quoted and paid, and the others say which rule refuses them', async () => {
    shelf.put(user(), [{ kind: 'payees', name: 'no-cheap-shop', deny: [CHEAP_PAYEE] }]);
    const { offers, chosen } = await quote();
    expect(offers.map(({ verdict }) => verdict)).toMatchObject([
      { allowed: false, code: 'policy_refused', reason: expect.stringContaining('no-cheap-shop') as string },
      { allowed: true },
    ]);
    expect(chosen?.index).toBe(1);
    expect(await amountPaid()).toBe(300_000n);
  });

  test('are refused together where none is allowed, and the token is free for another 402', async () => {
    shelf.put(user(), [{ kind: 'perPayment', max: usd(100_000n) }]);
    const clientToken = 'n'.repeat(33);
    const refused = await pay({ clientToken });
    expect(refused).toMatchObject({ error: { reason: 'no_payable_offer' } });
    const challenge = challengeOf([offer({ amount: '100000' })]);
    expect(await amountPaid({ clientToken, challenge })).toBe(100_000n);
  });

  test('are denied by the books where only a limit is used up, with the figures of that limit', async () => {
    shelf.put(user(), [{ kind: 'sessionCap', of: 'tool', max: usd(500_000n) }]);
    expect([await amountPaid(), await amountPaid()]).toEqual([200_000n, 200_000n]);
    const { offers, chosen } = await quote();
    expect(offers.map(({ verdict }) => !verdict.allowed && verdict.code)).toEqual([
      'policy_exceeded',
      'policy_exceeded',
    ]);
    expect(chosen).toBeNull();
    expect(await pay()).toMatchObject({
      error: { reason: 'policy_exceeded', by: { figures: { remaining: 100_000n } } },
    });
  });

  test.each<[string, Rule, Rule]>([
    ['the tool', { kind: 'tools', allow: ['search'] }, { kind: 'tools', deny: ['search'] }],
    ['the host', { kind: 'origins', allow: ['api.seller.example'] }, { kind: 'origins', deny: ['*.seller.example'] }],
    ['the same request', { kind: 'sameRequest', maxCount: 1, perSeconds: 600 }, { kind: 'require', facts: ['intent'] }],
  ])('are judged by %s that the call states', async (_what, allows, refuses) => {
    shelf.put(user(), [allows]);
    expect(await amountPaid()).toBe(200_000n);
    shelf.put(user(), [refuses]);
    clock.advance(2_000);
    expect(await pay()).toMatchObject({ error: { reason: 'no_payable_offer' } });
  });

  test('are paid for the same request as often as it may be, whatever token asks', async () => {
    shelf.put(user(), [{ kind: 'sameRequest', maxCount: 1, perSeconds: 600 }]);
    expect(await amountPaid()).toBe(200_000n);
    // The other offer of the same 402 has other terms.
    expect(await amountPaid()).toBe(300_000n);
    expect(await pay()).toMatchObject({ error: { reason: 'policy_exceeded' } });
    expect(await amountPaid({ request: { ...REQUEST, bodyHash: 'b'.repeat(64) } })).toBe(200_000n);
  });

  test('are neither quoted nor paid where the policies cannot be read', async () => {
    const policies = createPolicySource({
      reader: { readPolicies: () => Promise.reject(new NotNow('throttled')) },
      clock,
    });
    const deps = { ...world.deps, policies };
    await expect(payChallenge(deps, ask())).rejects.toThrow(NotNow);
    await expect(quoteChallenge({ ...deps, chainReaders: new Map() }, ask())).rejects.toThrow(NotNow);
  });
});
