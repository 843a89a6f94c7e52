import { describe, expect, test } from 'vitest';
import {
  createPolicyCache,
  hashPolicy,
  nameOfRule,
  POLICY_CODES,
  preparePolicy,
  type PolicyDocument,
  type Rule,
  type RuleKind,
} from '../../../lib/domain/policy/index.ts';
import { isCountingRule } from '../../../lib/domain/policy/document.ts';
import { OTHER_PAYEE, PAYEE, usd } from './support.ts';

const DOCUMENT: PolicyDocument = {
  version: 1,
  rules: [
    { kind: 'perPayment', max: usd('0.25') },
    { kind: 'window', name: 'a-day', of: 'user', every: 'day', timeZone: 'Europe/Berlin', max: usd('20') },
  ],
};

describe('the hash of a policy', () => {
  test('is the SHA-256 of its canonical JSON, with amounts as dollars', () => {
    // printf '{"rules":[{"kind":"perPayment","max":"0.25"}],"version":1}' | sha256sum
    expect(hashPolicy({ version: 1, rules: DOCUMENT.rules.slice(0, 1) })).toBe(
      '08c490dc08344821a00c224610babe026ea0f0bdcee929a8940ba3da627b0c77',
    );
  });

  test('does not depend on the order of members, or on members without a value', () => {
    const [first, second] = DOCUMENT.rules;
    const turned = Object.fromEntries(Object.entries(second!).toReversed()) as unknown as Rule;
    expect(hashPolicy({ rules: [{ ...first!, name: undefined } as Rule, turned], version: 1 })).toBe(
      hashPolicy(DOCUMENT),
    );
  });

  test('is another for another figure, name, rule, or order of rules', () => {
    const [first, second] = DOCUMENT.rules as [Rule, Rule];
    const others = [
      [first],
      [second, first],
      [{ ...first, max: usd('0.250001') } as Rule, second],
      [{ ...first, name: 'x' }, second],
      [first, second, second],
    ].map((rules) => hashPolicy({ version: 1, rules }));
    expect(new Set([...others, hashPolicy(DOCUMENT)]).size).toBe(others.length + 1);
  });
});

test('a rule without a name has one made from what it says', () => {
  const rule: Rule = { kind: 'perPayment', max: usd('0.25') };
  expect(nameOfRule(rule)).toMatch(/^perPayment-[\w-]{8}$/);
  expect(nameOfRule({ max: usd('0.250'), kind: 'perPayment' })).toBe(nameOfRule(rule));
  expect(nameOfRule({ ...rule, max: usd('0.26') } as Rule)).not.toBe(nameOfRule(rule));
  expect(nameOfRule({ ...rule, name: 'small' })).toBe('small');
});

test('a prepared policy says what has to be read before it can judge', () => {
  const rules: Rule[] = [
    { kind: 'denyFeed', feed: 'ofac' },
    { kind: 'pinPayee' },
    { kind: 'breaker' },
    { kind: 'validity', maxSeconds: 120 },
    { kind: 'validity', maxSeconds: 60 },
    { kind: 'payees', deny: [PAYEE] },
  ];
  const { remembers, feeds, validityCapSeconds } = preparePolicy('user', { version: 1, rules });
  expect([...remembers]).toEqual(['pinnedPayee', 'breaker']);
  expect([...feeds]).toEqual(['ofac']);
  expect(validityCapSeconds).toBe(60);
  expect(preparePolicy('user', DOCUMENT)).toMatchObject({
    remembers: new Set(),
    feeds: new Set(),
    validityCapSeconds: null,
  });
  expect([...preparePolicy('user', { version: 1, rules: [{ kind: 'priceChange', maxPercent: 5 }] }).remembers]).toEqual(
    ['lastPrice'],
  );
});

test.each<[string, Rule, boolean]>([
  ['an equal request', { kind: 'sameRequest', maxCount: 5, perSeconds: 600 }, true],
  ['a rate over less than an hour', { kind: 'rate', of: 'user', perSeconds: 3_599, maxCount: 5 }, true],
  ['a rate over an hour', { kind: 'rate', of: 'user', perSeconds: 3_600, maxCount: 5 }, false],
  ['a cap of a session', { kind: 'sessionCap', of: 'tool', maxCount: 5 }, false],
])('a policy says whether it counts in items of their own, as for %s', (_what, rule, tallies) => {
  const other: Rule = { kind: 'payees', deny: [PAYEE] };
  expect(preparePolicy('user', { version: 1, rules: [other, rule] }).tallies).toBe(tallies);
});

test('the rules that keep counters are those whose charges take room in the write of a reserve', () => {
  const kinds = Object.keys(POLICY_CODES) as RuleKind[];
  expect(kinds.filter((kind) => isCountingRule({ kind }))).toEqual(['sessionCap', 'window', 'rate', 'sameRequest']);
});

describe('the cache of policies', () => {
  test('prepares a document once for each scope', () => {
    const cache = createPolicyCache(8);
    let reads = 0;
    const read = () => {
      reads += 1;
      return DOCUMENT;
    };
    const hash = hashPolicy(DOCUMENT);
    expect(cache.get('user', hash, read)).toBe(cache.get('user', hash, read));
    expect(reads).toBe(1);
    expect(cache.get('session', hash, read).rules[0]!.ref.scope).toBe('session');
    expect(reads).toBe(2);
  });

  test('takes no document under the hash of another', () => {
    const cache = createPolicyCache(8);
    expect(() => cache.get('user', 'f'.repeat(64), () => DOCUMENT)).toThrow(/and not f/);
    const other: PolicyDocument = { version: 1, rules: [{ kind: 'payees', deny: [OTHER_PAYEE] }] };
    expect(cache.get('user', hashPolicy(other), () => other).hash).toBe(hashPolicy(other));
  });
});
