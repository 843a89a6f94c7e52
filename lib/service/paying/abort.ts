import type { Ledger } from '../../domain/ports/books.ts';
import type { Payment } from '../../domain/payment/payment.ts';
import type { Clock } from '../../domain/time.ts';

export interface AbortDeps {
  readonly ledger: Pick<Ledger, 'decide'>;
  readonly clock: Clock;
  /** Told of failures that do not concern the caller: what they leave undone is recovered later. */
  readonly report: (problem: { readonly event: string; readonly paymentId: string; readonly error: unknown }) => void;
}

/**
 * Decides a payment ABORTED, so that its token can be used again. What cannot be decided now is left to the sweeper, which
 * does the same once the lease has ended.
 * @param approval what the payment keeps of people who were asked to approve it
 */
export async function abortQuietly(deps: AbortDeps, payment: Payment, approval?: string): Promise<Payment | null> {
  try {
    const verdict = { status: 'ABORTED', at: deps.clock.now(), approval } as const;
    const outcome = await deps.ledger.decide(payment.id, payment.attempt, verdict);
    return outcome.payment;
  } catch (error) {
    deps.report({ event: 'payment.abort_deferred', paymentId: payment.id, error });
    return null;
  }
}

/** Does what comes before signing; if that fails, the token can be used again at once, and not only when the lease has ended. */
export async function abortOnFailure<T>(deps: AbortDeps, payment: Payment, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await abortQuietly(deps, payment);
    throw error;
  }
}
