import { InvariantViolated } from '../domain/invariant.ts';
import {
  IN_FLIGHT_WAIT_MAX_MS,
  IN_FLIGHT_WAIT_STEP_MAX_MS,
  IN_FLIGHT_WAIT_STEP_MIN_MS,
  RESERVE_ATTEMPTS_MAX,
  SIGN_BUDGET_MS,
} from '../domain/limits.ts';
import type { MicroUsd } from '../domain/money.ts';
import { toMicroUsd } from '../domain/money.ts';
import { NotNow, OutcomeUnknown, type Ledger, type Randomness, type Signer, type Verdict } from '../domain/ports.ts';
import { toEntryKey, type BudgetSnapshot, type Hex, type Payment } from '../domain/payment.ts';
import type { Refusal } from '../domain/refusal.ts';
import type { WalletType } from '../domain/resources.ts';
import { ok, refuse, type Result } from '../domain/result.ts';
import { sessionStatus, type Session } from '../domain/session.ts';
import { addMs, type Clock, type EpochMs } from '../domain/time.ts';
import { protocolOf } from '../protocols/registry.ts';
import type { PaymentObserver, PaymentPhase } from '../telemetry/payment-observer.ts';
import { jitteredWaitMs } from './payment-wait.ts';
import { closeEntry, scrubSession } from './recovery.ts';
import type { Standing } from './standing.ts';

export interface DriveDeps {
  readonly ledger: Ledger;
  readonly signers: Readonly<Record<WalletType, Signer>>;
  readonly clock: Clock;
  readonly random: Randomness;
  readonly inFlightMax: number;
  /** Hears of failures that the caller need not: what they leave undone is recovered later. */
  readonly report: (problem: { readonly event: string; readonly paymentId: string; readonly error: unknown }) => void;
  /** @default nobody watches */
  readonly observer?: PaymentObserver;
}

/** What an attempt to reserve came to. */
type Reserved =
  | { readonly kind: 'reserved'; readonly payment: Payment; readonly budget: BudgetSnapshot }
  | { readonly kind: 'denied'; readonly payment: Payment; readonly session: Session }
  | { readonly kind: 'given_up'; readonly payment: Payment; readonly refusal: Refusal }
  | { readonly kind: 'unknown'; readonly payment: Payment; readonly cause: unknown };

/** Carries a PENDING payment that this handler owns to its end: reserve, sign, decide, settle. */
export async function drivePayment(
  deps: DriveDeps,
  owned: Payment,
  standing: Standing,
  deadline: EpochMs,
): Promise<Result<Payment, Refusal>> {
  const reserved = await observed(deps, 'reserve', () => reserveWithNewAttempts(deps, owned, deadline));
  switch (reserved.kind) {
    case 'reserved':
      return signReserved(deps, reserved.payment, reserved.budget, standing, deadline);
    case 'denied':
      return denyPayment(deps, reserved.payment, reserved.session);
    case 'given_up':
      await abortQuietly(deps, reserved.payment);
      return refuse(reserved.refusal);
    case 'unknown':
      await abortQuietly(deps, reserved.payment);
      throw new OutcomeUnknown(`payment ${owned.id} could not be reserved`, { cause: reserved.cause });
  }
}

/** The answer that a decided payment stands for; one still in progress is "busy". */
export function outcomeOf(payment: Payment): Result<Payment, Refusal> {
  switch (payment.status) {
    case 'SIGNED':
      return ok(payment);
    case 'DENIED': {
      if (payment.denial === null) throw new InvariantViolated(`payment ${payment.id} is DENIED without a denial`);
      return refuse(payment.denial);
    }
    case 'PENDING':
    case 'ABORTED':
      return refuse({ reason: 'busy', what: 'payment' });
  }
}

/**
 * Decides a payment ABORTED, so that its token can be used again. What cannot be decided now is left to the sweeper, which
 * does the same once the lease has ended.
 */
export async function abortQuietly(
  deps: Pick<DriveDeps, 'ledger' | 'clock' | 'report'>,
  payment: Payment,
): Promise<Payment | null> {
  try {
    const outcome = await deps.ledger.decide(payment.id, payment.attempt, { status: 'ABORTED', at: deps.clock.now() });
    return outcome.payment;
  } catch (error) {
    deps.report({ event: 'payment.abort_deferred', paymentId: payment.id, error });
    return null;
  }
}

/** Reserves under the payment's attempt; only when the outcome stays unknown does it open the next attempt. */
async function reserveWithNewAttempts(deps: DriveDeps, owned: Payment, deadline: EpochMs): Promise<Reserved> {
  let payment = owned;
  for (let tries = 1; ; tries += 1) {
    const reserved = await reserveAttempt(deps, payment, deadline);
    if (reserved.kind !== 'unknown' || tries === RESERVE_ATTEMPTS_MAX) return reserved;
    const { id, attempt, owner, leaseUntil, terms } = payment;
    const next = await deps.ledger.takeOver({ id, attempt, owner, leaseUntil, terms });
    if (next.kind === 'lost') return { kind: 'given_up', payment, refusal: { reason: 'busy', what: 'payment' } };
    payment = next.payment;
  }
}

/**
 * Sends the reserve of one attempt. After a definite refusal it may be sent again under the same attempt, since no late
 * ghost of it can exist; it waits for a free place that way, for a bounded time.
 */
async function reserveAttempt(deps: DriveDeps, payment: Payment, deadline: EpochMs): Promise<Reserved> {
  const giveUpAt = Math.min(deps.clock.now() + IN_FLIGHT_WAIT_MAX_MS, deadline - SIGN_BUDGET_MS);
  let scrubbed = false;
  for (let step = 0; ;) {
    const sent = await sendReserve(deps, payment);
    if (sent.kind === 'reserved' || sent.kind === 'unknown') return sent;
    if (sent.kind === 'refused') {
      const refusal = closedRefusal(sent.session, deps.clock.now());
      if (refusal !== null) return { kind: 'given_up', payment, refusal };
      if (!scrubbed && sent.session !== null) {
        scrubbed = true;
        if ((await scrubSession(deps, sent.session)) > 0) continue;
      }
      if (sent.session !== null && cannotAfford(sent.session, payment.amount)) {
        return { kind: 'denied', payment, session: sent.session };
      }
    }
    const steps = await waitForPlace(deps, payment, step, giveUpAt);
    if (steps === null) return { kind: 'given_up', payment, refusal: { reason: 'busy', what: 'session' } };
    step = steps;
  }
}

/**
 * Waits until the session shows a free place. Looks by reading, which is cheaper for a crowded item than writing in vain.
 * @returns the number of steps waited so far, or `null` when the time is up
 */
async function waitForPlace(deps: DriveDeps, payment: Payment, from: number, giveUpAt: number): Promise<number | null> {
  for (let step = from; ; step += 1) {
    const waitMs = jitteredWaitMs(deps.random, step, {
      minMs: IN_FLIGHT_WAIT_STEP_MIN_MS,
      maxMs: IN_FLIGHT_WAIT_STEP_MAX_MS,
    });
    if (deps.clock.now() + waitMs > giveUpAt) return null;
    await deps.clock.sleep(waitMs);
    const session = await deps.ledger.readSession(payment);
    if (session === null || session.inFlight < deps.inFlightMax) return step + 1;
  }
}

type Sent =
  | Extract<Reserved, { kind: 'reserved' | 'unknown' }>
  | { readonly kind: 'refused'; readonly session: Session | null }
  | { readonly kind: 'throttled' };

/** One reserve request; an unanswered one is looked up in the session. */
async function sendReserve(deps: DriveDeps, payment: Payment): Promise<Sent> {
  const entry = toEntryKey(payment.id, payment.attempt);
  try {
    const outcome = await deps.ledger.reserve({
      session: payment,
      entry,
      amount: payment.amount,
      leaseUntil: payment.leaseUntil,
      now: deps.clock.now(),
      inFlightMax: deps.inFlightMax,
    });
    return outcome.kind === 'reserved' ? { kind: 'reserved', payment, budget: outcome.budget } : outcome;
  } catch (error) {
    if (error instanceof NotNow) return { kind: 'throttled' };
    if (!(error instanceof OutcomeUnknown)) throw error;
    const session = await deps.ledger.readSession(payment).catch(() => null);
    if (session?.open.has(entry) === true) return { kind: 'reserved', payment, budget: session.budget };
    return { kind: 'unknown', payment, cause: error };
  }
}

function closedRefusal(session: Session | null, now: EpochMs): Refusal | null {
  if (session === null) return { reason: 'not_found', resource: 'session' };
  switch (sessionStatus(session, now)) {
    case 'DELETED':
      return { reason: 'not_found', resource: 'session' };
    case 'EXPIRED':
      return { reason: 'session_expired', expiresAt: session.expiresAt };
    case 'ACTIVE':
      return null;
  }
}

function cannotAfford(session: Session, amount: MicroUsd): boolean {
  return session.budget.available !== null && session.budget.available < amount;
}

async function denyPayment(deps: DriveDeps, payment: Payment, session: Session): Promise<Result<Payment, Refusal>> {
  const denial = {
    reason: 'budget_exceeded',
    requested: payment.amount,
    available: session.budget.available ?? toMicroUsd(0n),
    reserved: session.budget.reserved,
  } as const;
  const outcome = await deps.ledger.decide(payment.id, payment.attempt, {
    status: 'DENIED',
    denial,
    at: deps.clock.now(),
  });
  return outcomeOf(outcome.payment);
}

/** Signs what is reserved. Whatever goes wrong before SIGNED is acknowledged, no signature leaves this function. */
async function signReserved(
  deps: DriveDeps,
  payment: Payment,
  budget: BudgetSnapshot,
  standing: Standing,
  deadline: EpochMs,
): Promise<Result<Payment, Refusal>> {
  if (addMs(deps.clock.now(), SIGN_BUDGET_MS) > deadline) {
    await undoReservation(deps, payment);
    return refuse({ reason: 'busy', what: 'payment' });
  }
  const { key } = standing.facts;
  let signature: Hex;
  try {
    const digest = protocolOf(payment.offer).digest(payment.offer, payment.terms);
    signature = await observed(deps, 'sign', () => deps.signers[key.type].sign(key, digest, payment.terms.from));
  } catch (error) {
    await undoReservation(deps, payment);
    if (error instanceof NotNow) return refuse({ reason: 'busy', what: 'signer' });
    throw error;
  }
  const verdict = { status: 'SIGNED', signature, budget, at: deps.clock.now() } as const;
  const decided = await observed(deps, 'decide', () => decideSigned(deps, payment, verdict));
  if (decided.status === 'SIGNED' && decided.owner === payment.owner) deps.observer?.signed(decided);
  await observed(deps, 'settle', () => closeOwnEntry(deps, payment, decided));
  return outcomeOf(decided);
}

/** Tells the observer, where there is one, when a phase begins and ends. */
async function observed<T>({ observer }: DriveDeps, phase: PaymentPhase, work: () => Promise<T>): Promise<T> {
  const end = observer?.begin(phase);
  try {
    return await work();
  } finally {
    end?.();
  }
}

/**
 * Makes SIGNED the payment's outcome, or learns what it became instead. A decide without an answer is looked up; one that
 * did not arrive is sent once more, which is safe because it is fenced by the attempt.
 */
async function decideSigned(deps: DriveDeps, payment: Payment, verdict: Verdict): Promise<Payment> {
  try {
    return (await deps.ledger.decide(payment.id, payment.attempt, verdict)).payment;
  } catch (error) {
    if (!(error instanceof OutcomeUnknown || error instanceof NotNow)) throw error;
    return (await deps.ledger.decide(payment.id, payment.attempt, verdict)).payment;
  }
}

/** Decides ABORTED first and moves the money second; without a decision the money stays held for the sweeper. */
async function undoReservation(deps: DriveDeps, payment: Payment): Promise<void> {
  const decided = await abortQuietly(deps, payment);
  if (decided !== null) await closeOwnEntry(deps, payment, decided);
}

/** Settles or releases this handler's entry. Best effort: the sweeper and the scrub finish what a failure leaves. */
async function closeOwnEntry(deps: DriveDeps, own: Payment, decided: Payment): Promise<void> {
  const entry = toEntryKey(own.id, own.attempt);
  try {
    await closeEntry(deps, own, entry, { amount: own.amount }, decided);
  } catch (error) {
    deps.report({ event: 'payment.close_deferred', paymentId: own.id, error });
  }
}
