import { ok, refuse, type Result } from '../result.ts';
import { createCall, type Pin } from './call.ts';
import { mergeCharges, type Charge, type Tally } from './charges.ts';
import { statedText, type PolicyFacts } from './facts.ts';
import type { FeedCheck, FeedLookup } from './feeds.ts';
import type { PreparedPolicy } from './prepare.ts';
import { refuseUnstated, type PolicyRefusal } from './refusal.ts';

/** What an allowed payment is charged for, and what has to be kept of it. */
export interface PolicyAllowance {
  /** For the counters, in the one write that reserves the payment: it is allowed in the end if all of them have room for it. */
  readonly charges: readonly Charge[];
  /** Feeds that the payment was held against, for its receipt. */
  readonly checks: readonly FeedCheck[];
  /** Payees to pin if the payment is signed. */
  readonly pins: readonly Pin[];
}

/**
 * Judges a payment by every rule of every policy. The first rule that refuses decides what is said, policies from the first to the
 * last and rules in their order; whether the payment is refused depends on no order. Reads no counter: see `judgeCounters`.
 * @param feeds what the deployment imported; a rule that names another one refuses
 */
export function judge(
  policies: readonly PreparedPolicy[],
  facts: PolicyFacts,
  feeds: FeedLookup = () => null,
): Result<PolicyAllowance, PolicyRefusal> {
  const call = createCall(facts, feeds);
  const hasAgent = statedText(facts.declared.agentName) !== null;
  for (const { scope, rules } of policies) {
    for (const { ref, test } of rules) {
      const refusal =
        scope === 'agent' && !hasAgent
          ? refuseUnstated(ref, 'agentName', {
              state: 'agentName',
              says: 'is for an agent that the call does not state',
            })
          : test(call);
      if (refusal !== null) return refuse(refusal);
    }
  }
  return ok({ charges: mergeCharges(call.charges), checks: call.checks, pins: call.pins });
}

/**
 * What a payment would be counted for in items of their own, whatever the rules say of it: what they hold may be read before it is
 * judged, and no rule that counts needs a remembered fact.
 */
export function talliesOf(policies: readonly PreparedPolicy[], facts: PolicyFacts): readonly Tally[] {
  const call = createCall(facts, () => null);
  for (const { rules } of policies) {
    for (const { test } of rules) test(call);
  }
  return mergeCharges(call.charges).filter((charge) => charge.kind === 'tally');
}
