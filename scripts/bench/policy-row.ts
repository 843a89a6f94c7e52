import { parseUsd, type MicroUsd } from '../../lib/domain/money.ts';
import {
  judge,
  judgeCounters,
  preparePolicy,
  type CounterKey,
  type PolicyFacts,
  type Rule,
} from '../../lib/domain/policy/index.ts';
import { addMs, toEpochMs } from '../../lib/domain/time.ts';
import { median } from './measure.ts';
import { againstLimit, type Row } from './row.ts';

const ROUNDS = 15;
const DECISIONS_PER_ROUND = 10_000;
const WARM_UP_DECISIONS = 20_000;
/** Of them no two payments in a row are of one user, so that nothing is remembered of the last one. */
const USERS = 5_000;
/** The 47,000 decisions a second that a peer publishes of its counters in memory. */
const DECISION_US_MAX = 1_000_000 / 47_000;

const PAYEE = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C';

/** Ten rules with two windows, a cap, a rate and a list of hosts among them, as the text of the issue of a finance team. */
const RULES: readonly Rule[] = [
  { kind: 'perPayment', max: usd('0.25') },
  { kind: 'sessionCap', of: 'tool', max: usd('2.00') },
  { kind: 'window', of: 'user', every: 'day', timeZone: 'Europe/Berlin', max: usd('20.00') },
  { kind: 'window', of: 'agent', every: 'month', timeZone: 'America/New_York', max: usd('100.00') },
  { kind: 'sameRequest', maxCount: 5, perSeconds: 600 },
  { kind: 'origins', allow: ['*.example.com', 'seller.test'] },
  { kind: 'payees', deny: ['0x1111111111111111111111111111111111111111'] },
  { kind: 'networks', allow: ['eip155:8453', 'eip155:84532'] },
  { kind: 'paymentFlows', allow: ['authorization'] },
  { kind: 'validity', maxSeconds: 120 },
];

function usd(text: string): MicroUsd {
  const amount = parseUsd(text);
  if (!amount.ok) throw new Error(`not an amount: ${text}`);
  return amount.value;
}

/** P23: CPU time that the rules and the counters of one payment take, in one process, without a store. */
export async function measurePolicy(): Promise<Row[]> {
  const policies = [preparePolicy('user', { version: 1, rules: RULES })];
  const payments = Array.from({ length: USERS }, (_, at) => paymentOf(at));
  const counters: ReadonlyMap<CounterKey, bigint> = new Map();
  const decide = (at: number): void => {
    const verdict = judge(policies, payments[at % USERS]!);
    if (!verdict.ok) throw new Error(verdict.error.message);
    if (!judgeCounters(verdict.value.charges, counters).ok) throw new Error('a counter refused');
  };
  const micros = timeRounds(decide);
  const note = `${Math.round(1_000_000 / micros)} decisions a second of CPU time, ${policies[0]!.rules.length} rules, ${chargesOf(policies, payments[0]!)} counters`;
  const limit = { kind: 'ours_at_most', value: Math.round(DECISION_US_MAX * 10) / 10 } as const;
  return [againstLimit('P23', 'judging a payment by ten rules', { value: micros, unit: 'us' }, limit, note)];
}

function timeRounds(decide: (at: number) => void): number {
  for (let at = 0; at < WARM_UP_DECISIONS; at += 1) decide(at);
  return median(
    Array.from({ length: ROUNDS }, () => {
      const started = process.cpuUsage();
      for (let at = 0; at < DECISIONS_PER_ROUND; at += 1) decide(at);
      const { user, system } = process.cpuUsage(started);
      return (user + system) / DECISIONS_PER_ROUND;
    }),
  );
}

function chargesOf(policies: Parameters<typeof judge>[0], facts: PolicyFacts): number {
  const verdict = judge(policies, facts);
  return verdict.ok ? verdict.value.charges.length : 0;
}

function paymentOf(at: number): PolicyFacts {
  return {
    verified: {
      payee: PAYEE,
      amount: usd('0.10'),
      asset: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913',
      network: 'eip155:8453',
      protocol: 'x402',
      scheme: 'exact',
      transferMethod: 'eip3009',
      facilitator: null,
      paymentFlow: 'authorization',
      validitySeconds: 60,
      sessionId: 'payment-session-0123456789abcde',
      instrumentId: 'payment-instrument-0123456789abcde',
      principal: 'arn:aws:sts::111122223333:assumed-role/ProcessPaymentRole/agent',
      managerId: 'manager-0123456789',
      userId: `user-${at}`,
      time: addMs(toEpochMs(Date.UTC(2026, 10, 28, 12)), at),
    },
    declared: {
      tool: 'search',
      origin: null,
      url: `https://api.example.com/search?q=${at}`,
      method: 'GET',
      bodyHash: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      agentName: 'assistant',
      intent: null,
    },
    remembered: {},
  };
}
