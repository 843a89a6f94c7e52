import { isWithdrawal } from '../../domain/ids.ts';
import {
  IN_FLIGHT_WAIT_MAX_MS,
  IN_FLIGHT_WAIT_STEP_MAX_MS,
  IN_FLIGHT_WAIT_STEP_MIN_MS,
  RESERVE_ATTEMPTS_MAX,
  SCRUB_ROUNDS_MAX,
  SIGN_BUDGET_MS,
} from '../../domain/limits.ts';
import type { Ledger, TakeOverOutcome } from '../../domain/ports/books.ts';
import { NotNow, OutcomeUnknown, type Randomness } from '../../domain/ports/services.ts';
import { toEntryKey, type BudgetSnapshot, type Payment } from '../../domain/payment/payment.ts';
import type { Refusal } from '../../domain/refusal.ts';
import type { Gate } from '../../domain/payment/gate.ts';
import { sessionStatus, type Session } from '../../domain/payment/session.ts';
import type { EpochMs } from '../../domain/time.ts';
import { abortOnFailure, type AbortDeps } from './abort.ts';
import { cannotAfford } from './denial.ts';
import { jitteredWaitMs } from './payment-wait.ts';
import { scrubSession, type PlaceSearch } from '../sweeping/recovery.ts';

export interface ReserveDeps extends AbortDeps {
  readonly ledger: Ledger;
  readonly random: Randomness;
  readonly inFlightMax: number;
}

/** What an attempt to reserve came to. */
export type Reserved =
  | {
      readonly kind: 'reserved';
      readonly payment: Payment;
      readonly budget: BudgetSnapshot;
      /** As it was read beside the reserve: it may have closed since the session was read. */
      readonly gate: PromiseSettledResult<Gate>;
    }
  | { readonly kind: 'denied'; readonly payment: Payment; readonly session: Session }
  | { readonly kind: 'given_up'; readonly payment: Payment; readonly refusal: Refusal }
  | { readonly kind: 'unknown'; readonly payment: Payment; readonly cause: unknown };

/** Reserves under the payment's attempt; only when the outcome stays unknown does it open the next attempt. */
export async function reserveWithNewAttempts(
  deps: ReserveDeps,
  owned: Payment,
  floor: EpochMs | null,
  deadline: EpochMs,
): Promise<Reserved> {
  let payment = owned;
  for (let tries = 1; ; tries += 1) {
    const attempted = payment;
    const reserved = await abortOnFailure(deps, attempted, () => reserveAttempt(deps, attempted, floor, deadline));
    if (reserved.kind !== 'unknown' || tries === RESERVE_ATTEMPTS_MAX) return reserved;
    const next = await abortOnFailure(deps, attempted, () => openNextAttempt(deps, attempted));
    if (next.kind === 'lost') return { kind: 'given_up', payment, refusal: { reason: 'busy', what: 'payment' } };
    payment = next.payment;
  }
}

/** A reserve that may have arrived must never be sent again; under a later attempt it is another one. */
function openNextAttempt(
  { ledger }: ReserveDeps,
  { id, attempt, owner, leaseUntil, offer, terms }: Payment,
): Promise<TakeOverOutcome> {
  return ledger.takeOver({ id, attempt, owner, leaseUntil, offer, terms });
}

/**
 * Sends the reserve of one attempt. After a definite refusal it may be sent again under the same attempt, since no late
 * ghost of it can exist; it waits for a free place that way, for a bounded time.
 */
async function reserveAttempt(
  deps: ReserveDeps,
  payment: Payment,
  floor: EpochMs | null,
  deadline: EpochMs,
): Promise<Reserved> {
  const giveUpAt = Math.min(deps.clock.now() + IN_FLIGHT_WAIT_MAX_MS, deadline - SIGN_BUDGET_MS);
  const scrubs: Scrubs = { own: toEntryKey(payment.id, payment.attempt), busy: new Set(), rounds: 0 };
  for (let step = 0; ;) {
    const sent = await sendReserve(deps, payment, floor);
    if (sent.kind === 'reserved' || sent.kind === 'unknown') return sent;
    if (sent.kind === 'refused') {
      const { session } = sent;
      const refusal = closedRefusal(session, floor, deps.clock.now());
      if (refusal !== null) return { kind: 'given_up', payment, refusal };
      if (session !== null && (await makeRoom(deps, payment, session, scrubs))) continue;
      if (session !== null && cannotAfford(session, payment.amount)) {
        // A withdrawal has its session to itself: what is in its way is an earlier attempt of its own, and will be released.
        if (isWithdrawal(payment)) return { kind: 'given_up', payment, refusal: { reason: 'busy', what: 'payment' } };
        return { kind: 'denied', payment, session };
      }
    }
    const steps = await waitForPlace(deps, payment, step, giveUpAt, scrubs);
    if (steps === null) return { kind: 'given_up', payment, refusal: { reason: 'busy', what: 'session' } };
    step = steps;
  }
}

interface Scrubs extends PlaceSearch {
  rounds: number;
}

/** Finishes what others left in a session. Returns whether that made room, so that the reserve is worth sending again. */
async function makeRoom(deps: ReserveDeps, payment: Payment, session: Session, scrubs: Scrubs): Promise<boolean> {
  if (scrubs.rounds >= SCRUB_ROUNDS_MAX) return false;
  scrubs.rounds += 1;
  const isFull = session.inFlight >= deps.inFlightMax;
  try {
    return (await scrubSession(deps, session, isFull ? scrubs : null)) > 0;
  } catch (error) {
    const isPassing = error instanceof NotNow || error instanceof OutcomeUnknown;
    // Whoever waits for a place goes on waiting. A denial would be final, and so must not rest on a scrub that failed.
    if (!isPassing || cannotAfford(session, payment.amount)) throw error;
    return false;
  }
}

/**
 * Waits until the session shows a free place, or one was made. Looks by reading, which is cheaper for a crowded item than
 * writing in vain.
 * @returns the number of steps waited so far, or `null` when the time is up
 */
async function waitForPlace(
  deps: ReserveDeps,
  payment: Payment,
  from: number,
  giveUpAt: number,
  scrubs: Scrubs,
): Promise<number | null> {
  for (let step = from; ; step += 1) {
    const waitMs = jitteredWaitMs(deps.random, step, {
      minMs: IN_FLIGHT_WAIT_STEP_MIN_MS,
      maxMs: IN_FLIGHT_WAIT_STEP_MAX_MS,
    });
    if (deps.clock.now() + waitMs > giveUpAt) return null;
    await deps.clock.sleep(waitMs);
    const session = await deps.ledger.readSession(payment);
    if (session === null || session.inFlight < deps.inFlightMax) return step + 1;
    // The reserve says why a session that has ended takes no more.
    if (sessionStatus(session, deps.clock.now()) !== 'ACTIVE') return step + 1;
    if (await makeRoom(deps, payment, session, scrubs)) return step + 1;
  }
}

type Sent =
  | Extract<Reserved, { kind: 'reserved' | 'unknown' }>
  | { readonly kind: 'refused'; readonly session: Session | null }
  | { readonly kind: 'throttled' };

/** One reserve request, and beside it another look at the gate; an unanswered reserve is looked up in the session. */
async function sendReserve(deps: ReserveDeps, payment: Payment, floor: EpochMs | null): Promise<Sent> {
  const entry = toEntryKey(payment.id, payment.attempt);
  const [reserved, gate] = await Promise.allSettled([
    deps.ledger.reserve({
      session: payment,
      entry,
      amount: payment.amount,
      leaseUntil: payment.leaseUntil,
      floor,
      now: deps.clock.now(),
      inFlightMax: deps.inFlightMax,
    }),
    deps.ledger.readGate(),
  ]);
  if (reserved.status === 'fulfilled') {
    const outcome = reserved.value;
    return outcome.kind === 'reserved' ? { kind: 'reserved', payment, budget: outcome.budget, gate } : outcome;
  }
  const error: unknown = reserved.reason;
  if (error instanceof NotNow) return { kind: 'throttled' };
  if (!(error instanceof OutcomeUnknown)) throw error;
  const session = await deps.ledger.readSession(payment).catch(() => null);
  if (session?.open.has(entry) === true) return { kind: 'reserved', payment, budget: session.budget, gate };
  return { kind: 'unknown', payment, cause: error };
}

function closedRefusal(session: Session | null, floor: EpochMs | null, now: EpochMs): Refusal | null {
  if (session === null) return { reason: 'session_not_found' };
  if (floor !== null && session.createdAt < floor) return { reason: 'session_below_floor', floor };
  switch (sessionStatus(session, now)) {
    case 'DELETED':
      return { reason: 'session_not_found' };
    case 'EXPIRED':
      return { reason: 'session_expired', expiresAt: session.expiresAt };
    case 'ACTIVE':
      return null;
  }
}
