import type { Draw } from '../../scripts/nemesis/plan.ts';

/** How often what goes wrong in one simulation; a seed draws some of the rates and leaves the others at 0. */
export interface FaultRates {
  /** Of a request that is refused for now and has done nothing. */
  readonly throttled: number;
  /** Of a request that is lost on the way. */
  readonly lost: number;
  /** Of a request that is applied while its answer is lost. */
  readonly unanswered: number;
  /** Of a request that nobody hears of until it arrives much later. */
  readonly delayed: number;
  /** Of an invocation that dies at one of its effects. */
  readonly crashed: number;
  /** Of an invocation that stops at one of its effects, and goes on when its lease may have ended. */
  readonly stopped: number;
  /** Of a signature that fails or is refused for now. */
  readonly unsigned: number;
  /** Of a request that takes seconds. */
  readonly slow: number;
}

/** One session that is paid from. */
export interface SessionPlan {
  readonly limit: bigint;
  readonly expiryMs: number;
  /** When somebody deletes it, in milliseconds from the start; `null`: nobody does. */
  readonly deletedAtMs: number | null;
}

/** One client token and what is asked under it. */
export interface PurchasePlan {
  readonly token: string;
  readonly session: number;
  readonly amount: bigint;
  readonly kind: 'payment' | 'withdrawal';
  /** When it is asked for first, in milliseconds from the start. */
  readonly atMs: number;
  /** Whether two ask at once. */
  readonly twice: boolean;
  /** How often it is asked for again where there is no outcome; the last may leave it for ever. */
  readonly asksMax: number;
  /** Another price that is asked for under the same token, some time after the first. */
  readonly otherAmount: bigint | null;
  /** Whether somebody asks with the word that nothing may be paid, at the end. */
  readonly replayed: boolean;
}

export interface SimulationPlan {
  readonly rates: FaultRates;
  readonly sessions: readonly SessionPlan[];
  readonly purchases: readonly PurchasePlan[];
  /** When an operator freezes and thaws, alternately, in milliseconds from the start. */
  readonly gateMovesAtMs: readonly number[];
  readonly inFlightMax: number;
}

const SESSIONS_MAX = 3;
const PURCHASES_MIN = 4;
const PURCHASES_MAX = 14;
const ACTIVE_MS = 60_000;
const GATE_MOVES_MAX = 4;
const WITHDRAWAL_SHARE = 0.15;

/** The same plan for the same draw. */
export function planSimulation(draw: Draw): SimulationPlan {
  const between = (min: number, max: number): number => min + Math.floor(draw() * (max - min + 1));
  const chance = (share: number): boolean => draw() < share;
  // Half of the kinds of faults are left out of every simulation, so that the others show undisturbed.
  const rate = (max: number): number => (chance(0.5) ? draw() * max : 0);
  const rates: FaultRates = {
    throttled: rate(0.2),
    lost: rate(0.1),
    unanswered: rate(0.1),
    delayed: rate(0.08),
    crashed: rate(0.3),
    stopped: rate(0.3),
    unsigned: rate(0.2),
    slow: rate(0.1),
  };
  const sessions = Array.from({ length: between(1, SESSIONS_MAX) }, () => ({
    limit: BigInt(between(3, 30)),
    expiryMs: chance(0.2) ? between(20, 100) * 1_000 : 3_600_000,
    deletedAtMs: chance(0.2) ? between(0, ACTIVE_MS) : null,
  }));
  const purchases = Array.from({ length: between(PURCHASES_MIN, PURCHASES_MAX) }, (_, index): PurchasePlan => {
    const kind = chance(WITHDRAWAL_SHARE) ? 'withdrawal' : 'payment';
    return {
      token: `purchase-${index}`.padEnd(33, '.'),
      session: between(0, sessions.length - 1),
      amount: BigInt(between(1, 4)),
      kind,
      // Mostly in bursts, so that they meet on a session.
      atMs: chance(0.6) ? between(0, 3) * 15_000 + between(0, 50) : between(0, ACTIVE_MS),
      twice: chance(0.3),
      asksMax: between(1, 8),
      otherAmount: kind === 'payment' && chance(0.2) ? BigInt(between(5, 8)) : null,
      replayed: kind === 'payment' && chance(0.3),
    };
  });
  const moves = chance(0.3) ? between(1, GATE_MOVES_MAX) : 0;
  return {
    rates,
    sessions,
    purchases,
    gateMovesAtMs: Array.from({ length: moves }, () => between(0, ACTIVE_MS)).toSorted((a, b) => a - b),
    inFlightMax: between(1, 6),
  };
}
