import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { POLICY_DOCUMENT } from '../../lib/contract/operations/policies.ts';
import { formatPolicySchema, readPolicy } from '../../lib/contract/policy.ts';
import { formatPolicy, hashPolicy, POLICY_CODES, type Rule } from '../../lib/domain/policy/index.ts';
import { parseStrictJson } from '../../lib/json/strict-json.ts';
import * as any from '../domain/policy/arbitrary.ts';

const address = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C';

/** One rule of each kind, as people write it. */
const RULES: readonly object[] = [
  { kind: 'perPayment', max: '0.25' },
  { kind: 'sessionCap', of: 'tool', max: '1.00', only: ['search'] },
  { kind: 'window', name: 'a-day', of: 'user', every: 'day', timeZone: 'Europe/Berlin', max: '20' },
  { kind: 'rate', of: 'session', perSeconds: 60, maxCount: 5 },
  { kind: 'sameRequest', maxCount: 5, perSeconds: 600 },
  { kind: 'payees', allow: [address] },
  { kind: 'networks', allow: ['base', 'eip155:1'] },
  { kind: 'assets', allow: ['USDC'] },
  { kind: 'protocols', deny: ['mpp'] },
  { kind: 'schemes', allow: ['exact'], deny: ['upto'] },
  { kind: 'transferMethods', allow: ['eip3009'] },
  { kind: 'facilitators', allow: [address] },
  { kind: 'paymentFlows', allow: ['authorization'] },
  { kind: 'wallets', allow: ['payment-instrument-0123456789abcde'] },
  { kind: 'principals', allow: ['arn:aws:sts::111122223333:assumed-role/R/s'] },
  { kind: 'tools', allow: ['search', 'zeichne äöü'] },
  { kind: 'agents', deny: ['rogue'] },
  { kind: 'origins', allow: ['*.Example.com', 'http://localhost:4021'] },
  { kind: 'denyFeed', feed: 'ofac-sdn' },
  { kind: 'pinPayee' },
  { kind: 'validity', maxSeconds: 120 },
  { kind: 'freeze', network: 'base', asset: address },
  { kind: 'priceChange', maxPercent: 50 },
  { kind: 'breaker' },
  { kind: 'require', facts: ['tool', 'agentName'] },
];

function read(rules: readonly unknown[]) {
  return readPolicy({ version: 1, rules });
}

function problemOf(rule: unknown): { name: string; message: string } {
  const policy = read([rule]);
  if (policy.ok) throw new Error('it was accepted');
  expect(policy.error).toHaveLength(1);
  return policy.error[0]!;
}

test('a document with a rule of every kind is read, in the one spelling of each entry', () => {
  const policy = read(RULES);
  if (!policy.ok) throw new Error(JSON.stringify(policy.error));
  const { rules } = policy.value;
  expect(rules.map(({ kind }) => kind).toSorted()).toEqual(Object.keys(POLICY_CODES).toSorted());
  const by = (kind: Rule['kind']) => rules.find((rule) => rule.kind === kind);
  expect(by('perPayment')).toEqual({ kind: 'perPayment', max: 250_000n });
  expect(by('window')).toMatchObject({ name: 'a-day', max: 20_000_000n });
  expect(by('payees')).toEqual({ kind: 'payees', allow: [address.toLowerCase()] });
  expect(by('networks')).toMatchObject({ allow: ['eip155:8453', 'eip155:1'] });
  expect(by('origins')).toMatchObject({ allow: ['*.example.com', 'http://localhost:4021'] });
  expect(by('freeze')).toMatchObject({ network: 'eip155:8453', asset: address.toLowerCase() });
});

test('however a document is formatted, it has one hash', () => {
  const written = [
    '{"version":1,"rules":[{"kind":"perPayment","max":"0.5"},{"kind":"networks","allow":["base"]}]}',
    '{ "rules" : [ { "max" : "0.500000", "kind" : "perPayment" },\n { "allow": ["eip155:8453"], "kind": "networks" } ], "version": 1 }',
  ];
  const hashes = written.map((text) => {
    const json = parseStrictJson(text, { maxDepth: 8, maxMembers: 100 });
    const policy = json.ok ? readPolicy(json.value) : json;
    return policy.ok ? hashPolicy(policy.value) : null;
  });
  expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(hashes[1]).toBe(hashes[0]);
});

test('what is read is printed as it would be written, and read again as the same', () => {
  fc.assert(
    fc.property(fc.array(any.rule, { maxLength: 10 }), (rules) => {
      const first = read((formatPolicy({ version: 1, rules }) as { rules: object[] }).rules);
      if (!first.ok) throw new Error(JSON.stringify(first.error));
      const second = readPolicy(JSON.parse(JSON.stringify(formatPolicy(first.value))));
      expect(second).toEqual(first);
      if (second.ok) expect(hashPolicy(second.value)).toBe(hashPolicy(first.value));
    }),
    { numRuns: 300 },
  );
});

describe('a document is refused', () => {
  test.each<[string, object, string, RegExp]>([
    [
      'a member that the kind has not',
      { kind: 'perPayment', max: '1', maximum: '2' },
      'rules.0.maximum',
      /is no member here/,
    ],
    ['a member that is missing', { kind: 'perPayment' }, 'rules.0.max', /is required/],
    [
      'a kind that there is not',
      { kind: 'perpayment', max: '1' },
      'rules.0.kind',
      /must be one of perPayment, sessionCap/,
    ],
    ['an amount that is a number', { kind: 'perPayment', max: 1 }, 'rules.0.max', /US dollars as text.*Received: 1/],
    ['an amount with too many decimals', { kind: 'perPayment', max: '0.0000001' }, 'rules.0.max', /at most 18 digits/],
    ['a negative amount', { kind: 'perPayment', max: '-1' }, 'rules.0.max', /US dollars/],
    [
      'two maxima',
      { kind: 'rate', of: 'user', perSeconds: 1, max: '1', maxCount: 1 },
      'rules.0',
      /exactly one member of max, maxCount/,
    ],
    ['no maximum', { kind: 'rate', of: 'user', perSeconds: 1 }, 'rules.0', /exactly one member of max, maxCount/],
    [
      'a count with a fraction',
      { kind: 'rate', of: 'user', perSeconds: 1, maxCount: 1.5 },
      'rules.0.maxCount',
      /whole number/,
    ],
    ['no time', { kind: 'rate', of: 'user', perSeconds: 0, maxCount: 1 }, 'rules.0.perSeconds', /from 1 to 86400/],
    [
      'a subject that is none',
      { kind: 'window', of: 'asset', every: 'day', timeZone: 'UTC', max: '1' },
      'rules.0.of',
      /user, agent, payee, tool, manager/,
    ],
    [
      'a period that is none',
      { kind: 'window', of: 'user', every: 'year', timeZone: 'UTC', max: '1' },
      'rules.0.every',
      /hour, day, week, month/,
    ],
    [
      'a zone that nobody knows',
      { kind: 'window', of: 'user', every: 'day', timeZone: 'Mars/Base', max: '1' },
      'rules.0.timeZone',
      /Europe\/Berlin/,
    ],
    ['a list that lists nothing', { kind: 'payees', allow: [] }, 'rules.0.allow', /at least one entry/],
    ['no list', { kind: 'payees' }, 'rules.0', /allow, deny/],
    ['no list of origins', { kind: 'origins' }, 'rules.0', /allow, deny/],
    ['a wildcard for everybody', { kind: 'origins', allow: ['*'] }, 'rules.0.allow.0', /two labels after the asterisk/],
    [
      'an entry with a control character',
      { kind: 'tools', allow: ['a\u0007'] },
      'rules.0.allow.0',
      /control characters/,
    ],
    ['a freeze of nothing', { kind: 'freeze' }, 'rules.0', /network, asset/],
    ['a fact that nobody states', { kind: 'require', facts: ['payee'] }, 'rules.0.facts.0', /tool, origin, url/],
    ['a name with blanks', { kind: 'pinPayee', name: 'a b' }, 'rules.0.name', /letters, digits/],
  ])('for %s', (_what, rule, name, message) => {
    const problem = problemOf(rule);
    expect(problem.name).toBe(name);
    expect(problem.message).toMatch(message);
  });

  test('for what is over its bounds', () => {
    const pins = (count: number) => Array.from({ length: count }, () => ({ kind: 'pinPayee' }));
    expect(read(pins(64)).ok).toBe(true);
    expect(read(pins(65))).toMatchObject({
      error: [{ name: 'rules', message: expect.stringContaining('at most 64') as string }],
    });
    const rates = (count: number) =>
      Array.from({ length: count }, (_, at) => ({ kind: 'rate', of: 'user', perSeconds: at + 1, maxCount: 1 }));
    expect(read(rates(16)).ok).toBe(true);
    expect(read(rates(17))).toMatchObject({
      error: [{ message: expect.stringContaining('at most 16 rules that count') as string }],
    });
    const payees = (count: number) => [{ kind: 'payees', allow: Array.from({ length: count }, (_, at) => `p${at}`) }];
    expect(read(payees(200)).ok).toBe(true);
    expect(read(payees(201)).ok).toBe(false);
    expect(read([{ kind: 'tools', allow: ['a'.repeat(257)] }]).ok).toBe(false);
  });

  test('for one name of two rules, another version, and another member', () => {
    expect(
      read([
        { kind: 'pinPayee', name: 'a' },
        { kind: 'breaker', name: 'a' },
      ]),
    ).toMatchObject({ error: [{ name: 'rules' }] });
    expect(readPolicy({ version: 2, rules: [] })).toMatchObject({ error: [{ name: 'version' }] });
    expect(readPolicy({ version: 1, rules: [], comment: '' })).toMatchObject({ error: [{ name: 'comment' }] });
    for (const value of [null, 5, 'text', [], { version: 1 }]) expect(readPolicy(value).ok).toBe(false);
  });

  test('and never with a throw, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json().map((text) => JSON.parse(text) as unknown),
          fc.record({ version: fc.constant(1), rules: fc.array(fc.object()) }),
        ),
        (value) => {
          const policy = readPolicy(value);
          if (!policy.ok) expect(policy.error.length).toBeGreaterThan(0);
        },
      ),
    );
  });
});

describe('the published schema', () => {
  const validate = new Ajv({ strict: true, allErrors: true, strictTypes: false }).compile(
    JSON.parse(formatPolicySchema()) as object,
  );

  test('takes what the service takes', () => {
    expect(validate({ version: 1, rules: RULES }), JSON.stringify(validate.errors)).toBe(true);
  });

  test('refuses misspelt members, wrong types and kinds', () => {
    for (const rule of [
      { kind: 'perPayment', max: '1', maximum: '2' },
      { kind: 'perPayment', max: 1 },
      { kind: 'perPayment', max: '0.0000001' },
      { kind: 'perpayment', max: '1' },
      { kind: 'window', of: 'user', every: 'year', timeZone: 'UTC', max: '1' },
      { kind: 'payees', allow: [] },
    ])
      expect(validate({ version: 1, rules: [rule] }), JSON.stringify(rule)).toBe(false);
    expect(validate({ version: 2, rules: [] })).toBe(false);
  });
});

test.each(['PutControlPolicy', 'PutDataPolicy'] as const)('the example of %s has the hash of its policy', (name) => {
  const { spendPolicy } = POLICY_DOCUMENT.operations[name].answer;
  const document = readPolicy(spendPolicy.policy);
  expect(document.ok && hashPolicy(document.value)).toBe(spendPolicy.hash);
});
