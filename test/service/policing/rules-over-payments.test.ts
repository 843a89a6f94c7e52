import { beforeEach, describe, expect, test } from 'vitest';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import { POLICY_CODES } from '../../../lib/domain/policy/refusal.ts';
import type { Rule, RuleKind } from '../../../lib/domain/policy/index.ts';
import { signedCaller } from '../../../lib/domain/tenants/principal.ts';
import { processPayment, type ProcessPaymentRequest } from '../../../lib/service/paying/process-payment.ts';
import { withDatabase } from '../../support/database.ts';
import { paid, PAY_TO, type PayingWorld, type RequestOverrides, type TestClock } from '../../support/paying.ts';
import { BASE_SEPOLIA } from '../../support/payments.ts';
import { createPoliciedWorld } from '../../support/policied-world.ts';
import type { PolicyShelf } from '../../support/policies.ts';

const database = withDatabase();
const OTHER = '0x1111111111111111111111111111111111111111';
const SHOP = 'https://api.shop.example/report?id=1';
const ROLE = 'arn:aws:iam::123456789012:role/payer';
const usd = (amount: bigint) => toMicroUsd(amount);
let world: PayingWorld;
let clock: TestClock;
let shelf: PolicyShelf;
let session: Session;

beforeEach(async () => {
  ({ clock, shelf, world, session } = await createPoliciedWorld(database));
});

const user = () => ({ scope: 'user', managerId: session.managerId, userId: session.userId }) as const;
/** All that bare ProcessPayment can state: the agent's name, and the URL of what is bought. */
const STATED: Partial<ProcessPaymentRequest> = {
  agentName: 'researcher',
  statedUrl: SHOP,
  principal: signedCaller('user-1', ROLE),
};

function pay(request: RequestOverrides = STATED) {
  return processPayment(world.deps, world.request(session, request));
}

/** Each rule in a form that allows the payment of this test, 0.50 USD, and in one that refuses it. */
const TWINS: Readonly<Partial<Record<RuleKind, readonly [allows: Rule, refuses: Rule]>>> = {
  perPayment: [
    { kind: 'perPayment', max: usd(500_000n) },
    { kind: 'perPayment', max: usd(499_999n) },
  ],
  payees: [
    { kind: 'payees', allow: [PAY_TO.toLowerCase()] },
    { kind: 'payees', deny: [PAY_TO] },
  ],
  networks: [
    { kind: 'networks', allow: [BASE_SEPOLIA.id] },
    { kind: 'networks', allow: ['eip155:8453'] },
  ],
  assets: [
    { kind: 'assets', allow: ['USDC'] },
    { kind: 'assets', allow: [OTHER] },
  ],
  protocols: [
    { kind: 'protocols', allow: ['x402'] },
    { kind: 'protocols', deny: ['x402'] },
  ],
  schemes: [
    { kind: 'schemes', allow: ['exact'] },
    { kind: 'schemes', allow: ['upto'] },
  ],
  transferMethods: [
    { kind: 'transferMethods', allow: ['eip3009'] },
    { kind: 'transferMethods', allow: ['permit2'] },
  ],
  paymentFlows: [
    { kind: 'paymentFlows', allow: ['authorization'] },
    { kind: 'paymentFlows', allow: ['escrow'] },
  ],
  principals: [
    { kind: 'principals', allow: [ROLE] },
    { kind: 'principals', allow: [`${ROLE}2`] },
  ],
  agents: [
    { kind: 'agents', allow: ['researcher'] },
    { kind: 'agents', deny: ['researcher'] },
  ],
  origins: [
    { kind: 'origins', allow: ['*.shop.example'] },
    { kind: 'origins', allow: ['shop.example'] },
  ],
  freeze: [
    { kind: 'freeze', network: 'eip155:8453' },
    { kind: 'freeze', asset: 'USDC' },
  ],
  require: [
    { kind: 'require', facts: ['agentName', 'origin', 'url'] },
    { kind: 'require', facts: ['tool'] },
  ],
  sessionCap: [
    { kind: 'sessionCap', of: 'payee', max: usd(500_000n) },
    { kind: 'sessionCap', of: 'payee', max: usd(499_999n) },
  ],
  window: [
    { kind: 'window', of: 'user', every: 'day', timeZone: 'Europe/Berlin', max: usd(500_000n) },
    { kind: 'window', of: 'user', every: 'day', timeZone: 'Europe/Berlin', max: usd(499_999n) },
  ],
  rate: [
    { kind: 'rate', of: 'agent', perSeconds: 10, max: usd(500_000n) },
    { kind: 'rate', of: 'agent', perSeconds: 10, max: usd(499_999n) },
  ],
};

describe('a rule over bare ProcessPayment', () => {
  test.each(Object.entries(TWINS))('%s lets pass what it allows', async (_kind, [allows]) => {
    shelf.put(user(), [allows]);
    const payment = paid(await pay());
    expect(payment.status).toBe('SIGNED');
  });

  test.each(Object.entries(TWINS))('%s denies what it does not, and names itself', async (kind, [, refuses]) => {
    shelf.put(user(), [{ ...refuses, name: 'mine' } as Rule]);
    const result = await pay();
    if (result.ok) throw new Error('it was paid');
    const refusal = 'by' in result.error ? result.error.by : result.error;
    expect(refusal).toMatchObject({
      code: POLICY_CODES[kind as RuleKind],
      rule: { scope: 'user', name: 'mine', kind },
    });
    expect((await world.ledger.readSession(session))?.budget).toEqual(session.budget);
  });

  test('wallets are told apart by their instrument', async () => {
    shelf.put(user(), [{ kind: 'wallets', allow: [world.instrument.instrumentId] }]);
    paid(await pay());
    shelf.put({ scope: 'deployment' }, [{ kind: 'wallets', deny: [world.instrument.instrumentId] }]);
    clock.advance(2_000);
    expect(await pay()).toMatchObject({ error: { reason: 'policy_refused', code: 'bursar:policy_wallet' } });
  });

  test('validity shortens the authorization, and refuses only what is shorter than a payment can be', async () => {
    shelf.put(user(), [{ kind: 'validity', maxSeconds: 30 }]);
    const { terms } = paid(await pay());
    expect(terms.validBefore * 1_000 - clock.now()).toBe(30_000);
    // What is known of the session now lets the intent go out beside the reads, with the same terms.
    expect(paid(await pay()).terms.validBefore * 1_000 - clock.now()).toBe(30_000);
  });

  test('validity lengthens no authorization beyond what the deployment lets one be', async () => {
    shelf.put(user(), [{ kind: 'validity', maxSeconds: 50 }]);
    for (let process = 0; process < 2; process += 1) {
      const { terms } = paid(await processPayment({ ...world.deps, validityCapSeconds: 20 }, world.request(session)));
      expect(terms.validBefore * 1_000 - clock.now()).toBe(20_000);
    }
  });

  test.each<[string, Rule, string]>([
    ['the tool', { kind: 'tools', deny: ['shell'] }, 'bursar:policy_tool'],
    ['the tool of a counter', { kind: 'sessionCap', of: 'tool', maxCount: 9 }, 'bursar:policy_session_cap'],
    ['method and body', { kind: 'sameRequest', maxCount: 9, perSeconds: 60 }, 'bursar:policy_same_request'],
    ['a facilitator that the signature names', { kind: 'facilitators', deny: [OTHER] }, 'bursar:policy_facilitator'],
    ['a feed that is not there', { kind: 'denyFeed', feed: 'sanctions' }, 'bursar:policy_deny_feed'],
  ])(
    'refuses where it is about %s, which ProcessPayment does not say, or which is not there',
    async (_what, rule, code) => {
      shelf.put(user(), [rule]);
      expect(await pay()).toMatchObject({ ok: false, error: { reason: 'policy_refused', code } });
    },
  );

  test.each<[string, Rule]>([
    ['the agent', { kind: 'agents', deny: ['nobody'] }],
    ['the agent of a counter', { kind: 'rate', of: 'agent', perSeconds: 60, maxCount: 9 }],
    ['the origin', { kind: 'origins', deny: ['evil.example'] }],
    ['the caller', { kind: 'principals', deny: ['nobody'] }],
    ['the payee that was pinned', { kind: 'pinPayee' }],
    ['the last price', { kind: 'priceChange', maxPercent: 50 }],
    ['failures at the origin', { kind: 'breaker' }],
  ])('refuses where it is about %s and the call does not say it', async (_what, rule) => {
    shelf.put(user(), [rule]);
    expect(await pay({})).toMatchObject({ ok: false, error: { reason: 'policy_refused' } });
  });

  test.each([
    'https://api.shop.example\\@evil.example/',
    'https://api。shop.example/',
    'https://user@api.shop.example/',
  ])('takes %s for no origin', async (statedUrl) => {
    shelf.put(user(), [{ kind: 'origins', allow: ['*.shop.example'] }]);
    expect(await pay({ ...STATED, statedUrl })).toMatchObject({ error: { code: 'bursar:policy_origin' } });
  });
});

describe('the policies of all scopes', () => {
  test.each([
    ['deployment', () => ({ scope: 'deployment' }) as const],
    ['manager', () => ({ scope: 'manager', managerId: session.managerId }) as const],
    ['user', user],
    ['agent', () => ({ scope: 'agent', managerId: session.managerId, agentName: 'researcher' }) as const],
    ['session', () => ({ scope: 'session', managerId: session.managerId, sessionId: session.sessionId }) as const],
  ])('hold together: that of the %s refuses where all others allow', async (scope, owner) => {
    shelf.put(owner(), [{ kind: 'perPayment', max: usd(499_999n) }]);
    expect(await pay()).toMatchObject({ error: { reason: 'policy_refused', rule: { scope } } });
    expect(paid(await pay({ ...STATED, amount: '499999' })).amount).toBe(499_999n);
  });

  test('are read in one request, and again after two seconds, whether there were any or not', async () => {
    paid(await pay());
    expect(shelf.asked.map((owners) => owners.map(({ scope }) => scope))).toEqual([
      ['deployment', 'manager', 'user', 'agent', 'session'],
    ]);
    shelf.put(user(), [{ kind: 'perPayment', max: usd(1n) }]);
    clock.advance(1_999);
    paid(await pay());
    clock.advance(1);
    expect((await pay()).ok).toBe(false);
    expect(shelf.asked).toHaveLength(2);
    shelf.remove(user());
    clock.advance(2_000);
    paid(await pay());
  });
});
