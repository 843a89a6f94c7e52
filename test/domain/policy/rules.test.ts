import { describe, expect, test } from 'vitest';
import {
  DEFAULT_DEPLOYMENT_POLICY,
  judge,
  LISTED_FACTS,
  POLICY_CODES,
  preparePolicy,
  type DeclaredFacts,
  type ListKind,
  type Rule,
} from '../../../lib/domain/policy/index.ts';
import { addMs } from '../../../lib/domain/time.ts';
import {
  BARE,
  BASE,
  factsOf,
  feedOf,
  judgeOne,
  OTHER_PAYEE,
  PAYEE,
  STATED,
  usd,
  USDC,
  VERIFIED,
  type SomeFacts,
} from './support.ts';

const FEED = feedOf(`${OTHER_PAYEE}\nbad.example.com # known\n\n# nothing else\n`);

const feeds = (name: string) => (name === 'sanctions' ? FEED : null);

function at(url: string): DeclaredFacts {
  return { ...STATED, origin: null, url };
}

/** For each kind of rule, payments that stand on the two sides of it. */
const TWINS: readonly {
  readonly rule: Rule;
  readonly allows: SomeFacts;
  readonly refuses: SomeFacts;
  readonly help: object;
}[] = [
  {
    rule: { kind: 'perPayment', max: usd('0.25') },
    allows: { verified: { amount: usd('0.25') } },
    refuses: { verified: { amount: usd('0.250001') } },
    help: { atMost: usd('0.25'), otherSeller: true },
  },
  {
    rule: { kind: 'validity', maxSeconds: 60 },
    allows: { verified: { validitySeconds: 60 } },
    refuses: { verified: { validitySeconds: 61 } },
    help: { otherOffer: true },
  },
  {
    rule: { kind: 'payees', allow: [PAYEE.toLowerCase()] },
    allows: { verified: { payee: PAYEE } },
    refuses: { verified: { payee: OTHER_PAYEE } },
    help: { otherSeller: true },
  },
  {
    rule: { kind: 'payees', deny: [PAYEE] },
    allows: { verified: { payee: OTHER_PAYEE } },
    refuses: { verified: { payee: PAYEE.toLowerCase() } },
    help: { otherSeller: true },
  },
  {
    rule: { kind: 'payees', allow: [PAYEE, OTHER_PAYEE], deny: [OTHER_PAYEE] },
    allows: {},
    refuses: { verified: { payee: OTHER_PAYEE } },
    help: { otherSeller: true },
  },
  {
    rule: { kind: 'networks', allow: ['base'] },
    allows: {},
    refuses: { verified: { network: 'eip155:1' } },
    help: { otherOffer: true },
  },
  {
    rule: { kind: 'assets', allow: ['USDC'] },
    allows: { verified: { asset: USDC.toLowerCase() } },
    refuses: { verified: { asset: OTHER_PAYEE } },
    help: { otherOffer: true },
  },
  {
    // The token of one network is nobody's USDC on another.
    rule: { kind: 'assets', allow: ['USDC'] },
    allows: {},
    refuses: { verified: { network: 'eip155:1' } },
    help: { otherOffer: true },
  },
  {
    rule: { kind: 'assets', deny: [USDC.toLowerCase()] },
    allows: { verified: { asset: OTHER_PAYEE } },
    refuses: {},
    help: { otherOffer: true },
  },
  {
    rule: { kind: 'protocols', allow: ['x402'] },
    allows: {},
    refuses: { verified: { protocol: 'mpp' } },
    help: { otherOffer: true },
  },
  {
    rule: { kind: 'schemes', allow: ['exact'] },
    allows: {},
    refuses: { verified: { scheme: 'upto' } },
    help: { otherOffer: true },
  },
  {
    rule: { kind: 'transferMethods', deny: ['permit2'] },
    allows: {},
    refuses: { verified: { transferMethod: 'permit2' } },
    help: { otherOffer: true },
  },
  {
    rule: { kind: 'facilitators', allow: [PAYEE.toLowerCase()] },
    allows: { verified: { facilitator: PAYEE } },
    refuses: { verified: { facilitator: OTHER_PAYEE } },
    help: { otherOffer: true },
  },
  {
    rule: { kind: 'paymentFlows', allow: ['authorization'] },
    allows: {},
    refuses: { verified: { paymentFlow: 'upfront' } },
    help: { otherOffer: true },
  },
  {
    rule: { kind: 'wallets', allow: [VERIFIED.instrumentId] },
    allows: {},
    refuses: { verified: { instrumentId: 'payment-instrument-other0123456789' } },
    help: {},
  },
  {
    rule: { kind: 'principals', allow: [VERIFIED.principal] },
    allows: {},
    refuses: { verified: { principal: `${VERIFIED.principal}0` } },
    help: {},
  },
  {
    rule: { kind: 'tools', allow: ['search'] },
    allows: {},
    refuses: { declared: { ...STATED, tool: 'Search' } },
    help: {},
  },
  {
    rule: { kind: 'agents', deny: ['rogue'] },
    allows: {},
    refuses: { declared: { ...STATED, agentName: 'rogue' } },
    help: {},
  },
  {
    rule: { kind: 'origins', allow: ['*.example.com'] },
    allows: {},
    refuses: { declared: at('https://example.com/') },
    help: { otherSeller: true },
  },
  {
    rule: { kind: 'denyFeed', feed: 'sanctions' },
    allows: {},
    refuses: { verified: { payee: OTHER_PAYEE } },
    help: { otherSeller: true },
  },
  {
    rule: { kind: 'denyFeed', feed: 'sanctions' },
    allows: { declared: at('https://notbad.example.com/') },
    refuses: { declared: at('http://deep.bad.example.com:81/') },
    help: { otherSeller: true },
  },
  {
    rule: { kind: 'pinPayee' },
    allows: { remembered: { pinnedPayee: PAYEE.toLowerCase() } },
    refuses: { remembered: { pinnedPayee: OTHER_PAYEE } },
    help: { otherSeller: true },
  },
  {
    rule: { kind: 'freeze', network: 'base' },
    allows: { verified: { network: 'eip155:1' } },
    refuses: {},
    help: { otherOffer: true },
  },
  {
    rule: { kind: 'freeze', asset: 'USDC' },
    allows: { verified: { asset: OTHER_PAYEE } },
    refuses: {},
    help: { otherOffer: true },
  },
  {
    rule: { kind: 'freeze', asset: USDC, network: BASE },
    allows: { verified: { network: 'eip155:137' } },
    refuses: { verified: { asset: USDC.toLowerCase(), network: 'base' } },
    help: { otherOffer: true },
  },
  {
    rule: { kind: 'priceChange', maxPercent: 10 },
    allows: { verified: { amount: usd('0.11') }, remembered: { lastPrice: usd('0.10') } },
    refuses: { verified: { amount: usd('0.110001') }, remembered: { lastPrice: usd('0.10') } },
    help: { atMost: usd('0.11'), otherSeller: true },
  },
  {
    rule: { kind: 'priceChange', maxPercent: 10 },
    allows: { verified: { amount: usd('0.09') }, remembered: { lastPrice: usd('0.10') } },
    refuses: { verified: { amount: usd('0.089999') }, remembered: { lastPrice: usd('0.10') } },
    help: { otherSeller: true },
  },
  {
    rule: { kind: 'breaker' },
    allows: { remembered: { breaker: { openUntil: VERIFIED.time } } },
    refuses: { remembered: { breaker: { openUntil: addMs(VERIFIED.time, 1) } } },
    help: { waitUntil: addMs(VERIFIED.time, 1), otherSeller: true },
  },
  {
    rule: { kind: 'require', facts: ['tool', 'intent'] },
    allows: {},
    refuses: { declared: { ...STATED, intent: '' } },
    help: { state: 'intent' },
  },
];

describe.each(TWINS.map((twin, index) => ({ ...twin, title: `${twin.rule.kind} (${index})` })))(
  'the rule $title',
  ({ rule, allows, refuses, help }) => {
    test('allows up to its boundary, and leaves no charge', () => {
      expect(judgeOne(rule, allows, 'user', feeds)).toMatchObject({ ok: true, value: { charges: [] } });
    });

    test('refuses one step over it, and says by which rule and what would help', () => {
      const verdict = judgeOne(rule, refuses, 'manager', feeds);
      expect(verdict).toMatchObject({ ok: false, error: { reason: 'policy_refused', code: POLICY_CODES[rule.kind] } });
      if (verdict.ok) return;
      expect(verdict.error.help).toEqual(help);
      expect(verdict.error.rule).toMatchObject({ scope: 'manager', kind: rule.kind });
      expect(verdict.error.message).toMatch(/^The rule '[\w.-]+' of the manager policy .+\.$/);
    });
  },
);

describe('a rule over what nobody stated', () => {
  const place: readonly Rule[] = [
    { kind: 'origins', deny: ['evil.test'] },
    { kind: 'origins', allow: ['*.example.com'] },
    { kind: 'pinPayee' },
    { kind: 'breaker' },
    { kind: 'priceChange', maxPercent: 5 },
    { kind: 'denyFeed', feed: 'sanctions' },
  ];
  const remembered = { pinnedPayee: PAYEE, lastPrice: VERIFIED.amount, breaker: 'closed' } as const;

  test.each([
    ...place.map((rule) => [rule, 'origin'] as const),
    [{ kind: 'tools', deny: ['x'] }, 'tool'] as const,
    [{ kind: 'agents', allow: ['assistant'] }, 'agentName'] as const,
    [{ kind: 'sessionCap', of: 'tool', max: usd('1') }, 'tool'] as const,
    [{ kind: 'sessionCap', of: 'tool', max: usd('1'), only: ['other'] }, 'tool'] as const,
    [{ kind: 'sessionCap', of: 'agent', maxCount: 9 }, 'agentName'] as const,
    [{ kind: 'window', of: 'tool', every: 'day', timeZone: 'UTC', max: usd('1') }, 'tool'] as const,
    [{ kind: 'window', of: 'agent', every: 'day', timeZone: 'UTC', max: usd('1') }, 'agentName'] as const,
    [{ kind: 'rate', of: 'agent', perSeconds: 60, maxCount: 5 }, 'agentName'] as const,
    [{ kind: 'sameRequest', maxCount: 5, perSeconds: 600 }, 'method'] as const,
    [{ kind: 'require', facts: ['url'] }, 'url'] as const,
  ] satisfies readonly (readonly [Rule, string])[])('refuses bare processPayment: %o', (rule, state) => {
    const verdict = judgeOne(rule, { declared: BARE, remembered }, 'user', feeds);
    expect(verdict).toMatchObject({ ok: false, error: { fact: state, found: null, help: { state } } });
    expect(judgeOne(rule, { remembered }, 'user', feeds).ok).toBe(true);
  });

  test('refuses an equal request of which one part is not stated', () => {
    const rule: Rule = { kind: 'sameRequest', maxCount: 5, perSeconds: 600 };
    for (const [missing, help] of [
      [{ method: null }, 'method'],
      [{ bodyHash: '' }, 'bodyHash'],
      [{ url: null }, 'url'],
      [{ url: 'https://user@api.example.com/' }, 'url'],
    ] as const) {
      const verdict = judgeOne(rule, { declared: { ...STATED, ...missing } });
      expect(verdict).toMatchObject({ ok: false, error: { help: { state: help } } });
    }
  });

  test('refuses what is empty, as if it were not there', () => {
    expect(judgeOne({ kind: 'paymentFlows', deny: ['escrow'] }, { verified: { paymentFlow: '' } })).toMatchObject({
      ok: false,
      error: { fact: 'paymentFlow', found: null },
    });
  });

  test('refuses where a facilitator is asked for and the signature names none', () => {
    for (const rule of [
      { kind: 'facilitators', allow: [PAYEE] },
      { kind: 'facilitators', deny: [PAYEE] },
    ] as const)
      expect(judgeOne(rule)).toMatchObject({ ok: false, error: { fact: 'facilitator', found: null } });
  });

  test.each([
    ['pinnedPayee', { kind: 'pinPayee' }],
    ['lastPrice', { kind: 'priceChange', maxPercent: 5 }],
    ['breaker', { kind: 'breaker' }],
  ] as const)('refuses where %s was not read', (fact, rule) => {
    expect(judgeOne(rule)).toMatchObject({ ok: false, error: { fact } });
    expect(judgeOne(rule, { remembered: { ...remembered, [fact]: undefined } }).ok).toBe(false);
  });

  test('refuses a feed that is not there', () => {
    expect(judgeOne({ kind: 'denyFeed', feed: 'other' }, {}, 'user', feeds)).toMatchObject({
      ok: false,
      error: { fact: 'feed', found: 'other' },
    });
    expect(judgeOne({ kind: 'denyFeed', feed: 'sanctions' }).ok).toBe(false);
  });

  test('refuses by the policy of an agent that the call does not name', () => {
    const rule: Rule = { kind: 'perPayment', max: usd('5') };
    expect(judgeOne(rule, { declared: BARE }, 'agent')).toMatchObject({
      ok: false,
      error: { help: { state: 'agentName' } },
    });
    expect(judgeOne(rule, { declared: BARE }, 'user').ok).toBe(true);
    expect(judgeOne(rule, {}, 'agent').ok).toBe(true);
  });
});

test('every kind of list has a twin, and every kind of rule a code of its own', () => {
  const tested = new Set(TWINS.map(({ rule }) => rule.kind));
  for (const kind of Object.keys(LISTED_FACTS) as ListKind[]) expect(tested, kind).toContain(kind);
  const counting = ['sessionCap', 'window', 'rate', 'sameRequest'];
  expect([...tested, ...counting].toSorted()).toEqual(Object.keys(POLICY_CODES).toSorted());
  const codes = Object.values(POLICY_CODES);
  expect(new Set(codes).size).toBe(codes.length);
});

describe('what an allowed payment leaves behind', () => {
  test('a payee is pinned at its first payment, by the one spelling of its origin', () => {
    const verdict = judgeOne({ kind: 'pinPayee' }, { remembered: { pinnedPayee: null } });
    expect(verdict).toMatchObject({
      ok: true,
      value: { pins: [{ origin: 'https://api.example.com', network: BASE, payee: PAYEE.toLowerCase() }] },
    });
    expect(judgeOne({ kind: 'pinPayee' }, { remembered: { pinnedPayee: PAYEE } })).toMatchObject({
      value: { pins: [] },
    });
  });

  test('a first price is no change, and a breaker that is closed says nothing', () => {
    expect(judgeOne({ kind: 'priceChange', maxPercent: 0 }, { remembered: { lastPrice: null } }).ok).toBe(true);
    expect(judgeOne({ kind: 'breaker' }, { remembered: { breaker: 'closed' } }).ok).toBe(true);
  });

  test('a check against a feed names its state, and what was looked at', () => {
    const rule: Rule = { kind: 'denyFeed', name: 'ofac', feed: 'sanctions' };
    expect(judgeOne(rule, {}, 'deployment', feeds)).toMatchObject({
      value: {
        checks: [
          {
            rule: { scope: 'deployment', name: 'ofac' },
            feed: { name: 'sanctions', version: FEED.version, importedAt: 0 },
            checked: ['payee', 'origin'],
          },
        ],
      },
    });
    const payeesOnly = feedOf(OTHER_PAYEE);
    expect(judgeOne(rule, { declared: BARE }, 'deployment', () => payeesOnly)).toMatchObject({
      value: { checks: [{ checked: ['payee'] }] },
    });
    expect(payeesOnly.version).not.toBe(FEED.version);
  });
});

test('the policy of a deployment that chose none refuses what is paid before the work', () => {
  const policy = preparePolicy('deployment', DEFAULT_DEPLOYMENT_POLICY);
  expect(judge([policy], factsOf({ declared: BARE })).ok).toBe(true);
  for (const paymentFlow of ['upfront', 'escrow', ''])
    expect(judge([policy], factsOf({ verified: { paymentFlow } }))).toMatchObject({
      ok: false,
      error: { code: 'bursar:policy_payment_flow', rule: { scope: 'deployment', name: 'work-before-payment' } },
    });
});

test('what somebody else wrote picks no sort of refusal, and shows no control characters', () => {
  const verdict = judgeOne(
    { kind: 'tools', name: 'budget-expired', allow: ['x'] },
    { declared: { ...STATED, tool: 'expired budget\u0007 of the payment instrument' } },
  );
  if (verdict.ok) throw new Error('it was allowed');
  expect(verdict.error.message).not.toMatch(
    /budget|expired|insufficient|session not found|instrument|inactive|\p{Cc}/iu,
  );
  expect(verdict.error.found).toBe('expired budget? of the payment instrument');
  expect(verdict.error.rule.name).toBe('budget-expired');
});
