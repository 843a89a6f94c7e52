import { parseUsd, type MicroUsd } from '../../domain/money.ts';
import {
  judge,
  nameOfRule,
  preparePolicy,
  type PolicyDocument,
  type PolicyFacts,
  type PolicyScope,
  type Rule,
} from '../../domain/policy/index.ts';
import type { PolicyRefusal } from '../../domain/policy/refusal.ts';
import { toEpochMs, type EpochMs } from '../../domain/time.ts';
import type { ReceiptView } from '../operations.ts';
import { createReplayedCounters } from './replayed-counters.ts';

/** What a policy would have refused of payments that were made. */
export interface Simulation {
  /** Payments that were judged. */
  readonly payments: number;
  readonly refused: readonly { readonly receipt: ReceiptView; readonly refusal: PolicyRefusal }[];
  /** Names of rules that were left out, since receipts do not keep what they look at. */
  readonly leftOut: readonly string[];
}

/** Kinds of rules that look at nothing but what a receipt keeps. */
const KEPT_KINDS: ReadonlySet<Rule['kind']> = new Set([
  'perPayment',
  'sessionCap',
  'window',
  'rate',
  'payees',
  'networks',
  'assets',
  'protocols',
  'schemes',
  'transferMethods',
  'wallets',
  'agents',
  'origins',
  'freeze',
]);

function isKept(rule: Rule): boolean {
  if (!KEPT_KINDS.has(rule.kind)) return false;
  return !('of' in rule) || rule.of !== 'tool';
}

/**
 * Replays payments through a policy in the order in which they were decided: each is judged by its receipt's facts and by the
 * counters that the payments before it, as far as the policy allows them, have left. Counters begin at nothing.
 * @param receipts in any order; what was not paid to a seller is left out
 */
export function simulate(document: PolicyDocument, scope: PolicyScope, receipts: readonly ReceiptView[]): Simulation {
  const rules = document.rules.filter(isKept);
  const prepared = [preparePolicy(scope, { version: 1, rules })];
  const counters = createReplayedCounters();
  const refused: { receipt: ReceiptView; refusal: PolicyRefusal }[] = [];
  const paid = receipts
    .filter(({ decision, purpose }) => decision === 'PAID' && purpose === 'PAYMENT')
    .toSorted((a, b) => timeOf(a) - timeOf(b));
  for (const receipt of paid) {
    const verdict = judge(prepared, factsOf(receipt));
    const counted = verdict.ok ? counters.count(receipt.paymentSessionId, verdict.value.charges) : verdict;
    if (!counted.ok) refused.push({ receipt, refusal: counted.error });
  }
  return {
    payments: paid.length,
    refused,
    leftOut: document.rules.filter((rule) => !isKept(rule)).map(nameOfRule),
  };
}

function timeOf({ decidedAt, createdAt }: ReceiptView): EpochMs {
  return toEpochMs(Date.parse(decidedAt ?? createdAt));
}

export function microUsdOf(text: string): MicroUsd {
  const parsed = parseUsd(text);
  if (!parsed.ok) throw new Error(`not an amount of dollars: expected ${parsed.error.expected}`);
  return parsed.value;
}

/** What a receipt keeps. The facts that it lacks are those of rules which are left out. */
function factsOf(receipt: ReceiptView): PolicyFacts {
  const { offer } = receipt;
  return {
    verified: {
      payee: offer.payTo,
      amount: microUsdOf(receipt.amountUsd),
      asset: offer.asset,
      assetSymbol: offer.symbol ?? undefined,
      network: offer.network,
      protocol: offer.protocol,
      scheme: offer.scheme,
      transferMethod: offer.transferMethod,
      facilitator: null,
      paymentFlow: 'authorization',
      validitySeconds: 0,
      sessionId: receipt.paymentSessionId,
      instrumentId: receipt.paymentInstrumentId,
      principal: '',
      managerId: receipt.paymentManagerArn.slice(receipt.paymentManagerArn.lastIndexOf('/') + 1),
      userId: receipt.userId,
      time: timeOf(receipt),
    },
    declared: {
      tool: null,
      origin: null,
      url: receipt.resource?.url ?? null,
      method: null,
      bodyHash: null,
      agentName: receipt.agentName,
      intent: null,
    },
    remembered: {},
  };
}
