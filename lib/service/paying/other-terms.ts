import type { Ledger } from '../../domain/ports/books.ts';
import type { Payment } from '../../domain/payment/payment.ts';
import type { Refusal } from '../../domain/refusal.ts';
import type { EpochMs } from '../../domain/time.ts';
import { awaitOutcome, type WaitDeps } from './payment-wait.ts';

export interface OtherTermsDeps extends WaitDeps {
  readonly ledger: Pick<Ledger, 'readPayment' | 'supersede'>;
}

/**
 * The refusal of a request whose client token has a payment already, for another price, payee or session: a purchase is paid
 * once, whatever is asked for it later. A payment that is in progress is waited for. One that was never signed and is over is
 * closed for good, so that the purchase may be tried under a new token without any risk that the old one still pays.
 */
export async function refuseOtherTerms(deps: OtherTermsDeps, found: Payment, deadline: EpochMs): Promise<Refusal> {
  const payment = await awaitOutcome(deps, found, deadline);
  if (payment === null) return { reason: 'busy', what: 'payment' };
  if (isFinal(payment)) return { reason: 'other_terms', payment };
  const outcome = await deps.ledger.supersede(payment.id, payment.attempt, deps.clock.now());
  // Another handler took the payment up again or decided it: the next read shows which.
  return isFinal(outcome.payment)
    ? { reason: 'other_terms', payment: outcome.payment }
    : { reason: 'busy', what: 'payment' };
}

export function isFinal({ status }: Payment): boolean {
  return status === 'SIGNED' || status === 'DENIED';
}
