import { createBoundedMap } from '../bounded-map.ts';
import type { RuleTest } from './call.ts';
import { POLICY_RATE_WINDOW_SECONDS_MIN, type PolicyDocument, type PolicyScope, type Rule } from './document.ts';
import type { RememberedFacts } from './facts.ts';
import { hashPolicy, nameOfRule } from './hash.ts';
import type { RuleRef } from './refusal.ts';
import { preparePerPayment, preparePriceChange, prepareValidity } from './rules/amounts.ts';
import { prepareRate, prepareSameRequest, prepareSessionCap, prepareWindow } from './rules/counters.ts';
import { prepareFreeze, prepareList, prepareRequire } from './rules/lists.ts';
import { prepareBreaker, prepareDenyFeed, prepareOrigins, preparePinPayee } from './rules/places.ts';

interface PreparedRule {
  readonly ref: RuleRef;
  readonly test: RuleTest;
}

/** A policy that is ready to judge, and what has to be read before it can. */
export interface PreparedPolicy {
  readonly scope: PolicyScope;
  readonly hash: string;
  readonly rules: readonly PreparedRule[];
  /** Facts of earlier payments that its rules look at. */
  readonly remembers: ReadonlySet<keyof RememberedFacts>;
  readonly feeds: ReadonlySet<string>;
  /** Whether it counts in items of their own. */
  readonly tallies: boolean;
  /** The shortest validity cap of its rules, which the signing terms can keep to. `null`: it has no such rule. */
  readonly validityCapSeconds: number | null;
}

/** Makes a policy ready to judge, once for any number of payments. Throws on a document that no schema has checked. */
export function preparePolicy(scope: PolicyScope, document: PolicyDocument): PreparedPolicy {
  const { rules } = document;
  const caps = rules.flatMap((rule) => (rule.kind === 'validity' ? [rule.maxSeconds] : []));
  return {
    scope,
    hash: hashPolicy(document),
    rules: rules.map((rule) => {
      const ref = { scope, name: nameOfRule(rule), kind: rule.kind };
      return { ref, test: prepareRule(rule, ref) };
    }),
    remembers: new Set(rules.flatMap((rule) => REMEMBERED[rule.kind] ?? [])),
    feeds: new Set(rules.flatMap((rule) => (rule.kind === 'denyFeed' ? [rule.feed] : []))),
    tallies: rules.some(isTallied),
    validityCapSeconds: caps.length === 0 ? null : Math.min(...caps),
  };
}

function isTallied(rule: Rule): boolean {
  return rule.kind === 'sameRequest' || (rule.kind === 'rate' && rule.perSeconds < POLICY_RATE_WINDOW_SECONDS_MIN);
}

const REMEMBERED: Readonly<Partial<Record<Rule['kind'], keyof RememberedFacts>>> = {
  pinPayee: 'pinnedPayee',
  priceChange: 'lastPrice',
  breaker: 'breaker',
};

function prepareRule(rule: Rule, ref: RuleRef): RuleTest {
  switch (rule.kind) {
    case 'perPayment':
      return preparePerPayment(rule, ref);
    case 'sessionCap':
      return prepareSessionCap(rule, ref);
    case 'window':
      return prepareWindow(rule, ref);
    case 'rate':
      return prepareRate(rule, ref);
    case 'sameRequest':
      return prepareSameRequest(rule, ref);
    case 'origins':
      return prepareOrigins(rule, ref);
    case 'denyFeed':
      return prepareDenyFeed(rule, ref);
    case 'pinPayee':
      return preparePinPayee(rule, ref);
    case 'breaker':
      return prepareBreaker(rule, ref);
    case 'validity':
      return prepareValidity(rule, ref);
    case 'freeze':
      return prepareFreeze(rule, ref);
    case 'priceChange':
      return preparePriceChange(rule, ref);
    case 'require':
      return prepareRequire(rule, ref);
    case 'payees':
    case 'networks':
    case 'assets':
    case 'protocols':
    case 'schemes':
    case 'transferMethods':
    case 'facilitators':
    case 'paymentFlows':
    case 'wallets':
    case 'principals':
    case 'tools':
    case 'agents':
      return prepareList(rule, ref);
  }
}

/** Remembers prepared policies by scope and hash, which name all that they are made of. */
export interface PolicyCache {
  /** @param read called only where the policy is not there yet; throws where it has another hash: the store is then corrupt */
  get(scope: PolicyScope, hash: string, read: () => PolicyDocument): PreparedPolicy;
}

export function createPolicyCache(entriesMax: number): PolicyCache {
  const entries = createBoundedMap<string, PreparedPolicy>(entriesMax);
  return {
    get(scope, hash, read) {
      const key = `${scope} ${hash}`;
      const known = entries.get(key);
      if (known !== undefined) return known;
      const prepared = preparePolicy(scope, read());
      if (prepared.hash !== hash) throw new RangeError(`a policy has the hash ${prepared.hash}, and not ${hash}`);
      entries.set(key, prepared);
      return prepared;
    },
  };
}
