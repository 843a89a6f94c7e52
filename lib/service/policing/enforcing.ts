import { InvariantViolated } from '../../domain/invariant.ts';
import { POLICIES_PREPARED_MAX } from '../../domain/limits.ts';
import {
  createPolicyCache,
  DEFAULT_DEPLOYMENT_POLICY,
  hashPolicy,
  judge,
  judgeCounters,
  refuseCharge,
  statedPlace,
  type Charge,
  type CounterKey,
  type PolicyFacts,
  type PreparedPolicy,
} from '../../domain/policy/index.ts';
import type { StoredPolicy } from '../../domain/ports/policies.ts';
import { ok } from '../../domain/result.ts';
import { floorToSeconds, toEpochSeconds, type Clock, type EpochMs } from '../../domain/time.ts';
import { callerOf } from '../tenants/admission.ts';
import { schemeOf } from '../../protocols/catalogue.ts';
import type { Session } from '../../domain/payment/session.ts';
import type { Offer } from '../../domain/payment/shapes.ts';
import { createClaims } from './claims.ts';
import type { CallFacts, Counting, OfferedFacts, PoliciesInForce } from './in-force.ts';
import {
  createRecall,
  hasMemories,
  NOTHING_RECALLED,
  type Recall,
  type Recalled,
  type Remembering,
} from './recalling.ts';

// Loaded with the first policy that somebody has written.

/**
 * Makes policies ready to judge, each of them once. A deployment that wrote none has `DEFAULT_DEPLOYMENT_POLICY`.
 * @param remembering `null`: rules on earlier payments and imported lists refuse
 */
export function createEnforcing(
  remembering: Remembering | null,
  clock: Pick<Clock, 'now'>,
): (written: readonly StoredPolicy[]) => PoliciesInForce {
  const memory = remembering === null ? null : { ...remembering, recall: createRecall(remembering), clock };
  const prepared = createPolicyCache(POLICIES_PREPARED_MAX);
  const unwritten = hashPolicy(DEFAULT_DEPLOYMENT_POLICY);
  return (written) =>
    enforce(
      [
        ...(written.some(({ owner }) => owner.scope === 'deployment')
          ? []
          : [prepared.get('deployment', unwritten, () => DEFAULT_DEPLOYMENT_POLICY)]),
        ...written.map(({ owner, hash, document }) => prepared.get(owner.scope, hash, () => document)),
      ],
      memory,
    );
}

interface Memory extends Pick<Remembering, 'keeper'> {
  readonly recall: Recall;
  readonly clock: Pick<Clock, 'now'>;
}

/** For facts that are read before it is known until when an authorization would be good. */
const NO_VALIDITY = { validBefore: toEpochSeconds(0) };

/** @param policies from the widest scope to the narrowest */
export function enforce(
  policies: readonly PreparedPolicy[],
  memory: Memory | null = null,
  recalled: Recalled = NOTHING_RECALLED,
): PoliciesInForce {
  const caps = policies.flatMap(({ validityCapSeconds }) => validityCapSeconds ?? []);
  return {
    validityCapSeconds: Math.min(...caps),
    recall:
      memory === null || !hasMemories(policies)
        ? null
        : async (call, { offered, counted }) => {
            const now = memory.clock.now();
            const facts = offered.map((each) => factsOf(call, { ...each, ...NO_VALIDITY }, now, NOTHING_RECALLED));
            return enforce(policies, memory, await memory.recall(policies, call, facts, { now, counted }));
          },
    judge: (call, offered, now) => {
      const judged = judge(policies, factsOf(call, offered, now, recalled), recalled.feeds);
      if (!judged.ok) return judged;
      const allowance = judged.value;
      const keeper = memory?.keeper ?? null;
      const claims = createClaims(keeper, { policies, call, offered, allowance, recalled, now });
      return ok(countingOf(allowance.charges, claims));
    },
    foretell: (call, offered, now, session) => {
      const judged = judge(policies, factsOf(call, offered, now, recalled), recalled.feeds);
      if (!judged.ok) return { stage: 'rules', refusal: judged.error };
      const used = new Map<CounterKey, bigint>();
      for (const { key, kind } of judged.value.charges) {
        used.set(key, usedOf({ key, kind }, session, recalled));
      }
      const counted = judgeCounters(judged.value.charges, used);
      return counted.ok ? null : { stage: 'counters', refusal: counted.error };
    },
  };
}

function usedOf(
  { key, kind }: Pick<Charge, 'key' | 'kind'>,
  { counters, windows }: Pick<Session, 'counters' | 'windows'>,
  { tallies }: Recalled,
): bigint {
  switch (kind) {
    case 'session':
      return counters.get(key) ?? 0n;
    case 'window':
      return windows.get(key)?.used ?? 0n;
    case 'tally':
      return tallies.get(key) ?? 0n;
  }
}

function countingOf(allowed: readonly Charge[], claims: Counting['claims']): Counting {
  const charges = allowed.filter((charge) => charge.kind !== 'tally');
  return {
    charges,
    claims,
    explain: (denial) => {
      const charge = charges.find(({ key }) => key === denial.key);
      if (charge === undefined) {
        throw new InvariantViolated(`the books refused by a counter that was not charged: ${denial.key}`);
      }
      return { ...denial, by: refuseCharge(charge, denial.used) };
    },
  };
}

/**
 * What a policy may judge a payment by. All that is verified comes from the offer that is signed, from the call's authentication and
 * from our own tables. What was not recalled of earlier payments is absent, so that a rule on it refuses.
 */
function factsOf(
  call: CallFacts,
  { offer, amount, validBefore }: OfferedFacts,
  time: EpochMs,
  recalled: Recalled,
): PolicyFacts {
  const { managerId, sessionId, instrumentId, principal, said } = call;
  const { payTo, asset, token, network, protocol, scheme, transferMethod, facilitator } = offer;
  return {
    verified: {
      payee: payTo,
      amount,
      asset,
      assetSymbol: token?.symbol,
      network,
      protocol,
      scheme,
      transferMethod,
      facilitator: facilitator ?? null,
      paymentFlow: paymentFlowOf(offer),
      validitySeconds: Math.max(0, validBefore - floorToSeconds(time)),
      sessionId,
      instrumentId,
      principal: callerOf(principal),
      managerId,
      userId: principal.userId,
      time,
    },
    // None where two programs could read the URL differently.
    declared: { ...said, origin: statedPlace({ url: said.url, origin: null })?.origin ?? null },
    remembered: recalled.factsOn(network),
  };
}

/** By what a signature of the scheme lets happen, and not by a seller's word. */
function paymentFlowOf(offer: Offer): 'authorization' | 'upfront' {
  return schemeOf(offer).exposure === 'prepaid' ? 'upfront' : 'authorization';
}
