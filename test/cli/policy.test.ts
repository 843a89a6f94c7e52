import { describe, expect, test } from 'vitest';
import { PAID_RECEIPT } from '../../lib/contract/fields/receipt.ts';
import { readPolicy } from '../../lib/contract/policy.ts';
import { hashPolicy } from '../../lib/domain/policy/index.ts';
import { awsError, createReadyWorld, json, MANAGER, NOW, SESSION, type Routes, type Seen } from './world.ts';

const LIMITS = { version: 1, rules: [{ kind: 'perPayment', name: 'each', max: '0.25' }] };
const hashOf = (policy: object): string => {
  const read = readPolicy(policy);
  if (!read.ok) throw new Error('a test has a policy that is none');
  return hashPolicy(read.value);
};
const HASH = hashOf(LIMITS);
const VIEW = {
  spendPolicy: {
    scope: 'user',
    paymentManagerArn: MANAGER,
    userId: 'login',
    hash: HASH,
    revision: 3,
    updatedAt: '2026-03-01T11:00:00.000Z',
    updatedBy: 'arn:aws:sts::111122223333:assumed-role/Finance/\u001b[2Jgrace',
    policy: LIMITS,
  },
};

const widest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));

function open(policy: unknown = LIMITS, routes: Routes = {}, columns?: number) {
  return createReadyWorld({
    ...(columns === undefined ? {} : { columns }),
    files: { 'limits.json': typeof policy === 'string' ? policy : JSON.stringify(policy) },
    routes: { '/policies/data': () => json(VIEW), '/policies/control': () => json(VIEW), ...routes },
  });
}

const sent = ({ method, path, body }: Seen) => ({
  method,
  path,
  body: body === '' ? null : (JSON.parse(body) as object),
});

describe('policy set', () => {
  test.each([
    [[], 'data', { scope: 'user', paymentManagerArn: MANAGER }],
    [
      ['--scope', 'agent', '--agent', 'buyer'],
      'data',
      { scope: 'agent', paymentManagerArn: MANAGER, agentName: 'buyer' },
    ],
    [['--scope', 'session'], 'data', { scope: 'session', paymentManagerArn: MANAGER, paymentSessionId: SESSION }],
    [['--scope', 'manager'], 'control', { scope: 'manager', paymentManagerArn: MANAGER }],
    [['--scope', 'deployment', '--if-hash', 'none'], 'control', { scope: 'deployment', ifHash: 'none' }],
  ] as const)('puts the file, with %j at the %s plane', async (options, plane, members) => {
    const cli = open();
    expect([await cli.run('policy', 'set', 'limits.json', ...options), cli.err()]).toEqual([0, '']);
    expect(cli.seen.map(sent)).toEqual([
      { method: 'PUT', path: `/v1/bursar/policies/${plane}`, body: { ...members, policy: LIMITS } },
    ]);
    expect(cli.out()).toContain(HASH);
    expect(cli.out()).not.toContain('\u001b');
  });

  test.each([
    ['is wrong', { version: 1, rules: [{ kind: 'perPayment', max: 0.25 }] }, 'rules.0.max'],
    ['is no JSON', '{', 'is no JSON'],
  ])('sends nothing where the file %s, and says what', async (_what, policy, expected) => {
    const cli = open(policy);
    expect(await cli.run('policy', 'set', 'limits.json')).toBe(2);
    expect(cli.err()).toContain(expected);
    expect(cli.seen).toEqual([]);
  });

  test.each([
    ['a file that is not there', ['other.json'], 'there is no file other.json'],
    ['a scope that is none', ['limits.json', '--scope', 'team'], '--scope must be one of'],
    ['an agent without a name', ['limits.json', '--scope', 'agent'], '--agent NAME'],
    ['an agent for a user', ['limits.json', '--agent', 'x'], '--agent is of --scope agent alone'],
    ['a hash that is none', ['limits.json', '--if-hash', 'abc'], '--if-hash must be'],
  ])('refuses %s', async (_what, argv, expected) => {
    const cli = open();
    expect(await cli.run('policy', 'set', ...argv)).toBe(2);
    expect(cli.err()).toContain(expected);
    expect(cli.seen).toEqual([]);
  });

  test('tells that the policy is another by now', async () => {
    const conflict = () => awsError(409, 'ConflictException', 'The spend policy is not the one that ifHash names');
    const cli = open(LIMITS, { '/policies/data': conflict });
    expect(await cli.run('policy', 'set', 'limits.json', '--if-hash', HASH)).not.toBe(0);
    expect(cli.err()).toContain('ifHash');
  });
});

test('policy show, history and remove ask for the scope that is meant', async () => {
  const change = { revision: 3, changedAt: '2026-03-01T11:00:00.000Z', changedBy: 'grace', newHash: HASH };
  const cli = open(LIMITS, {
    '/changes': () => json({ changes: [change] }),
    '/policies/data': ({ method }) => json(method === 'DELETE' ? { status: 'DELETED' } : VIEW),
  });
  expect(await cli.run('policy', 'show')).toBe(0);
  expect(await cli.run('policy', 'history', '--scope', 'deployment')).toBe(0);
  expect(await cli.run('policy', 'remove', '--yes', '--if-hash', HASH)).toBe(0);
  const manager = encodeURIComponent(MANAGER);
  expect(cli.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
    `GET /v1/bursar/policies/data?scope=user&paymentManagerArn=${manager}`,
    'GET /v1/bursar/policies/control/changes?scope=deployment&maxResults=20',
    `DELETE /v1/bursar/policies/data?scope=user&paymentManagerArn=${manager}&ifHash=${HASH}`,
  ]);
  expect(cli.out()).toContain(HASH.slice(0, 12));
});

test('policy history fits a screen of 80 columns, and ends who changed it with the name', async () => {
  const changedBy = 'arn:aws:sts::111122223333:assumed-role/Finance/grace';
  const change = { revision: 3, changedAt: '2026-03-01T11:00:00.000Z', changedBy, oldHash: HASH, newHash: HASH };
  const cli = open(LIMITS, { '/changes': () => json({ changes: [change] }) }, 80);
  expect(await cli.run('policy', 'history')).toBe(0);
  expect(widest(cli.out())).toBeLessThanOrEqual(80);
  expect(cli.out()).toContain('Finance/grace');
});

test('policy remove asks first', async () => {
  const cli = open();
  expect(await cli.run('policy', 'remove')).toBe(3);
  expect(cli.seen).toEqual([]);
});

describe('policy test', () => {
  const POLICY = {
    version: 1,
    rules: [
      { kind: 'perPayment', name: 'each', max: '0.25' },
      { kind: 'origins', name: 'where', allow: ['api.example.com'] },
      { kind: 'window', name: 'daily', of: 'user', every: 'day', timeZone: 'UTC', max: '20.00' },
    ],
  };
  const URL_GOOD = 'https://api.example.com/report';

  test('allows what every rule allows, says what it would count for, and asks nobody', async () => {
    const cli = open(POLICY);
    expect(await cli.run('policy', 'test', 'limits.json', '--amount', '0.25', '--url', URL_GOOD, '--json')).toBe(0);
    expect(JSON.parse(cli.out())).toEqual({
      verdict: 'ALLOWED',
      counts: [{ rule: 'daily', adds: '0.25 USD', of: '20.00 USD' }],
    });
    expect(cli.seen).toEqual([]);
  });

  test.each([
    ['a price too high', ['--amount', '0.26', '--url', URL_GOOD], 'bursar:policy_per_payment'],
    ['another host', ['--amount', '0.25', '--url', 'https://evil.test/'], 'bursar:policy_origin'],
    ['a place that is not said', ['--amount', '0.25'], 'bursar:policy_origin'],
  ])('refuses %s with the code of the rule', async (_what, argv, code) => {
    const cli = open(POLICY);
    expect(await cli.run('policy', 'test', 'limits.json', ...argv)).toBe(4);
    expect(cli.out()).toContain(code);
  });

  test('needs an amount', async () => {
    const cli = open(POLICY);
    expect(await cli.run('policy', 'test', 'limits.json')).toBe(2);
    expect(cli.err()).toContain('--amount is needed');
  });
});

describe('policy simulate', () => {
  /** Ten minutes apart, newest first, ten cents each; one more was denied and one brought money home. */
  const receipts = Array.from({ length: 9 }, (_, index) => {
    const at = new Date(NOW - index * 600_000).toISOString();
    return {
      ...PAID_RECEIPT,
      processPaymentId: `0000000${index}-89ab-8cde-8f01-23456789abcd`,
      paymentSessionId: `payment-session-00000000000000${index % 2}`,
      amountUsd: '0.10',
      decision: index === 7 ? 'DENIED' : 'PAID',
      purpose: index === 8 ? 'WITHDRAWAL' : 'PAYMENT',
      createdAt: at,
      decidedAt: at,
    };
  });
  const routes = {
    '/bursar/payments': ({ url }: Seen) => {
      const start = Number(new URL(url).searchParams.get('nextToken') ?? 0);
      const more = start + 4 < receipts.length ? { nextToken: `${start + 4}` } : {};
      return json({ payments: receipts.slice(start, start + 4), ...more });
    },
  };
  interface Told {
    readonly payments: number;
    readonly refusedUsd: string;
    readonly refused: readonly { readonly processPaymentId: string; readonly rule: string; readonly code: string }[];
    readonly leftOut: readonly string[];
  }
  const simulated = async (policy: object, ...argv: readonly string[]): Promise<Told> => {
    const cli = open(policy, routes);
    expect([await cli.run('policy', 'simulate', 'limits.json', '--json', ...argv), cli.err()]).toEqual([0, '']);
    return JSON.parse(cli.out()) as Told;
  };

  test('replays what was paid in its order, counting what the policy allows and no more', async () => {
    // NOW is noon: the seven payments are of 11:00 to 12:00.
    const hourly = { kind: 'window', name: 'hourly', of: 'user', every: 'hour', timeZone: 'UTC', max: '0.25' };
    const told = await simulated({ version: 1, rules: [hourly] });
    expect(told).toMatchObject({ payments: 7, refusedUsd: '0.40', leftOut: [] });
    // 11:00 and 11:10 fit; 11:20 to 11:50 do not; 12:00 is of the next hour.
    expect(told.refused.map(({ processPaymentId }) => processPaymentId[7])).toEqual(['4', '3', '2', '1']);
    expect(new Set(told.refused.map(({ rule, code }) => `${rule} ${code}`))).toEqual(
      new Set(['hourly bursar:policy_window']),
    );
  });

  test('fits a screen of 80 columns', async () => {
    const cap = { kind: 'perPayment', name: 'no-call-costs-more-than-a-cent-whatever-it-is-for', max: '0.01' };
    const cli = open({ version: 1, rules: [cap] }, routes, 80);
    expect(await cli.run('policy', 'simulate', 'limits.json')).toBe(0);
    expect(cli.out()).toContain('0.10');
    expect(widest(cli.out())).toBeLessThanOrEqual(80);
  });

  test('counts within each session what is of a session', async () => {
    const cap = { kind: 'sessionCap', name: 'payee', of: 'payee', max: '0.20' };
    // Four of the seven payments are of even sessions, three of odd ones.
    const told = await simulated({ version: 1, rules: [cap] });
    expect(told.refused.map(({ processPaymentId }) => processPaymentId[7])).toEqual(['2', '1', '0']);
  });

  test('names the rules whose facts no receipt keeps, and judges by the others', async () => {
    const rules = [
      { kind: 'tools', name: 'tools', allow: ['search'] },
      { kind: 'sessionCap', name: 'by-tool', of: 'tool', max: '0.01' },
      { kind: 'origins', name: 'where', deny: ['api.example.com'] },
    ];
    const told = await simulated({ version: 1, rules });
    expect(told).toMatchObject({ payments: 7, refusedUsd: '0.70', leftOut: ['tools', 'by-tool'] });
  });

  test('looks no further back than it is asked to', async () => {
    const told = await simulated({ version: 1, rules: [{ kind: 'perPayment', max: '0.01' }] }, '--since', '15m');
    expect(told).toMatchObject({ payments: 2, refusedUsd: '0.20' });
  });
});
