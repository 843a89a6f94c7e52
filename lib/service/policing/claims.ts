import { InvariantViolated } from '../../domain/invariant.ts';
import type { Denial } from '../../domain/payment/denial.ts';
import type { PolicyRecord } from '../../domain/payment/payment.ts';
import { toPolicyRecord } from '../../domain/payment/policy-record.ts';
import {
  refuseCharge,
  refuseOtherPayee,
  resourceOf,
  statedPlace,
  type FeedCheck,
  type Pin,
  type PolicyAllowance,
  type PreparedPolicy,
  type Tally,
} from '../../domain/policy/index.ts';
import { normalizeAddress } from '../../domain/policy/facts.ts';
import type { PolicyMemory } from '../../domain/ports/memory.ts';
import { addMs, type EpochMs } from '../../domain/time.ts';
import { abortOnFailure } from '../paying/abort.ts';
import { denyPayment } from '../paying/drive-payment.ts';
import type { CallFacts, Claims, OfferedFacts } from './in-force.ts';
import type { Recalled } from './recalling.ts';

/** How long a payee stays pinned after the last payment that renewed it, and how much of that is left when a payment renews it. */
const PIN_KEEP_MS = 400 * 86_400_000;
const PIN_RENEW_MS = 370 * 86_400_000;

/** What an allowed payment is to take and to keep. */
export interface ClaimsOf {
  readonly policies: readonly PreparedPolicy[];
  readonly call: CallFacts;
  readonly offered: OfferedFacts;
  readonly allowance: PolicyAllowance;
  readonly recalled: Recalled;
  readonly now: EpochMs;
}

/** `null`: the payment neither takes nor keeps anything beside the books. */
export function createClaims(keeper: PolicyMemory | null, of: ClaimsOf): Claims | null {
  const { policies, call, allowance, offered, now } = of;
  const tallies = allowance.charges.filter((charge) => charge.kind === 'tally');
  const pin = pinOf(of);
  const record = recordOf(policies, allowance.checks);
  const { managerId, principal } = call;
  const user = { managerId, userId: principal.userId };
  const place = statedPlace({ url: call.said.url, origin: null });
  const isPriced = policies.some(({ remembers }) => remembers.has('lastPrice'));
  const price = place !== null && isPriced ? { ...user, resource: resourceOf(place) } : null;
  if (tallies.length === 0 && pin === null && record === null && price === null) return null;
  if (keeper === null) throw new InvariantViolated('a payment has claims where nothing is kept');
  const counted: Tally[] = [];
  const giveBack = async (): Promise<void> => {
    await Promise.all(counted.map(({ key, quantity }) => keeper.uncount({ managerId, key }, quantity)));
  };
  const take = async (): Promise<Denial | null> => {
    const outcomes = await Promise.allSettled([
      ...(pin === null ? [] : [takePin(keeper, user, pin, now)]),
      ...tallies.map(async (tally) => {
        const denial = await takeTally(keeper, managerId, tally);
        if (denial === null) counted.push(tally);
        return denial;
      }),
    ]);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    const denial = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? (outcome.value ?? []) : []))[0];
    if (failed === undefined && denial === undefined) return null;
    // Nothing is paid: what was counted already is free again, or stays counted until its time closes.
    await giveBack().catch(() => undefined);
    // A refusal is certain, whatever the others would have said.
    if (denial !== undefined) return denial;
    throw failed?.reason;
  };
  return {
    kept: record === null ? {} : { policyRecord: record },
    around: async (deps, payment, drive) => {
      const denial = await abortOnFailure(deps, payment, take);
      if (denial !== null) return denyPayment(deps, payment, denial);
      const result = await drive();
      if (!result.ok) await giveBack().catch(() => undefined);
      return result;
    },
    note: async ({ status, decidedAt }) => {
      if (price === null || status !== 'SIGNED') return;
      await keeper.notePrice(price, offered.amount, decidedAt ?? now).catch(() => undefined);
    },
  };
}

async function takePin(
  keeper: PolicyMemory,
  user: { readonly managerId: string; readonly userId: string },
  pin: Pin,
  now: EpochMs,
): Promise<Denial | null> {
  const { origin, network, payee, rule } = pin;
  const pinned = await keeper.pin({ ...user, origin, network }, { payee, until: addMs(now, PIN_KEEP_MS) }, now);
  return normalizeAddress(pinned) === payee ? null : refuseOtherPayee(rule, pin, pinned);
}

async function takeTally(keeper: PolicyMemory, managerId: string, tally: Tally): Promise<Denial | null> {
  const { key, quantity, max, closesAt } = tally;
  const used = quantity > max ? 0n : await keeper.count({ managerId, key }, { quantity, max, closesAt });
  if (used === null) return null;
  return { reason: 'policy_exceeded', key, max, used, asked: quantity, by: refuseCharge(tally, used) };
}

/** The pin that the payment makes, or makes last longer; of several rules, one is enough. */
function pinOf({ policies, call, allowance, offered, recalled, now }: ClaimsOf): Pin | null {
  const [made] = allowance.pins;
  if (made !== undefined) return made;
  const { network, payTo } = offered.offer;
  const pin = recalled.pinOn(network);
  const place = statedPlace({ url: call.said.url, origin: null });
  const rule = policies.flatMap(({ rules }) => rules).find(({ ref }) => ref.kind === 'pinPayee')?.ref;
  if (pin === null || place === null || rule === undefined || pin.until - now > PIN_RENEW_MS) return null;
  return { rule, origin: place.origin, network, payee: normalizeAddress(payTo) };
}

/** Each list once, with all that was looked up in it. */
function recordOf(policies: readonly PreparedPolicy[], checks: readonly FeedCheck[]): PolicyRecord | null {
  const wantsOutcome = policies.some(({ remembers }) => remembers.has('breaker'));
  if (checks.length === 0 && !wantsOutcome) return null;
  const byName = new Map(checks.map((check) => [check.feed.name, check]));
  const feeds = [...byName.values()].map(({ feed: { name: feed, version: hash, importedAt }, checked }) => {
    return { feed, hash, importedAt, checked };
  });
  return toPolicyRecord(feeds, wantsOutcome);
}
