import type { Charge, WindowCharge } from '../../lib/domain/payment/charge.ts';
import { freezeKey, type FreezeNames } from '../../lib/domain/payment/freeze.ts';
import type { Hex } from '../../lib/domain/payment/payment.ts';
import type { PolicyFacts } from '../../lib/domain/policy/index.ts';
import { addMs, toEpochMs } from '../../lib/domain/time.ts';
import { createDraw, type Draw } from '../../scripts/nemesis/plan.ts';
import { INSTRUMENT, manager, network, START_MS, USER } from '../support/explorer/tenant.ts';
import type { SimulationPlan } from './plan.ts';

export const PAYEES: readonly [Hex, Hex] = [
  '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
  '0x976EA74026E726554dB657fA54763abd0C3a0aa9',
];

/** One counter of the policy. */
interface CountedPlan {
  readonly name: string;
  /** `null`: within the session. */
  readonly everyMs: number | null;
  readonly of: 'all' | 'payee' | 'agent';
  readonly counts: 'amounts' | 'payments';
  readonly max: bigint;
}

/** What a purchase has that only policies, freezes and true-ups look at. */
export interface PolicedPurchase {
  readonly agentName: string;
  readonly payTo: Hex;
  /** Whether a facilitator takes what it likes of the amount. */
  readonly ceiling: boolean;
}

/** A part that an operator freezes and thaws, alternately. */
export interface PartPlan {
  readonly names: FreezeNames;
  readonly key: string;
  readonly movesAtMs: readonly number[];
}

/** What a simulation has besides its plan where somebody has written policies. */
export interface PolicyPlan {
  readonly counted: readonly CountedPlan[];
  /** A session that has everything of the first window free when the simulation begins; `null`: none has. */
  readonly granted: number | null;
  /** By the index of the purchase. */
  readonly purchases: readonly PolicedPurchase[];
  readonly parts: readonly PartPlan[];
  /** Of each of the two reconcilers. */
  readonly reconcilesEveryMs: readonly [number, number];
}

/** So that a seed's policies are drawn apart from all else that it draws. */
const OWN_STREAM = 0x5eed_0013;
const OPEN_TO_THE_END_MS = 3_600_000;
const CLOSING_MIN_S = 20;
const CLOSING_MAX_S = 70;
const ACTIVE_MS = 60_000;
const PARTS_MAX = 3;
const MOVES_MAX = 6;

/** The same plan for the same seed, whatever else the seed draws. */
export function planPolicies(seed: number, { sessions, purchases }: SimulationPlan): PolicyPlan {
  const draw = createDraw(seed ^ OWN_STREAM);
  const between = (min: number, max: number): number => min + Math.floor(draw() * (max - min + 1));
  const chance = (share: number): boolean => draw() < share;
  const one = <T>(from: readonly T[]): T => from[Math.floor(draw() * from.length)]!;
  const counter = (name: string, everyMs: number | null): CountedPlan => {
    const counts = chance(0.7) ? 'amounts' : 'payments';
    return { name, everyMs, counts, of: one(['all', 'all', 'payee', 'agent']), max: BigInt(between(3, 16)) };
  };
  const counted: CountedPlan[] = [counter('day', OPEN_TO_THE_END_MS)];
  if (chance(0.4)) counted.push(counter('hour', between(CLOSING_MIN_S, CLOSING_MAX_S) * 1_000));
  if (chance(0.5)) counted.push(counter('cap', null));
  return {
    counted,
    granted: chance(0.5) ? between(0, sessions.length - 1) : null,
    purchases: purchases.map(({ kind }) => ({
      agentName: one(['agent-0', 'agent-1']),
      payTo: one(PAYEES),
      ceiling: chance(0.25) && kind === 'payment',
    })),
    parts: Array.from({ length: chance(0.5) ? between(1, PARTS_MAX) : 0 }, () => planPart(draw, sessions.length)),
    reconcilesEveryMs: [between(5, 40) * 1_000, between(5, 40) * 1_000],
  };
}

function planPart(draw: Draw, sessions: number): PartPlan {
  const one = <T>(from: readonly T[]): T => from[Math.floor(draw() * from.length)]!;
  const all: readonly FreezeNames[] = [
    { scope: 'manager' },
    { scope: 'user', userId: USER },
    { scope: 'agent', agentName: one(['agent-0', 'agent-1']) },
    { scope: 'session', sessionId: sessionIdOf(Math.floor(draw() * sessions)) },
    { scope: 'instrument', instrumentId: INSTRUMENT },
    { scope: 'payee', payTo: one(PAYEES) },
    { scope: 'asset', network: network.id, asset: network.usdc.address },
  ];
  const names = one(all);
  const moves = 1 + Math.floor(draw() * MOVES_MAX);
  return {
    names,
    key: freezeKey({ managerId: manager.managerId, ...names }),
    movesAtMs: Array.from({ length: moves }, () => Math.floor(draw() * ACTIVE_MS)).toSorted((a, b) => a - b),
  };
}

export function sessionIdOf(index: number): string {
  return `payment-session-${`${index}`.padStart(15, '0')}`;
}

/** What a payment is counted for at the moment at which it is judged. */
export function chargesOf({ counted }: PolicyPlan, { verified, declared }: PolicyFacts): readonly Charge[] {
  const { amount, payee, time } = verified;
  return counted.map((plan): Charge => {
    const { name, everyMs, of, counts, max } = plan;
    const whose = { all: '', payee: payee.slice(2, 5), agent: declared.agentName?.slice(-1) ?? '' }[of];
    const quantity = counts === 'amounts' ? amount : 1n;
    if (everyMs === null) return { kind: 'session', key: `${name}${whose}`, quantity, max };
    // A clock that is behind has not reached the first window.
    const number = Math.max(0, Math.floor((time - START_MS) / everyMs));
    return windowCharge(plan, everyMs, { number, whose, quantity });
  });
}

/** What nobody has used yet of the first window, as a charge for all of it; `null` where there is one for each payee or agent. */
export function firstWindow({ counted: [first] }: PolicyPlan): WindowCharge | null {
  if (first === undefined || first.everyMs === null || first.of !== 'all') return null;
  return windowCharge(first, first.everyMs, { number: 0, whose: '', quantity: first.max });
}

interface WindowOf {
  readonly number: number;
  readonly whose: string;
  readonly quantity: bigint;
}

function windowCharge(
  { name, max }: CountedPlan,
  everyMs: number,
  { number, whose, quantity }: WindowOf,
): WindowCharge {
  const opensAt = addMs(toEpochMs(START_MS), number * everyMs);
  return { kind: 'window', key: `${name}${number}${whose}`, opensAt, closesAt: addMs(opensAt, everyMs), quantity, max };
}

/** How much of a ceiling its facilitator takes; `null`: it never settles. */
export function takenOf(paymentId: string, ceiling: bigint): bigint | null {
  const digits = BigInt(`0x${paymentId.slice(0, 8)}`);
  return digits % 4n === 0n ? null : (digits / 4n) % (ceiling + 1n);
}
