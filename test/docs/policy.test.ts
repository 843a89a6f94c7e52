import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readPolicy } from '../../lib/contract/policy.ts';
import { createReplayedCounters } from '../../lib/cli/policy/replayed-counters.ts';
import { judge, preparePolicy, type PolicyScope } from '../../lib/domain/policy/index.ts';
import { toEpochMs } from '../../lib/domain/time.ts';
import { BARE, factsOf, OTHER_PAYEE, PAYEE, STATED, usd, type SomeFacts } from '../domain/policy/support.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'policy.md'), 'utf8');
const POLICIES = [...page.matchAll(/^### \d+\. ([^\n]+)$[^#]*?^```json\n(.+?)^```$/gms)].map(
  ([, title = '', text = '']) => ({
    title,
    document: JSON.parse(text) as unknown,
  }),
);

/** Payments one after the other, counted where they are allowed: `null`, or the code of what refused. */
function pay(title: string, scope: PolicyScope, payments: readonly SomeFacts[]): readonly (string | null)[] {
  const read = readPolicy(POLICIES.find((each) => each.title === title)?.document);
  if (!read.ok) throw new Error(read.error.map(({ message }) => message).join('; '));
  const prepared = [preparePolicy(scope, read.value)];
  const counters = createReplayedCounters();
  return payments.map((payment) => {
    const facts = factsOf(payment);
    const verdict = judge(prepared, facts);
    const counted = verdict.ok ? counters.count(facts.verified.sessionId, verdict.value.charges) : verdict;
    return counted.ok ? null : counted.error.code;
  });
}

const costing = (amount: string, verified: object = {}): SomeFacts => ({
  verified: { amount: usd(amount), ...verified },
});
const saying = (declared: object): SomeFacts => ({ declared: { ...STATED, ...declared } });
const bare: SomeFacts = { declared: BARE };
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);
const at = (...date: [number, number, number, number, number]) => ({ time: toEpochMs(Date.UTC(...date)) });

interface Case {
  readonly title: string;
  readonly scope: PolicyScope;
  readonly payments: readonly SomeFacts[];
  readonly outcomes: readonly (string | null)[];
}

const CASES: readonly Case[] = [
  {
    title: 'A leash for one task',
    scope: 'session',
    payments: [costing('0.250001'), ...times(6, costing('0.25'))],
    outcomes: ['bursar:policy_per_payment', ...times(5, null), 'bursar:policy_same_request'],
  },
  {
    title: 'Twenty dollars a day for each user',
    scope: 'user',
    // Midnight in Berlin is 23:00 in UTC.
    payments: [
      costing('20.00', at(2026, 10, 28, 22, 59)),
      costing('0.01', { ...at(2026, 10, 28, 22, 59), sessionId: 'another' }),
      costing('20.00', at(2026, 10, 28, 23, 0)),
    ],
    outcomes: [null, 'bursar:policy_window', null],
  },
  {
    title: 'These sellers and no others',
    scope: 'user',
    payments: [
      saying({}),
      saying({ origin: 'https://a.b.data.example.com', url: null }),
      saying({ origin: 'https://data.example.com', url: null }),
      saying({ origin: 'http://api.example.com', url: null }),
      bare,
      { verified: { payee: OTHER_PAYEE } },
    ],
    outcomes: [
      null,
      null,
      'bursar:policy_origin',
      'bursar:policy_origin',
      'bursar:policy_origin',
      'bursar:policy_payee',
    ],
  },
  {
    title: 'A month for the whole company',
    scope: 'manager',
    payments: [
      ...Array.from({ length: 10 }, (_, index) => costing('50.00', { userId: `user-${index}` })),
      costing('0.01', { userId: 'user-0' }),
      costing('0.01', { userId: 'user-10' }),
    ],
    outcomes: [...times(10, null), 'bursar:policy_window', 'bursar:policy_window'],
  },
  {
    title: 'A brake for runaway agents',
    scope: 'user',
    payments: times(100, costing('0.50')),
    outcomes: [...times(3, null), ...times(97, 'bursar:policy_rate')],
  },
  {
    title: 'A budget for each tool',
    scope: 'user',
    payments: [
      { ...saying({ tool: 'search' }), ...costing('2.00') },
      { ...saying({ tool: 'search' }), ...costing('0.01') },
      { ...saying({ tool: 'read' }), ...costing('2.00') },
      saying({ tool: 'shell' }),
      bare,
    ],
    outcomes: [null, 'bursar:policy_session_cap', null, 'bursar:policy_tool', 'bursar:policy_tool'],
  },
  {
    title: 'One network, one token, no surprises',
    scope: 'deployment',
    payments: [
      bare,
      { verified: { network: 'eip155:1' } },
      { verified: { asset: PAYEE } },
      { verified: { paymentFlow: 'upfront' } },
      { verified: { validitySeconds: 121 } },
    ],
    outcomes: [
      null,
      'bursar:policy_network',
      'bursar:policy_asset',
      'bursar:policy_payment_flow',
      'bursar:policy_validity',
    ],
  },
  {
    title: 'Every call says who and what',
    scope: 'deployment',
    payments: [saying({}), saying({ tool: '' }), bare, saying({ agentName: 'old-agent' })],
    outcomes: [null, 'bursar:policy_fact_required', 'bursar:policy_fact_required', 'bursar:policy_agent'],
  },
  {
    title: 'A new seller may not eat the session',
    scope: 'user',
    payments: [
      costing('1.00'),
      costing('0.01'),
      costing('1.00', { payee: OTHER_PAYEE }),
      costing('1.00', { sessionId: 'another' }),
    ],
    outcomes: [null, 'bursar:policy_session_cap', null, null],
  },
  {
    title: 'Stop paying in a token on a network',
    scope: 'deployment',
    payments: [bare, { verified: { network: 'eip155:84532' } }, { verified: { asset: PAYEE } }],
    outcomes: ['bursar:policy_freeze', null, null],
  },
];

describe('docs/policy.md', () => {
  test('teaches with ten policies, each of which is judged here', () => {
    expect(POLICIES.map(({ title }) => title)).toEqual(CASES.map(({ title }) => title));
    expect(POLICIES).toHaveLength(10);
  });

  test.each(CASES)('$title: allows and refuses what it says', ({ title, scope, payments, outcomes }) => {
    expect(pay(title, scope, payments)).toEqual(outcomes);
  });
});
