import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  judge,
  judgeCounters,
  mergeCharges,
  preparePolicy,
  refuseCharge,
  talliesOf,
  type Charge,
  type CounterKey,
  type Rule,
} from '../../../lib/domain/policy/index.ts';
import { NETWORKS } from '../../../lib/domain/assets.ts';
import { addMs, toEpochMs } from '../../../lib/domain/time.ts';
import {
  BARE,
  chargesOf,
  factsOf,
  judgeOne,
  OTHER_PAYEE,
  PAYEE,
  STATED,
  usd,
  USDC,
  VERIFIED,
  type SomeFacts,
} from './support.ts';
import type { PolicyScope } from '../../../lib/domain/policy/index.ts';

const DAY: Rule = { kind: 'window', of: 'user', every: 'day', timeZone: 'Europe/Berlin', max: usd('20') };

function keyOf(rule: Rule, facts: SomeFacts = {}, scope: PolicyScope = 'user'): CounterKey {
  const [charge] = chargesOf([rule], facts, scope);
  return charge!.key;
}

describe('what a counting rule charges', () => {
  test('a cap of a session: the amount, under a key of eight characters', () => {
    const [charge] = chargesOf([{ kind: 'sessionCap', name: 'per-tool', of: 'tool', max: usd('1') }]);
    expect(charge).toEqual({
      kind: 'session',
      key: expect.stringMatching(/^[\w-]{8}$/) as string,
      unit: 'usd',
      quantity: usd('0.25'),
      max: usd('1'),
      rule: { scope: 'user', name: 'per-tool', kind: 'sessionCap' },
    });
  });

  test('a window: the amount from the beginning of the day to its end, under a key of eleven characters', () => {
    expect(chargesOf([DAY])[0]).toMatchObject({
      kind: 'window',
      key: expect.stringMatching(/^[\w-]{11}$/) as string,
      opensAt: Date.parse('2026-11-27T23:00:00Z'),
      closesAt: Date.parse('2026-11-28T23:00:00Z'),
      quantity: 250_000n,
      max: 20_000_000n,
    });
  });

  test('a rate of counts: one, in its bucket', () => {
    expect(chargesOf([{ kind: 'rate', of: 'session', perSeconds: 60, maxCount: 5 }])[0]).toMatchObject({
      unit: 'count',
      quantity: 1n,
      max: 5n,
      opensAt: Date.parse('2026-11-28T12:30:00Z'),
      closesAt: Date.parse('2026-11-28T12:31:00Z'),
    });
  });

  test('a rate over less than an hour in an item of its own, and one over an hour in parts that sessions hold', () => {
    const kindOf = (perSeconds: number) => chargesOf([{ kind: 'rate', of: 'user', perSeconds, maxCount: 5 }])[0]?.kind;
    expect([kindOf(3_599), kindOf(3_600)]).toEqual(['tally', 'window']);
  });

  test('an equal request: one, in its bucket', () => {
    expect(chargesOf([{ kind: 'sameRequest', maxCount: 5, perSeconds: 600 }])[0]).toMatchObject({
      quantity: 1n,
      max: 5n,
      opensAt: Date.parse('2026-11-28T12:30:00Z'),
      closesAt: Date.parse('2026-11-28T12:40:00Z'),
    });
  });

  test('nothing for whom it does not hold', () => {
    const rule = (only: readonly string[]): Rule => ({ kind: 'sessionCap', of: 'payee', max: usd('1'), only });
    expect(chargesOf([rule([OTHER_PAYEE])])).toEqual([]);
    expect(chargesOf([rule([OTHER_PAYEE, PAYEE])])).toHaveLength(1);
    expect(chargesOf([{ kind: 'sessionCap', of: 'asset', max: usd('1'), only: ['USDC'] }])).toHaveLength(1);
    expect(chargesOf([{ kind: 'sessionCap', of: 'asset', max: usd('1'), only: ['EURC'] }])).toEqual([]);
  });
});

describe('the name of a counter', () => {
  const rate: Rule = { kind: 'rate', of: 'user', perSeconds: 60, maxCount: 5 };
  const same: Rule = { kind: 'sameRequest', maxCount: 5, perSeconds: 600 };
  const cap = (of: 'payee' | 'tool' | 'agent' | 'asset' | 'protocol'): Rule => ({
    kind: 'sessionCap',
    of,
    max: usd('1'),
  });

  test('stays when a rule gets another name, another maximum, or a list of whom it is for', () => {
    expect(keyOf({ ...DAY, name: 'renamed', max: usd('1') } as Rule)).toBe(keyOf(DAY));
    expect(keyOf({ ...DAY, only: ['alice'] } as Rule)).toBe(keyOf(DAY));
  });

  test('stays through the spellings of one payee, one token, one URL', () => {
    expect(keyOf(cap('payee'), { verified: { payee: PAYEE.toLowerCase() } })).toBe(keyOf(cap('payee')));
    expect(keyOf(cap('asset'), { verified: { asset: USDC.toLowerCase() } })).toBe(keyOf(cap('asset')));
    const url = 'HTTPS://API.example.com:443/search?q=1#elsewhere';
    expect(keyOf(same, { declared: { ...STATED, url, method: 'get' } })).toBe(keyOf(same));
  });

  test.each<[string, Rule, SomeFacts]>([
    ['user', DAY, { verified: { userId: 'bob' } }],
    ['manager of a user', DAY, { verified: { managerId: 'manager-9876543210' } }],
    ['day', DAY, { verified: { time: addMs(VERIFIED.time, 86_400_000) } }],
    ['bucket', rate, { verified: { time: addMs(VERIFIED.time, 60_000) } }],
    ['payee', cap('payee'), { verified: { payee: OTHER_PAYEE } }],
    ['tool', cap('tool'), { declared: { ...STATED, tool: 'other' } }],
    ['agent', cap('agent'), { declared: { ...STATED, agentName: 'other' } }],
    ['asset', cap('asset'), { verified: { asset: OTHER_PAYEE } }],
    ['protocol', cap('protocol'), { verified: { protocol: 'mpp' } }],
    ['method', same, { declared: { ...STATED, method: 'POST' } }],
    ['query', same, { declared: { ...STATED, url: 'https://api.example.com/search?q=2' } }],
    ['body', same, { declared: { ...STATED, bodyHash: 'aa' } }],
    ['amount', same, { verified: { amount: usd('0.26') } }],
    ['payee of a request', same, { verified: { payee: OTHER_PAYEE } }],
    ['user of a request', same, { verified: { userId: 'bob' } }],
  ])('is another for another %s', (_what, rule, facts) => {
    expect(keyOf(rule, facts)).not.toBe(keyOf(rule));
  });

  test('is another for every way to count', () => {
    const rules: Rule[] = [
      DAY,
      { ...DAY, every: 'week' } as Rule,
      { ...DAY, timeZone: 'Europe/Paris' } as Rule,
      { ...DAY, of: 'manager' } as Rule,
      { kind: 'window', of: 'user', every: 'day', timeZone: 'Europe/Berlin', maxCount: 3 },
      rate,
      { ...rate, perSeconds: 30 } as Rule,
      { ...rate, of: 'session' } as Rule,
      same,
      { ...same, perSeconds: 60 } as Rule,
      ...(['payee', 'tool', 'agent', 'asset', 'protocol'] as const).map(cap),
      { kind: 'sessionCap', of: 'payee', maxCount: 1 },
    ];
    const scopes = ['deployment', 'manager', 'user', 'agent', 'session'] as const;
    const keys = scopes.flatMap((scope) => rules.map((rule) => keyOf(rule, {}, scope)));
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('is one for the deployment, and one for each owner of a narrower policy', () => {
    const payee: Rule = { kind: 'window', of: 'payee', every: 'day', timeZone: 'UTC', max: usd('9') };
    const bob = { verified: { userId: 'bob' } };
    expect(keyOf(payee, bob, 'deployment')).toBe(keyOf(payee, {}, 'deployment'));
    expect(keyOf(payee, bob, 'manager')).toBe(keyOf(payee, {}, 'manager'));
    expect(keyOf(payee, bob, 'user')).not.toBe(keyOf(payee, {}, 'user'));
    const other = { declared: { ...STATED, agentName: 'other' } };
    expect(keyOf(payee, other, 'agent')).not.toBe(keyOf(payee, {}, 'agent'));
    const session = { verified: { sessionId: 'payment-session-other0123456789' } };
    expect(keyOf(payee, session, 'session')).not.toBe(keyOf(payee, {}, 'session'));
    expect(keyOf(payee, { verified: { managerId: 'm-0000000000' } }, 'manager')).not.toBe(keyOf(payee, {}, 'manager'));
  });

  test('tells the users, sessions and agents of two managers apart in the policy of the deployment', () => {
    const elsewhere = { verified: { managerId: 'm-0000000000' } };
    for (const of of ['user', 'session', 'agent'] as const) {
      const each: Rule = { kind: 'rate', of, perSeconds: 60, maxCount: 5 };
      expect(keyOf(each, elsewhere, 'deployment'), of).not.toBe(keyOf(each, {}, 'deployment'));
    }
    expect(keyOf(same, elsewhere, 'deployment')).not.toBe(keyOf(same, {}, 'deployment'));
  });

  test('is not to be had by moving a separator', () => {
    const agents: Rule = { kind: 'window', of: 'agent', every: 'day', timeZone: 'UTC', max: usd('9') };
    const one = { verified: { managerId: 'a' }, declared: { ...STATED, agentName: 'b,c' } };
    const two = { verified: { managerId: 'a,b' }, declared: { ...STATED, agentName: 'c' } };
    expect(keyOf(agents, one, 'deployment')).not.toBe(keyOf(agents, two, 'deployment'));
  });
});

test('a rule for some counts those alone, by the name of whatever it counts by', () => {
  const named = [
    ['manager', VERIFIED.managerId],
    ['user', VERIFIED.userId],
    ['session', VERIFIED.sessionId],
    ['agent', 'assistant'],
  ] as const;
  for (const [of, name] of named) {
    const rate = (only: readonly string[]): Rule => ({ kind: 'rate', of, perSeconds: 60, maxCount: 5, only });
    expect(chargesOf([rate([name])]), of).toHaveLength(1);
    expect(chargesOf([rate([`${name}-`])]), of).toEqual([]);
  }
  const capped = [
    ['protocol', 'x402'],
    ['tool', 'search'],
    ['asset', USDC],
  ] as const;
  for (const [of, name] of capped) {
    const cap = (only: readonly string[]): Rule => ({ kind: 'sessionCap', of, max: usd('1'), only });
    expect(chargesOf([cap([name])]), of).toHaveLength(1);
    expect(chargesOf([cap([`${name}-`])]), of).toEqual([]);
  }
  const byTool: Rule = { kind: 'sessionCap', of: 'tool', max: usd('1'), only: [PAYEE] };
  expect(chargesOf([byTool], { declared: { ...STATED, tool: PAYEE } })).toHaveLength(1);
  expect(chargesOf([byTool], { declared: { ...STATED, tool: PAYEE.toLowerCase() } })).toEqual([]);
});

test('a token that has a symbol is one on all networks, and one that has none another on each', () => {
  const cap: Rule = { kind: 'sessionCap', of: 'asset', max: usd('1') };
  const sepolia = NETWORKS.find(({ id }) => id === 'eip155:84532')!;
  const elsewhere = { network: sepolia.id, asset: sepolia.usdc.address };
  expect(keyOf(cap, { verified: elsewhere })).toBe(keyOf(cap));
  const unknown = { asset: OTHER_PAYEE };
  expect(keyOf(cap, { verified: { ...unknown, network: sepolia.id } })).not.toBe(keyOf(cap, { verified: unknown }));
  expect(keyOf(cap, { verified: unknown })).not.toBe(keyOf(cap, { verified: { asset: PAYEE } }));
  const euro = { asset: OTHER_PAYEE, assetSymbol: 'EURC' };
  expect(keyOf(cap, { verified: euro })).not.toBe(keyOf(cap));
  expect(keyOf(cap, { verified: { ...euro, network: sepolia.id } })).toBe(keyOf(cap, { verified: euro }));
});

test('two managers do not share a counter of the deployment by manager', () => {
  const rate: Rule = { kind: 'rate', of: 'manager', perSeconds: 60, maxCount: 5 };
  const elsewhere = { verified: { managerId: 'm-0000000000' } };
  expect(keyOf(rate, elsewhere, 'deployment')).not.toBe(keyOf(rate, {}, 'deployment'));
});

test('a key never changes: what was counted under it would be forgotten', () => {
  const keys = [
    keyOf({ kind: 'sessionCap', of: 'tool', max: usd('1') }),
    keyOf(DAY),
    keyOf({ kind: 'rate', of: 'session', perSeconds: 60, maxCount: 5 }, {}, 'deployment'),
    keyOf({ kind: 'sameRequest', maxCount: 5, perSeconds: 600 }, {}, 'agent'),
    keyOf({ kind: 'sessionCap', of: 'asset', max: usd('1') }, { verified: { asset: OTHER_PAYEE } }, 'manager'),
  ];
  expect(keys).toEqual(['ZsSN2wBH', '8M8BNPqk-EY', 'nxbGWCh5_Ol', 'jz2PgoNVeeX', 'DekWTh7j']);
});

function chargeWith(parts: Partial<Charge>): Charge {
  return { ...chargesOf([DAY])[0]!, ...parts } as Charge;
}

describe('charges of one key', () => {
  const [opens, closes] = [toEpochMs(1_000), toEpochMs(2_000)];
  const one = chargeWith({ quantity: 5n, max: 10n, opensAt: opens, closesAt: closes });
  const tight = { scope: 'session', name: 'tight', kind: 'window' } as const;
  const two = chargeWith({ quantity: 3n, max: 7n, opensAt: toEpochMs(500), closesAt: toEpochMs(1_500), rule: tight });

  test('are one, with the larger quantity, the smaller maximum and its rule, and the longer window', () => {
    for (const charges of [
      [one, two],
      [two, one],
      [one, two, one, two],
    ])
      expect(mergeCharges(charges)).toEqual([
        { ...one, quantity: 5n, max: 7n, rule: tight, opensAt: 500, closesAt: 2_000 },
      ]);
  });

  test('leave others alone', () => {
    const other = chargeWith({ key: 'otherothero' as CounterKey });
    expect(mergeCharges([one, other, two])).toHaveLength(2);
    expect(mergeCharges([one, other])).toEqual([one, other]);
  });

  test('of one rule that stands twice are one, as of it alone', () => {
    expect(chargesOf([DAY, DAY])).toEqual(chargesOf([DAY]));
    const narrow = { ...DAY, max: usd('5'), name: 'narrow' } as Rule;
    expect(chargesOf([DAY, narrow])).toEqual(chargesOf([narrow]));
  });
});

describe('counters', () => {
  const [day] = chargesOf([DAY]);
  const used = (amount: bigint) => new Map([[day!.key, amount]]);

  test('have room up to the maximum, and not for a millionth more', () => {
    expect(judgeCounters([day!], new Map()).ok).toBe(true);
    expect(judgeCounters([day!], used(19_750_000n)).ok).toBe(true);
    expect(judgeCounters([day!], used(19_750_001n)).ok).toBe(false);
  });

  test('refuse by rule, with the figures, the time to wait for and the amount that still fits', () => {
    const verdict = judgeCounters([day!], used(19_900_000n));
    expect(verdict).toMatchObject({
      ok: false,
      error: {
        code: 'bursar:policy_window',
        fact: null,
        figures: { unit: 'usd', limit: 20_000_000n, asked: 250_000n, remaining: 100_000n },
      },
    });
    if (verdict.ok) return;
    expect(verdict.error.help).toEqual({ atMost: 100_000n, waitUntil: Date.parse('2026-11-28T23:00:00Z') });
    expect(verdict.error.message).toContain('20.00 USD until 2026-11-28T23:00:00.000Z');
    expect(verdict.error.message).toContain('0.10 USD remain');
  });

  test('promise no wait where waiting does not help, and no smaller amount where nothing is left', () => {
    expect(refuseCharge({ ...day!, max: 1n }, 0n).help).toEqual({ atMost: 1n });
    expect(refuseCharge(day!, 99_000_000n)).toMatchObject({
      figures: { remaining: 0n },
      help: { waitUntil: day!.kind === 'window' ? day!.closesAt : 0 },
    });
    expect(refuseCharge(day!, 20_000_000n).help).not.toHaveProperty('atMost');
    const [cap] = chargesOf([{ kind: 'sessionCap', of: 'tool', max: usd('1') }]);
    expect(refuseCharge(cap!, 900_000n).help).toEqual({ atMost: 100_000n });
    const [count] = chargesOf([{ kind: 'rate', of: 'user', perSeconds: 60, maxCount: 5 }]);
    expect(Object.keys(refuseCharge(count!, 4n).help)).toEqual(['waitUntil']);
    expect(refuseCharge(count!, 5n).message).toContain('5 payments until');
  });

  test('stop a loop: a hundred payments of 0.50 in ten seconds meet the rate after five', () => {
    const counters = new Map<CounterKey, bigint>();
    let paid = 0;
    for (let i = 0; i < 100; i += 1) {
      const time = addMs(VERIFIED.time, i * 100);
      const rules: Rule[] = [{ kind: 'sameRequest', maxCount: 5, perSeconds: 600 }];
      const charges = chargesOf(rules, { verified: { amount: usd('0.50'), time } });
      if (!judgeCounters(charges, counters).ok) continue;
      paid += 1;
      for (const { key, quantity } of charges) counters.set(key, (counters.get(key) ?? 0n) + quantity);
    }
    expect(paid).toBe(5);
  });
});

describe('what has to be read of items of their own', () => {
  const rate: Rule = { kind: 'rate', of: 'user', perSeconds: 60, maxCount: 5 };
  const same: Rule = { kind: 'sameRequest', maxCount: 5, perSeconds: 600 };
  const cap: Rule = { kind: 'sessionCap', of: 'tool', max: usd('1') };

  test('is what the payment would be charged there, of all policies, whatever refuses it', () => {
    const no: Rule = { kind: 'perPayment', max: usd('0.01') };
    const policies = [
      preparePolicy('manager', { version: 1, rules: [no, rate, DAY] }),
      preparePolicy('user', { version: 1, rules: [same, cap, rate] }),
    ];
    expect(talliesOf(policies, factsOf())).toEqual([
      ...chargesOf([rate], {}, 'manager'),
      ...chargesOf([same, rate], {}, 'user'),
    ]);
  });

  test('is one counter once, and nothing of what the call does not state', () => {
    const policies = [preparePolicy('user', { version: 1, rules: [rate, rate, same] })];
    expect(talliesOf(policies, factsOf({ declared: BARE }))).toEqual(chargesOf([rate]));
  });
});

test('of shared keys there is no collision among twenty thousand', () => {
  const policy = preparePolicy('user', { version: 1, rules: [DAY] });
  const keys = Array.from({ length: 20_000 }, (_, i) => {
    const verdict = judge([policy], factsOf({ verified: { userId: `user-${i}` } }));
    return verdict.ok ? verdict.value.charges[0]!.key : null;
  });
  expect(keys).not.toContain(null);
  expect(new Set(keys).size).toBe(20_000);
});

test('a key is spread over its whole alphabet', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.string(), (userId) => {
      const key = keyOf(DAY, { verified: { userId } });
      expect(key).toMatch(/^[A-Za-z0-9_-]{11}$/);
      for (const character of key) seen.add(character);
    }),
    { numRuns: 200 },
  );
  expect(seen.size).toBe(64);
});

test('a rule without charges allows whatever the counters hold', () => {
  const verdict = judgeOne({ kind: 'perPayment', max: usd('1') });
  expect(verdict.ok && judgeCounters(verdict.value.charges, new Map()).ok).toBe(true);
});
