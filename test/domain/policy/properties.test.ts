import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  judge,
  judgeCounters,
  mergeCharges,
  preparePolicy,
  type Charge,
  type CounterKey,
  type PolicyFacts,
  type PreparedPolicy,
} from '../../../lib/domain/policy/index.ts';
import * as any from './arbitrary.ts';

const RUNS = 2_000;

/** The whole verdict: the rules, and then the counters. */
function decide(policies: readonly PreparedPolicy[], facts: PolicyFacts, counters: ReadonlyMap<CounterKey, bigint>) {
  const verdict = judge(policies, facts, any.feeds);
  return verdict.ok ? judgeCounters(verdict.value.charges, counters) : verdict;
}

/** What the counters hold that a payment meets: by chance next to nothing, or next to the maximum. */
const uses = fc.array(fc.bigInt(0n, 1_000_000n), { minLength: 1, maxLength: 4 });

function countersFor(policies: readonly PreparedPolicy[], facts: PolicyFacts, held: readonly bigint[]) {
  const verdict = judge(policies, facts, any.feeds);
  const charges = verdict.ok ? verdict.value.charges : [];
  return new Map(charges.map(({ key, unit }, at) => [key, held[at % held.length]! / (unit === 'usd' ? 2n : 400_000n)]));
}

test('one more rule, in whatever policy, never allows more', () => {
  let [allowed, tightened] = [0, 0];
  fc.assert(
    fc.property(any.policies, any.scope, any.rule, any.facts, uses, (policies, scope, rule, facts, held) => {
      const more = [...policies, preparePolicy(scope, { version: 1, rules: [rule] })];
      const counters = countersFor(more, facts, held);
      const [before, after] = [decide(policies, facts, counters), decide(more, facts, counters)];
      if (before.ok) allowed += 1;
      if (before.ok && !after.ok) tightened += 1;
      expect(after.ok && !before.ok).toBe(false);
    }),
    { numRuns: RUNS },
  );
  // Otherwise the property would have held of nothing.
  expect(allowed).toBeGreaterThan(RUNS / 20);
  expect(tightened).toBeGreaterThan(RUNS / 100);
});

test('a payment is allowed exactly where each rule alone allows it', () => {
  let allowed = 0;
  fc.assert(
    fc.property(fc.array(fc.tuple(any.scope, any.rule), { maxLength: 4 }), any.facts, uses, (pairs, facts, held) => {
      const single = pairs.map(([scope, rule]) => preparePolicy(scope, { version: 1, rules: [rule] }));
      const counters = countersFor(single, facts, held);
      const together = decide(single, facts, counters).ok;
      if (together && pairs.length > 1) allowed += 1;
      expect(together).toBe(single.every((policy) => decide([policy], facts, counters).ok));
    }),
    { numRuns: RUNS },
  );
  expect(allowed).toBeGreaterThan(RUNS / 50);
});

test('the order of policies and of rules decides what is said, and never whether it is refused', () => {
  fc.assert(
    fc.property(any.scope, any.rules, any.policies, any.facts, uses, (scope, rules, policies, facts, held) => {
      const one = [preparePolicy(scope, { version: 1, rules }), ...policies];
      const other = [...policies.toReversed(), preparePolicy(scope, { version: 1, rules: rules.toReversed() })];
      const counters = countersFor(one, facts, held);
      expect(decide(other, facts, counters).ok).toBe(decide(one, facts, counters).ok);
      const [first, second] = [judge(one, facts, any.feeds), judge(other, facts, any.feeds)];
      expect(second.ok).toBe(first.ok);
      if (!first.ok || !second.ok) return;
      const bounds = (charges: readonly Charge[]) =>
        charges.map(({ key, quantity, max }) => `${key} ${quantity} ${max}`).toSorted();
      expect(bounds(second.value.charges)).toEqual(bounds(first.value.charges));
    }),
    { numRuns: RUNS / 4 },
  );
});

test('a call that states less is never allowed more', () => {
  fc.assert(
    fc.property(
      any.policies,
      any.facts,
      fc.constantFrom('tool', 'url', 'method', 'bodyHash', 'agentName', 'intent'),
      (policies, facts, name) => {
        const less = {
          ...facts,
          declared: { ...facts.declared, [name]: null, ...(name === 'url' ? { origin: null } : {}) },
        };
        const [whole, bare] = [judge(policies, facts, any.feeds), judge(policies, less, any.feeds)];
        if (bare.ok) expect(whole.ok).toBe(true);
        if (bare.ok && whole.ok) expect(bare.value.charges.length).toBe(whole.value.charges.length);
      },
    ),
    { numRuns: RUNS / 4 },
  );
});

const charge = fc.record({
  kind: fc.constant('window' as const),
  key: fc.constantFrom('a', 'b', 'c').map((key) => key as CounterKey),
  unit: fc.constantFrom('usd' as const, 'count' as const),
  quantity: fc.bigInt(0n, 9n),
  max: fc.bigInt(0n, 9n),
  rule: fc.constant({ scope: 'user', name: 'r', kind: 'window' } as const),
  opensAt: fc.nat(9),
  closesAt: fc.integer({ min: 10, max: 20 }),
}) as unknown as fc.Arbitrary<Charge>;

test('merged charges allow what each of them allows, and no counter twice', () => {
  const held = fc.record({ a: fc.bigInt(0n, 9n), b: fc.bigInt(0n, 9n), c: fc.bigInt(0n, 9n) });
  fc.assert(
    fc.property(fc.array(charge, { maxLength: 6 }), held, (charges, used) => {
      const counters = new Map(Object.entries(used)) as unknown as ReadonlyMap<CounterKey, bigint>;
      const merged = mergeCharges(charges);
      expect(new Set(merged.map(({ key }) => key)).size).toBe(merged.length);
      if (judgeCounters(merged, counters).ok) expect(judgeCounters(charges, counters).ok).toBe(true);
      // Never less than what any of the rules would have counted.
      for (const { key, quantity, max } of charges) {
        const one = merged.find((each) => each.key === key);
        expect(one!.quantity >= quantity && one!.max <= max).toBe(true);
      }
      expect(mergeCharges(merged)).toEqual(merged);
      expect(mergeCharges([...charges, ...charges])).toEqual(merged);
    }),
  );
});

test('no payment makes the rules throw, and a refusal is one sentence', () => {
  const declared = fc.record({
    tool: fc.string({ unit: 'binary' }),
    origin: fc.string({ unit: 'binary' }),
    url: fc.webUrl(),
    method: fc.string(),
    bodyHash: fc.string(),
    agentName: fc.string({ unit: 'binary' }),
    intent: fc.string(),
  });
  fc.assert(
    fc.property(any.policies, any.facts, declared, (policies, facts, wild) => {
      const verdict = judge(policies, { ...facts, declared: wild }, any.feeds);
      if (!verdict.ok) expect(verdict.error.message).toMatch(/^The rule [\x20-\x7e]+\.$/);
    }),
    { numRuns: RUNS / 10 },
  );
});
