import { createHash } from 'node:crypto';
import type { Ledger, RepetitionGuard } from '../domain/ports.ts';
import type { Payment } from '../domain/payment.ts';
import type { Refusal } from '../domain/refusal.ts';
import { addMs, type Clock } from '../domain/time.ts';

/** How the deployment tells a purchase that is made again by mistake from one that is meant. */
export interface Repetitions {
  readonly guard: RepetitionGuard;
  /** How long the same terms within a session count as the same purchase. */
  readonly windowSeconds: number;
}

/**
 * The refusal of a payment whose terms another one of its session has paid, or is paying, too lately; `null` if there is none.
 * A payment that was denied or given up stands in nobody's way. Plain x402 terms name no purchase, so this can only guess, and
 * is off unless the deployment asks for it.
 */
export async function findRepetition(
  deps: { readonly ledger: Pick<Ledger, 'readPayment'>; readonly clock: Clock },
  { guard, windowSeconds }: Repetitions,
  payment: Payment,
): Promise<Extract<Refusal, { reason: 'repeated_purchase' }> | null> {
  const now = deps.clock.now();
  const termsKey = keyOf(payment);
  const claim = { paymentId: payment.id, now, until: addMs(now, windowSeconds * 1_000) };
  const first = await guard.take(termsKey, { ...claim, instead: null });
  if (first.paymentId === payment.id) return null;
  const earlier = await deps.ledger.readPayment(first.paymentId);
  const stands = earlier !== null && (earlier.status === 'SIGNED' || earlier.status === 'PENDING');
  const holder = stands ? first : await guard.take(termsKey, { ...claim, instead: first.paymentId });
  if (holder.paymentId === payment.id) return null;
  return { reason: 'repeated_purchase', paymentId: holder.paymentId, until: holder.until };
}

/** Session and terms: what is bought where cannot be told from an x402 offer, but who gets how much of what can. */
function keyOf({ managerId, sessionId, offer }: Payment): string {
  const { network, asset, payTo, amount } = offer;
  return createHash('sha256')
    .update(JSON.stringify([managerId, sessionId, network, asset, payTo, `${amount}`]))
    .digest('hex');
}
