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
import type { Principal } from '../../domain/tenants/principal.ts';
import { floorToSeconds, type EpochMs } from '../../domain/time.ts';
import { clientsOf } from '../../jwt/admission.ts';
import { schemeOf } from '../../protocols/catalogue.ts';
import type { Offer } from '../../domain/payment/shapes.ts';
import type { CallFacts, Counting, OfferedFacts, PoliciesInForce } from './in-force.ts';

// Loaded with the first policy that somebody has written.

/** Makes policies ready to judge, each of them once. A deployment that wrote none has `DEFAULT_DEPLOYMENT_POLICY`. */
export function createEnforcing(): (written: readonly StoredPolicy[]) => PoliciesInForce {
  const prepared = createPolicyCache(POLICIES_PREPARED_MAX);
  const unwritten = hashPolicy(DEFAULT_DEPLOYMENT_POLICY);
  return (written) =>
    enforce([
      ...(written.some(({ owner }) => owner.scope === 'deployment')
        ? []
        : [prepared.get('deployment', unwritten, () => DEFAULT_DEPLOYMENT_POLICY)]),
      ...written.map(({ owner, hash, document }) => prepared.get(owner.scope, hash, () => document)),
    ]);
}

/** @param policies from the widest scope to the narrowest */
export function enforce(policies: readonly PreparedPolicy[]): PoliciesInForce {
  const caps = policies.flatMap(({ validityCapSeconds }) => validityCapSeconds ?? []);
  return {
    validityCapSeconds: caps.length === 0 ? null : Math.min(...caps),
    judge: (call, offered, now) => {
      const judged = judge(policies, factsOf(call, offered, now));
      return judged.ok ? ok(countingOf(judged.value.charges)) : judged;
    },
    foretell: (call, offered, now, session) => {
      const judged = judge(policies, factsOf(call, offered, now));
      if (!judged.ok) return { stage: 'rules', refusal: judged.error };
      const used = new Map<CounterKey, bigint>();
      for (const { key, kind } of judged.value.charges) {
        used.set(key, (kind === 'session' ? session.counters.get(key) : session.windows.get(key)?.used) ?? 0n);
      }
      const counted = judgeCounters(judged.value.charges, used);
      return counted.ok ? null : { stage: 'counters', refusal: counted.error };
    },
  };
}

function countingOf(charges: readonly Charge[]): Counting {
  return {
    charges,
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
 * from our own tables. Of earlier payments nothing is read yet, so that rules on pinned payees, last prices and breakers refuse, and
 * neither are feeds.
 */
function factsOf(call: CallFacts, { offer, amount, validBefore }: OfferedFacts, time: EpochMs): PolicyFacts {
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
      validitySeconds: validBefore - floorToSeconds(time),
      sessionId,
      instrumentId,
      principal: callerOf(principal),
      managerId,
      userId: principal.userId,
      time,
    },
    // None where two programs could read the URL differently.
    declared: { ...said, origin: statedPlace({ url: said.url, origin: null })?.origin ?? null },
    remembered: {},
  };
}

/** The role's ARN, or the client of a token; nothing where neither is known, and for a client that looks like an ARN. */
function callerOf({ claims, callerArn }: Principal): string {
  if (claims === null) return callerArn ?? '';
  const [client] = clientsOf(claims);
  return client === undefined || client.startsWith('arn:') ? '' : client;
}

/** By what a signature of the scheme lets happen, and not by a seller's word. */
function paymentFlowOf(offer: Offer): 'authorization' | 'upfront' {
  return schemeOf(offer).exposure === 'prepaid' ? 'upfront' : 'authorization';
}
