import { PAYMENT_ATTEMPTS_MAX } from '../../domain/limits.ts';
import type { Payment } from '../../domain/payment/payment.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { refuse, type Result } from '../../domain/result.ts';
import { isFinal } from './other-terms.ts';
import { closeEarlierEntries, outcomeOf } from './drive-payment.ts';
import type { Payer } from './payer.ts';
import type { Draft } from './payment-draft.ts';
import { nextTerms, type ResumeDeps } from './next-terms.ts';
import { awaitOutcome } from './payment-wait.ts';
import { abandonIfDead } from '../sweeping/recovery.ts';
import type { CheckedPayer } from './payer-check.ts';

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

  // Before the attempt is taken, since there are only so many of them.
  const short = checked.value.session.balanceCheck && (await deps.shortageOf?.(payment, checked.value));
  if (short) return refuse(short);
  const next = await nextTerms(deps, draft, payment, checked.value);
  if (next.kind === 'answered') return next.answer;
  const outcome = await deps.ledger.takeOver({
    id: payment.id,
    attempt: payment.attempt,
    owner: draft.owner,
    leaseUntil: draft.leaseUntil,
    offer: payment.offer,
    terms: next.terms,
    approval: next.approval,
  });
  if (outcome.kind === 'lost') return outcomeOf(outcome.payment);
  await closeEarlierEntries(deps, outcome.payment, checked.value.session);
  return drive(outcome.payment, checked.value);
}
