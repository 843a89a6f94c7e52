import { isWithdrawal } from '../../domain/ids.ts';
import {
  CHARGES_MAX,
  IN_FLIGHT_WAIT_MAX_MS,
  IN_FLIGHT_WAIT_STEP_MAX_MS,
  IN_FLIGHT_WAIT_STEP_MIN_MS,
  RESERVE_ATTEMPTS_MAX,
  SCRUB_ROUNDS_MAX,
  SESSION_COUNTERS_MAX,
  SIGN_BUDGET_MS,
  WINDOW_PRUNE_DELAY_MS,
  WINDOW_ROUNDS_MAX,
} from '../../domain/limits.ts';
import { InvariantViolated } from '../../domain/invariant.ts';
import { bears, countersWith, type Charge, type CounterKey, type WindowCharge } from '../../domain/payment/charge.ts';
import type { Denial } from '../../domain/payment/denial.ts';
import type { Ledger, TakeOverOutcome } from '../../domain/ports/books.ts';
import { NotNow, OutcomeUnknown, type Randomness } from '../../domain/ports/services.ts';
import { toEntryKey, type BudgetSnapshot, type Payment } from '../../domain/payment/payment.ts';
import type { WindowBooks } from '../../domain/ports/windows.ts';
import type { Refusal } from '../../domain/refusal.ts';
import type { Gate } from '../../domain/payment/gate.ts';
import { sessionStatus, type Session } from '../../domain/payment/session.ts';
import type { EpochMs } from '../../domain/time.ts';
import { abortOnFailure, type AbortDeps } from './abort.ts';
import { budgetDenial, cannotAfford, counterDenial } from './denial.ts';
import { jitteredWaitMs } from './payment-wait.ts';
import { scrubSession, type PlaceSearch } from '../sweeping/recovery.ts';

export interface ReserveDeps extends AbortDeps {
  readonly ledger: Ledger;
  readonly random: Randomness;
  readonly inFlightMax: number;
  readonly windows: WindowBooks;
}

/** What is reserved for, besides the payment itself. */
export interface ReserveFor {
  /** The session as it was read before. */
  readonly session: Session;
  readonly floor: EpochMs | null;
  /** Of every attempt of this handler. The entry keeps what it took, so closing it needs no policy. */
  readonly charges: readonly Charge[];
  readonly deadline: EpochMs;
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
  | { readonly kind: 'denied'; readonly payment: Payment; readonly denial: Denial }
  | { readonly kind: 'given_up'; readonly payment: Payment; readonly refusal: Refusal }
  | { readonly kind: 'unknown'; readonly payment: Payment; readonly cause: unknown };

/** Reserves under the payment's attempt; only when the outcome stays unknown does it open the next attempt. */
export async function reserveWithNewAttempts(deps: ReserveDeps, owned: Payment, of: ReserveFor): Promise<Reserved> {
  const { charges, session } = of;
  if (charges.length > CHARGES_MAX) throw new InvariantViolated(`a payment is charged to ${charges.length} counters`);
  // Those that this reserve removes leave their places to others.
  const removed = new Set(closedWindows(session, deps.clock.now()));
  if (countersWith(session, charges, removed) > SESSION_COUNTERS_MAX) {
    return { kind: 'given_up', payment: owned, refusal: { reason: 'too_many_counters', max: SESSION_COUNTERS_MAX } };
  }
  let payment = owned;
  for (let tries = 1; ; tries += 1) {
    const attempted = payment;
    const reserved = await abortOnFailure(deps, attempted, () => reserveAttempt(deps, attempted, of));
    if (reserved.kind !== 'unknown' || tries === RESERVE_ATTEMPTS_MAX) return reserved;
    const next = await abortOnFailure(deps, attempted, () => openNextAttempt(deps, attempted));
    if (next.kind === 'lost') return { kind: 'given_up', payment, refusal: { reason: 'busy', what: 'payment' } };
    payment = next.payment;
  }
}

/** A reserve that may have arrived must never be sent again; under a later attempt it is another one. */
function openNextAttempt(
  { ledger }: ReserveDeps,
  { id, attempt, owner, leaseUntil, offer, terms, approval }: Payment,
): Promise<TakeOverOutcome> {
  return ledger.takeOver({ id, attempt, owner, leaseUntil, offer, terms, approval });
}

/**
 * Sends the reserve of one attempt. After a definite refusal it may be sent again under the same attempt, since no late
 * ghost of it can exist; it waits for a free place that way, for a bounded time.
 */
async function reserveAttempt(deps: ReserveDeps, payment: Payment, of: ReserveFor): Promise<Reserved> {
  const { floor, deadline } = of;
  const giveUpAt = Math.min(deps.clock.now() + IN_FLIGHT_WAIT_MAX_MS, deadline - SIGN_BUDGET_MS);
  const scrubs: Scrubs = { own: toEntryKey(payment.id, payment.attempt), busy: new Set(), rounds: 0 };
  // What the session is known to lack of windows is got before, which saves a reserve in vain.
  let [seen, lacking] = [of.session, cannotAfford(of.session, payment.amount) ? [] : shortWindows(of)];
  let looks = 0;
  for (let step = 0; ;) {
    if (lacking.length > 0) {
      looks += 1;
      const granted = looks > WINDOW_ROUNDS_MAX ? BUSY_WINDOW : await getGrants(deps, seen, lacking, giveUpAt);
      if (granted.kind === 'busy') return { kind: 'given_up', payment, refusal: { reason: 'busy', what: 'window' } };
      if (granted.kind === 'exhausted' && !(await makeRoom(deps, payment, seen, scrubs, lacking))) {
        return { kind: 'denied', payment, denial: granted.denial };
      }
    }
    const sent = await sendReserve(deps, payment, of);
    if (sent.kind === 'reserved' || sent.kind === 'unknown') return sent;
    if (sent.kind === 'refused') {
      const { session } = sent;
      const refusal = closedRefusal(session, floor, deps.clock.now());
      if (refusal !== null) return { kind: 'given_up', payment, refusal };
      if (session !== null && (await makeRoom(deps, payment, session, scrubs, sent.short))) continue;
      if (session !== null && cannotAfford(session, payment.amount)) {
        // A withdrawal has its session to itself: what is in its way is an earlier attempt of its own, and will be released.
        if (isWithdrawal(payment)) return { kind: 'given_up', payment, refusal: { reason: 'busy', what: 'payment' } };
        return { kind: 'denied', payment, denial: budgetDenial(session, payment.amount) };
      }
      const counter = sent.short.find(({ kind }) => kind === 'session');
      if (session !== null && counter !== undefined) {
        const used = session.counters.get(counter.key) ?? 0n;
        return { kind: 'denied', payment, denial: counterDenial(counter, used) };
      }
      if (session !== null) [seen, lacking] = [session, sent.short.filter(isWindow)];
      if (lacking.length > 0) continue;
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
async function makeRoom(
  deps: ReserveDeps,
  payment: Payment,
  session: Session,
  scrubs: Scrubs,
  short: readonly Charge[],
): Promise<boolean> {
  if (scrubs.rounds >= SCRUB_ROUNDS_MAX) return false;
  scrubs.rounds += 1;
  const isFull = session.inFlight >= deps.inFlightMax;
  try {
    return (await scrubSession(deps, session, isFull ? scrubs : null)) > 0;
  } catch (error) {
    const isPassing = error instanceof NotNow || error instanceof OutcomeUnknown;
    // A payment that waits for a place goes on waiting. A denial would be final, and so must not rest on a scrub that failed.
    if (!isPassing || cannotAfford(session, payment.amount) || short.length > 0) throw error;
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
    const isWorthwhile =
      session === null ||
      session.inFlight < deps.inFlightMax ||
      // The reserve says why a session that has ended takes no more.
      sessionStatus(session, deps.clock.now()) !== 'ACTIVE' ||
      (await makeRoom(deps, payment, session, scrubs, []));
    if (isWorthwhile) return step + 1;
  }
}

type Sent =
  | Extract<Reserved, { kind: 'reserved' | 'unknown' }>
  | { readonly kind: 'refused'; readonly session: Session | null; readonly short: readonly Charge[] }
  | { readonly kind: 'throttled' };

/** One reserve request, and beside it another look at the gate; an unanswered reserve is looked up in the session. */
async function sendReserve(deps: ReserveDeps, payment: Payment, of: ReserveFor): Promise<Sent> {
  const entry = toEntryKey(payment.id, payment.attempt);
  const now = deps.clock.now();
  const [reserved, gate] = await Promise.allSettled([
    deps.ledger.reserve({
      session: payment,
      entry,
      amount: payment.amount,
      leaseUntil: payment.leaseUntil,
      floor: of.floor,
      now,
      inFlightMax: deps.inFlightMax,
      charges: of.charges,
      prune: closedWindows(of.session, now),
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

type Granting =
  | { readonly kind: 'ready' }
  | { readonly kind: 'exhausted'; readonly denial: Denial }
  | { readonly kind: 'busy' };

const BUSY_WINDOW: Granting = { kind: 'busy' };

/** Gets a session what it lacks of windows, of one after the other. */
async function getGrants(
  deps: ReserveDeps,
  session: Session,
  lacking: readonly WindowCharge[],
  giveUpAt: number,
): Promise<Granting> {
  // Loaded with the first window that a policy makes: a start without any does not wait for it.
  const { ensureGrant } = await import('./window-grants.ts');
  for (const charge of lacking) {
    // A payment counts in the window that is open when it is reserved: the next try is charged to that one.
    if (deps.clock.now() >= charge.closesAt) return BUSY_WINDOW;
    const outcome = await ensureGrant(deps, session, charge, giveUpAt);
    if (outcome.kind === 'busy') return BUSY_WINDOW;
    if (outcome.kind === 'exhausted') return { kind: 'exhausted', denial: counterDenial(charge, outcome.used) };
  }
  return { kind: 'ready' };
}

function isWindow(charge: Charge): charge is WindowCharge {
  return charge.kind === 'window';
}

function shortWindows({ session, charges }: ReserveFor): readonly WindowCharge[] {
  return charges.filter(isWindow).filter((charge) => !bears(session.windows.get(charge.key), charge));
}

/** The windows that closed so long ago that nobody reserves in them any more. */
function closedWindows({ windows }: Session, now: EpochMs): readonly CounterKey[] {
  return [...windows].filter(([, { closesAt }]) => closesAt + WINDOW_PRUNE_DELAY_MS <= now).map(([key]) => key);
}
