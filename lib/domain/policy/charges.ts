import { toMicroUsd } from '../money.ts';
import { ok, refuse, type Result } from '../result.ts';
import { formatInstant, type EpochMs } from '../time.ts';
import { shortHash } from './hash.ts';
import { formatFigure, refuseBy, type PolicyHelp, type PolicyRefusal, type RuleRef } from './refusal.ts';

declare const counterKey: unique symbol;
/**
 * The name of a counter: base64url of the first bits of SHA-256 over what is counted for whom, 8 characters (48 bits) for one that
 * lives in its session's item, 11 (66 bits) for one that sessions share. It says what is counted, not which rule counts: a rule
 * that gets a new name or another maximum goes on with the counter that there is, and two rules over the same thing share one.
 *
 * Two things get the same key by chance with odds of n²/2^49 among n counters of a session (2e-9 for a thousand), and n²/2^67
 * among n shared ones (7e-7 for ten million). The counter then counts both, and each rule still holds its own maximum against it,
 * so that a collision can only refuse more.
 */
export type CounterKey = string & { readonly [counterKey]: true };

const SESSION_KEY_CHARS = 8;
const SHARED_KEY_CHARS = 11;

/** @param parts what is counted, for whom, and for a window its beginning */
export function toCounterKey(kind: Charge['kind'], parts: readonly (string | number)[]): CounterKey {
  const chars = kind === 'session' ? SESSION_KEY_CHARS : SHARED_KEY_CHARS;
  return shortHash(JSON.stringify(parts), chars) as CounterKey;
}

interface ChargeBase {
  readonly key: CounterKey;
  /** Micro-dollars of a sum; 1 of a count. */
  readonly quantity: bigint;
  readonly unit: 'usd' | 'count';
  /** The counter, this charge included, must not exceed it. A store of counters takes it from the charge, every time. */
  readonly max: bigint;
  /** The rule that set the maximum. */
  readonly rule: RuleRef;
}

/** What an allowed payment adds to a counter, on the condition that it stays within the maximum. */
export type Charge =
  /** Counts inside one session. */
  | (ChargeBase & { readonly kind: 'session' })
  /** Shared by sessions, each of which holds a part of it. */
  | (ChargeBase & Span & { readonly kind: 'window' })
  /** Shared by sessions, in an item of its own. */
  | Tally;

/** What a payment adds to a counter that is an item of its own: for times so short that no session need hold a part of it. */
export type Tally = ChargeBase & Span & { readonly kind: 'tally' };

interface Span {
  readonly opensAt: EpochMs;
  readonly closesAt: EpochMs;
}

/**
 * One charge for each counter. Charges of one key count the same payment, so the larger quantity and the smaller maximum hold, and
 * the longer window: tighter than each of them, and the same whatever their order.
 */
export function mergeCharges(charges: readonly Charge[]): readonly Charge[] {
  if (charges.length < 2) return charges;
  const byKey = new Map<CounterKey, Charge>();
  for (const charge of charges) {
    const other = byKey.get(charge.key);
    byKey.set(charge.key, other === undefined ? charge : merge(other, charge));
  }
  return [...byKey.values()];
}

function merge(first: Charge, second: Charge): Charge {
  const tighter = second.max < first.max ? second : first;
  const quantity = first.quantity > second.quantity ? first.quantity : second.quantity;
  if (first.kind === 'session' || second.kind === 'session') return { ...tighter, quantity };
  const opensAt = first.opensAt < second.opensAt ? first.opensAt : second.opensAt;
  const closesAt = first.closesAt > second.closesAt ? first.closesAt : second.closesAt;
  return { ...tighter, kind: first.kind, quantity, opensAt, closesAt };
}

/** What counters hold, reserved and spent together. One that is not there holds nothing. */
export type Counters = ReadonlyMap<CounterKey, bigint>;

/** Judges charges by what counters held when somebody read them: the verdict of the books, had they been asked just then. */
export function judgeCounters(charges: readonly Charge[], counters: Counters): Result<null, PolicyRefusal> {
  for (const charge of charges) {
    const used = counters.get(charge.key) ?? 0n;
    if (used + charge.quantity > charge.max) return refuse(refuseCharge(charge, used));
  }
  return ok(null);
}

/** The refusal of a charge that its counter has no room for. */
export function refuseCharge(charge: Charge, used: bigint): PolicyRefusal {
  const { unit, max, quantity, rule, kind } = charge;
  const remaining = used < max ? max - used : 0n;
  const until = kind !== 'session' ? ` until ${formatInstant(charge.closesAt)}` : ' within this session';
  return refuseBy(rule, {
    figures: { unit, limit: max, asked: quantity, remaining },
    help: helpOf(charge, remaining),
    says:
      `allows ${formatFigure(max, unit)}${until}; asked for were ${formatFigure(quantity, unit)}, ` +
      `and ${formatFigure(remaining, unit)} remain`,
  });
}

function helpOf(charge: Charge, remaining: bigint): PolicyHelp {
  const smaller = charge.unit === 'usd' && remaining > 0n ? { atMost: toMicroUsd(remaining) } : {};
  const later = charge.kind !== 'session' && charge.quantity <= charge.max ? { waitUntil: charge.closesAt } : {};
  return { ...smaller, ...later };
}
