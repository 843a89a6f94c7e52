import { InvariantViolated } from '../../domain/invariant.ts';
import { SIGN_BUDGET_MS, VALIDITY_FLOOR_SECONDS } from '../../domain/limits.ts';
import type { Verdict } from '../../domain/ports/books.ts';
import { NotNow, OutcomeUnknown, ProviderRefused, type Signer } from '../../domain/ports/services.ts';
import { toHeldCharge, type HeldCharge } from '../../domain/payment/charge.ts';
import type { Denial } from '../../domain/payment/denial.ts';
import { toEntryKey, type BudgetSnapshot, type Payment, type Signature } from '../../domain/payment/payment.ts';
import type { Refusal } from '../../domain/refusal.ts';
import type { InstrumentType } from '../../domain/tenants/wallet-shapes.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import { freezeFactsOf } from '../../domain/payment/freeze.ts';
import { gateRefusal } from '../../domain/payment/gate.ts';
import { addMs, floorToSeconds, type EpochMs } from '../../domain/time.ts';
import { schemeOf } from '../../protocols/catalogue.ts';
import type { PaymentObserver } from '../../telemetry/payment-observer.ts';
import type { PaymentPhase } from '../../telemetry/request-record.ts';
import type { Counting } from '../policing/in-force.ts';
import { abortOnFailure, abortQuietly, type AbortDeps } from './abort.ts';
import type { Payer } from './payer.ts';
import { closeEntry, releaseEarlierAttempts } from '../sweeping/recovery.ts';
import { reserveWithNewAttempts, type Reserved, type ReserveDeps } from './reservation.ts';
import type { CheckedPayer } from './payer-check.ts';

export interface DriveDeps extends ReserveDeps {
  readonly signers: Readonly<Record<InstrumentType, Signer>>;
  /** @default nobody watches */
  readonly observer?: PaymentObserver;
}

interface Driving extends DriveDeps {
  /** What the own entry takes of counters. */
  readonly held: readonly HeldCharge[];
  readonly claims: Counting['claims'];
}

/**
 * Carries a PENDING payment that this handler owns to its end: reserve, sign, decide, settle.
 * @param counting what the policy counts this attempt for; an earlier attempt is closed for what its own entry took. Asked of every
 *   caller, so that no way of paying forgets it
 */
export async function drivePayment(
  drive: DriveDeps,
  owned: Payment,
  checked: CheckedPayer<Payer>,
  { deadline, counting }: { readonly deadline: EpochMs; readonly counting: Counting },
): Promise<Result<Payment, Refusal>> {
  const { charges, explain, claims } = counting;
  const deps: Driving = { ...drive, held: charges.map(toHeldCharge), claims };
  const { session, gate } = checked;
  const reserved = await observed(deps, 'reserve', () =>
    reserveWithNewAttempts(deps, owned, { session, floor: gate.floor, charges, deadline }),
  );
  switch (reserved.kind) {
    case 'reserved': {
      const closed = await closeIfGateShut(deps, reserved, checked);
      return closed ?? signReserved(deps, reserved.payment, reserved.budget, checked, deadline);
    }
    case 'denied':
      return denyPayment(
        deps,
        reserved.payment,
        reserved.denial.reason === 'policy_exceeded' ? explain(reserved.denial) : reserved.denial,
      );
    case 'given_up':
      await abortQuietly(deps, reserved.payment);
      return refuse(reserved.refusal);
    case 'unknown':
      await abortQuietly(deps, reserved.payment);
      throw new OutcomeUnknown(`payment ${owned.id} could not be reserved`, { cause: reserved.cause });
  }
}

/** Gives the reservation back where the gate has closed since the session was read, or could not be read again. */
async function closeIfGateShut(
  deps: Driving,
  { payment, gate }: Extract<Reserved, { kind: 'reserved' }>,
  { session, agentName }: CheckedPayer<Payer>,
): Promise<Result<never, Refusal> | null> {
  const facts = freezeFactsOf(payment, agentName);
  const refusal = gate.status === 'fulfilled' ? gateRefusal(gate.value, session, facts) : null;
  if (gate.status === 'fulfilled' && refusal === null) return null;
  await undoReservation(deps, payment);
  if (refusal !== null) return refuse(refusal);
  throw new OutcomeUnknown(`payment ${payment.id} is not signed: the gate could not be read`, {
    cause: gate.status === 'rejected' ? gate.reason : undefined,
  });
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

/** Decides DENIED a PENDING payment that this handler owns and has reserved nothing for. The answer waits for the record. */
export function denyPayment(deps: AbortDeps, payment: Payment, denial: Denial): Promise<Result<Payment, Refusal>> {
  return abortOnFailure(deps, payment, async () => {
    const verdict = { status: 'DENIED', denial, at: deps.clock.now() } as const;
    const outcome = await deps.ledger.decide(payment.id, payment.attempt, verdict);
    return outcomeOf(outcome.payment);
  });
}

/** Signs what is reserved. Whatever goes wrong before SIGNED is acknowledged, no signature leaves this function. */
async function signReserved(
  deps: Driving,
  payment: Payment,
  budget: BudgetSnapshot,
  checked: CheckedPayer<Payer>,
  deadline: EpochMs,
): Promise<Result<Payment, Refusal>> {
  const now = deps.clock.now();
  // The window was frozen with the intent: one that ran down while the payment waited for its place is frozen anew by a retry.
  const ranDown = payment.terms.validBefore - floorToSeconds(now) < VALIDITY_FLOOR_SECONDS;
  if (ranDown || addMs(now, SIGN_BUDGET_MS) > deadline) {
    await undoReservation(deps, payment);
    return refuse({ reason: 'busy', what: 'payment' });
  }
  const { key } = checked.payer;
  let signatures: readonly Signature[];
  try {
    const messages = await messagesOf(payment);
    const sign = () =>
      Promise.all(
        messages.map((message) =>
          deps.signers[key.type].sign(key, message, payment.terms.from, deps.observer?.begin, payment),
        ),
      );
    signatures = await observed(deps, 'sign', sign, key.type);
  } catch (error) {
    await undoReservation(deps, payment, error instanceof ProviderRefused ? error.approval : undefined);
    if (error instanceof NotNow) return refuse({ reason: 'busy', what: 'signer' });
    if (error instanceof ProviderRefused) {
      return refuse({ reason: 'provider_refused', trouble: error.trouble, message: error.message });
    }
    throw error;
  }
  const verdict = { status: 'SIGNED', signatures, budget, at: deps.clock.now(), ...deps.claims?.kept } as const;
  const decided = await observed(deps, 'decide', () => decideSigned(deps, payment, verdict));
  if (decided.status === 'SIGNED' && decided.owner === payment.owner) deps.observer?.signed(decided);
  await Promise.all([
    observed(deps, 'settle', () => closeOwnEntry(deps, payment, decided)),
    deps.claims?.note(decided),
  ]);
  return outcomeOf(decided);
}

async function messagesOf({ offer, terms }: Payment) {
  const scheme = schemeOf(offer);
  const messages = scheme.messages(offer, terms);
  const besides = await scheme.besides?.(offer);
  return besides == null ? messages : [...messages, ...besides.messages(offer, terms)];
}

/** Tells the observer, where there is one, when a phase begins and ends. */
async function observed<T>(
  { observer }: DriveDeps,
  phase: PaymentPhase,
  work: () => Promise<T>,
  wallet?: InstrumentType,
): Promise<T> {
  const end = observer?.begin(phase, wallet);
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
async function undoReservation(deps: Driving, payment: Payment, approval?: string): Promise<void> {
  const decided = await abortQuietly(deps, payment, approval);
  if (decided !== null) await closeOwnEntry(deps, payment, decided);
}

/** Settles or releases this handler's entry. Best effort: the sweeper and the scrub finish what a failure leaves. */
async function closeOwnEntry(deps: Driving, own: Payment, decided: Payment): Promise<void> {
  const entry = toEntryKey(own.id, own.attempt);
  try {
    await closeEntry(deps, own, entry, { amount: own.amount, charges: deps.held }, decided);
  } catch (error) {
    deps.report({ event: 'payment.close_deferred', paymentId: own.id, error });
  }
}

/** Releases what earlier attempts of a payment hold, now that this handler has taken it over. Best effort, as for its own entry. */
export async function closeEarlierEntries(
  deps: DriveDeps,
  taken: Payment,
  session: CheckedPayer<Payer>['session'],
): Promise<void> {
  try {
    await releaseEarlierAttempts(deps, taken, session);
  } catch (error) {
    deps.report({ event: 'payment.close_deferred', paymentId: taken.id, error });
  }
}
