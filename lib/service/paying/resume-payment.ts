import { PAYMENT_ATTEMPTS_MAX } from '../../domain/limits.ts';
import type { Payment } from '../../domain/payment/payment.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { refuse, type Result } from '../../domain/result.ts';
import { isFinal } from './other-terms.ts';
import { outcomeOf, type DriveDeps } from './drive-payment.ts';
import type { Payer } from './payer.ts';
import { freezeTerms, type Draft } from './payment-draft.ts';
import { awaitOutcome } from './payment-wait.ts';
import { abandonIfDead, releaseEarlierAttempts } from '../sweeping/recovery.ts';
import type { CheckedPayer } from './payer-check.ts';

export interface ResumeDeps extends DriveDeps {
  /** The longest that an authorization is good for. */
  readonly validityCapSeconds: number;
}

/**
 * Answers for a payment that exists already: replays its outcome, waits for it, or takes it over.
 *
 * @param existing what the books hold under the id of the draft, for the same request
 * @param drive carries on the payment that was taken over
 */
export async function resumePayment<F extends Payer>(
  deps: ResumeDeps,
  draft: Draft,
  existing: Payment,
  checked: Result<CheckedPayer<F>, Refusal>,
  drive: (payment: Payment, checked: CheckedPayer<F>) => Promise<Result<Payment, Refusal>>,
): Promise<Result<Payment, Refusal>> {
  const payment = await awaitOutcome(deps, existing, draft.deadline);
  if (payment === null) return refuse({ reason: 'busy', what: 'payment' });
  if (isFinal(payment)) {
    deps.observer?.replayed();
    return outcomeOf(payment);
  }
  if (!checked.ok) return checked;
  if (payment.attempt >= PAYMENT_ATTEMPTS_MAX) {
    const last = await abandonIfDead(deps, payment, deps.clock.now());
    return last.status === 'ABORTED' ? refuse({ reason: 'attempts_exhausted' }) : outcomeOf(last);
  }

  const terms = freezeTerms(deps, payment, checked.value.payer, deps.clock.now());
  if (!terms.ok) return terms;
  const outcome = await deps.ledger.takeOver({
    id: payment.id,
    attempt: payment.attempt,
    owner: draft.owner,
    leaseUntil: draft.leaseUntil,
    offer: payment.offer,
    terms: terms.value,
  });
  if (outcome.kind === 'lost') return outcomeOf(outcome.payment);
  await releaseEarlierAttempts(deps, outcome.payment, checked.value.session).catch((error: unknown) => {
    deps.report({ event: 'payment.close_deferred', paymentId: payment.id, error });
  });
  return drive(outcome.payment, checked.value);
}
