import fc from 'fast-check';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import {
  CAP_SUBJECTS,
  LISTED_FACTS,
  POLICY_SCOPES,
  preparePolicy,
  RATE_SUBJECTS,
  REQUIRABLE_FACTS,
  WINDOW_PERIODS,
  WINDOW_SUBJECTS,
  type DenyFeed,
  type ListKind,
  type PolicyFacts,
  type Rule,
} from '../../../lib/domain/policy/index.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { BASE, OTHER_PAYEE, PAYEE, STATED, USDC, VERIFIED, feedOf } from './support.ts';

// Few values of each kind, so that rules and payments meet often.

const PAYEES = [PAYEE, OTHER_PAYEE];
const NETWORKS = [BASE, 'eip155:1'];
const TOOLS = ['search', 'draw'];
const HOSTS = ['api.example.com', 'a.api.example.com', 'evil.test'];

export const VALUES: Readonly<Record<ListKind, readonly string[]>> = {
  payees: PAYEES,
  networks: NETWORKS,
  assets: ['USDC', USDC, OTHER_PAYEE],
  protocols: ['x402', 'mpp'],
  schemes: ['exact', 'upto'],
  transferMethods: ['eip3009', 'permit2'],
  facilitators: PAYEES,
  paymentFlows: ['authorization', 'upfront'],
  wallets: [VERIFIED.instrumentId, 'other'],
  principals: [VERIFIED.principal, 'other'],
  tools: TOOLS,
  agents: ['assistant', 'rogue'],
};

const micro = fc.bigInt(0n, 1_000_000n).map(toMicroUsd);
const maximum = fc.oneof(
  micro.map((max) => ({ max })),
  fc.integer({ min: 0, max: 3 }).map((maxCount) => ({ maxCount })),
);
const only = fc.oneof(
  fc.constant({}),
  fc
    .subarray([...PAYEES, ...TOOLS, 'alice', 'USDC', 'assistant', 'x402'], { minLength: 1 })
    .map((names) => ({ only: names })),
);

function listsOf(values: readonly string[]) {
  const list = fc.subarray([...values], { minLength: 1 });
  return fc.oneof(
    list.map((allow) => ({ allow })),
    list.map((deny) => ({ deny })),
    fc.tuple(list, list).map(([allow, deny]) => ({ allow, deny })),
  );
}

const listRule = fc
  .constantFrom(...(Object.keys(LISTED_FACTS) as ListKind[]))
  .chain((kind) => listsOf(VALUES[kind]).map((lists) => ({ kind, ...lists }) as Rule));

export const rule: fc.Arbitrary<Rule> = fc.oneof(
  micro.map((max): Rule => ({ kind: 'perPayment', max })),
  listRule,
  listsOf([...HOSTS, '*.example.com']).map((lists): Rule => ({ kind: 'origins', ...lists })),
  fc
    .tuple(fc.constantFrom(...CAP_SUBJECTS), maximum, only)
    .map(([of, max, names]): Rule => ({ kind: 'sessionCap', of, ...max, ...names })),
  fc
    .tuple(fc.constantFrom(...WINDOW_SUBJECTS), fc.constantFrom(...WINDOW_PERIODS), maximum, only)
    .map(([of, every, max, names]): Rule => ({
      kind: 'window',
      of,
      every,
      timeZone: 'Europe/Berlin',
      ...max,
      ...names,
    })),
  fc
    .tuple(fc.constantFrom(...RATE_SUBJECTS), maximum, only)
    .map(([of, max, names]): Rule => ({ kind: 'rate', of, perSeconds: 60, ...max, ...names })),
  fc.integer({ min: 0, max: 3 }).map((maxCount): Rule => ({ kind: 'sameRequest', maxCount, perSeconds: 600 })),
  fc.constantFrom<Rule>(
    { kind: 'denyFeed', feed: 'payees' },
    { kind: 'denyFeed', feed: 'hosts' },
    { kind: 'denyFeed', feed: 'none' },
    { kind: 'pinPayee' },
    { kind: 'breaker' },
    { kind: 'priceChange', maxPercent: 50 },
    { kind: 'validity', maxSeconds: 60 },
    { kind: 'freeze', network: 'eip155:1' },
    { kind: 'freeze', asset: 'USDC', network: BASE },
  ),
  fc.subarray([...REQUIRABLE_FACTS], { minLength: 1 }).map((facts): Rule => ({ kind: 'require', facts })),
);

export const scope = fc.constantFrom(...POLICY_SCOPES);
export const rules = fc.array(rule, { maxLength: 5 });
/** One policy for each of some scopes. */
export const policies = fc
  .uniqueArray(fc.record({ scope, rules }), { selector: (each) => each.scope, maxLength: POLICY_SCOPES.length })
  .map((all) => all.map((each) => preparePolicy(each.scope, { version: 1, rules: each.rules })));

/** Mostly there. */
function maybe<T>(value: fc.Arbitrary<T>) {
  return fc.option(value, { freq: 12, nil: null });
}

export const facts: fc.Arbitrary<PolicyFacts> = fc.record({
  verified: fc.record({
    payee: fc.constantFrom(...PAYEES),
    amount: micro,
    asset: fc.constantFrom(USDC, OTHER_PAYEE),
    network: fc.constantFrom(...NETWORKS),
    protocol: fc.constantFrom(...VALUES.protocols),
    scheme: fc.constantFrom(...VALUES.schemes),
    transferMethod: fc.constantFrom(...VALUES.transferMethods),
    facilitator: maybe(fc.constantFrom(...PAYEES)),
    paymentFlow: fc.constantFrom(...VALUES.paymentFlows),
    validitySeconds: fc.constantFrom(30, 60, 61),
    sessionId: fc.constantFrom(VERIFIED.sessionId, 'other'),
    instrumentId: fc.constantFrom(...VALUES.wallets),
    principal: fc.constantFrom(...VALUES.principals),
    managerId: fc.constantFrom(VERIFIED.managerId, 'other'),
    userId: fc.constantFrom('alice', 'bob'),
    time: fc.integer({ min: 0, max: 100_000_000 }).map((ms) => addMs(VERIFIED.time, ms)),
  }),
  declared: fc.record({
    tool: maybe(fc.constantFrom(...TOOLS)),
    origin: maybe(fc.constant(STATED.origin!)),
    url: maybe(fc.constantFrom(...HOSTS.map((host) => `https://${host}/x`))),
    method: maybe(fc.constantFrom('GET', 'POST')),
    bodyHash: maybe(fc.constant(STATED.bodyHash!)),
    agentName: maybe(fc.constantFrom(...VALUES.agents)),
    intent: maybe(fc.constant('find')),
  }),
  remembered: fc.record({
    pinnedPayee: fc.constantFrom(undefined, null, PAYEE),
    lastPrice: fc.oneof(fc.constantFrom(undefined, null), micro),
    breaker: fc.constantFrom(undefined, 'closed' as const, { openUntil: addMs(VERIFIED.time, 50_000_000) }),
  }),
});

const FEEDS = new Map([
  ['payees', feedOf(OTHER_PAYEE, 'payees')],
  ['hosts', feedOf('evil.test', 'hosts')],
]);
export const feeds = (name: string): DenyFeed | null => FEEDS.get(name) ?? null;
