import { parseUsd, type MicroUsd } from '../../../lib/domain/money.ts';
import {
  judge,
  parseDenyFeed,
  preparePolicy,
  type DeclaredFacts,
  type FeedLookup,
  type PolicyFacts,
  type PolicyScope,
  type Rule,
  type VerifiedFacts,
} from '../../../lib/domain/policy/index.ts';
import { toEpochMs } from '../../../lib/domain/time.ts';

export function usd(text: string): MicroUsd {
  const amount = parseUsd(text);
  if (!amount.ok) throw new Error(`not an amount: ${text}`);
  return amount.value;
}

export const BASE = 'eip155:8453';
export const USDC = '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913';
export const PAYEE = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C';
export const OTHER_PAYEE = '0x1111111111111111111111111111111111111111';

export const VERIFIED: VerifiedFacts = {
  payee: PAYEE,
  amount: usd('0.25'),
  asset: USDC,
  network: BASE,
  protocol: 'x402',
  scheme: 'exact',
  transferMethod: 'eip3009',
  facilitator: null,
  paymentFlow: 'authorization',
  validitySeconds: 60,
  sessionId: 'payment-session-0123456789abcde',
  instrumentId: 'payment-instrument-0123456789abcde',
  principal: 'arn:aws:sts::111122223333:assumed-role/ProcessPaymentRole/agent-7',
  managerId: 'manager-0123456789',
  userId: 'alice',
  time: toEpochMs(Date.UTC(2026, 10, 28, 12, 30, 15)),
};

export const STATED: DeclaredFacts = {
  tool: 'search',
  origin: 'https://api.example.com',
  url: 'https://api.example.com/search?q=1',
  method: 'GET',
  bodyHash: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  agentName: 'assistant',
  intent: 'find a paper',
};

/** What a bare `processPayment` states. */
export const BARE: DeclaredFacts = {
  tool: null,
  origin: null,
  url: null,
  method: null,
  bodyHash: null,
  agentName: null,
  intent: null,
};

export interface SomeFacts {
  readonly verified?: Partial<VerifiedFacts>;
  readonly declared?: DeclaredFacts;
  readonly remembered?: PolicyFacts['remembered'];
}

export function factsOf({ verified = {}, declared = STATED, remembered = {} }: SomeFacts = {}): PolicyFacts {
  return { verified: { ...VERIFIED, ...verified }, declared, remembered };
}

/** The verdict of a policy of one rule. */
export function judgeOne(rule: Rule, facts: SomeFacts = {}, scope: PolicyScope = 'user', feeds?: FeedLookup) {
  return judge([preparePolicy(scope, { version: 1, rules: [rule] })], factsOf(facts), feeds);
}

/** The charges of an allowed payment. Throws where it is refused. */
export function chargesOf(rules: readonly Rule[], facts: SomeFacts = {}, scope: PolicyScope = 'user') {
  const verdict = judge([preparePolicy(scope, { version: 1, rules })], factsOf(facts));
  if (!verdict.ok) throw new Error(verdict.error.message);
  return verdict.value.charges;
}

/** An imported list by its text. */
export function feedOf(text: string, name = 'sanctions') {
  const feed = parseDenyFeed(name, text, toEpochMs(0));
  if (!feed.ok) throw new Error(feed.error.expected);
  return feed.value;
}
