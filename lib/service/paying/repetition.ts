import { createHash } from 'node:crypto';
import type { Ledger, RepetitionGuard } from '../../domain/ports/books.ts';
import type { Payment } from '../../domain/payment/payment.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { addMs, type Clock } from '../../domain/time.ts';
import { abandonIfDead } from '../sweeping/recovery.ts';

/** How the deployment tells a purchase that is made again by mistake from one that is meant. */
export interface Repetitions {
  readonly guard: RepetitionGuard;
  /** How long the same terms within a session count as the same purchase. */
  readonly windowSeconds: number;
}

/**
 * The refusal of a payment whose terms another one of its session has paid, or is paying, too lately; `null` if there is none.
 * A payment that was denied, given up or left by its handler stands in nobody's way; should it be taken up again meanwhile, that
 * is a later attempt, which finds who took its place. Plain x402 terms name no purchase, so this can only guess, and is off
 * unless the deployment asks for it.
 */
export async function findRepetition(
  deps: { readonly ledger: Pick<Ledger, 'readPayment' | 'decide'>; readonly clock: Clock },
  { guard, windowSeconds }: Repetitions,
  { id: paymentId, attempt, ...payment }: Payment,
): Promise<Extract<Refusal, { reason: 'repeated_purchase' }> | null> {
  const now = deps.clock.now();
  const termsKey = keyOf(payment);
  const wanted = { paymentId, attempt, now, until: addMs(now, windowSeconds * 1_000) };
  const first = await guard.take(termsKey, wanted, null);
  if (first.paymentId === paymentId) return null;
  const stored = await deps.ledger.readPayment(first.paymentId);
  const earlier = stored === null ? null : await abandonIfDead(deps, stored, now);
  const stands = earlier !== null && (earlier.status === 'SIGNED' || earlier.status === 'PENDING');
  const holder = stands ? first : await guard.take(termsKey, wanted, first);
  if (holder.paymentId === paymentId) return null;
  return { reason: 'repeated_purchase', paymentId: holder.paymentId, until: holder.until };
}

/** Session and terms: what is bought where cannot be told from an x402 offer, but who gets how much of what can. */
function keyOf({ managerId, sessionId, offer }: Omit<Payment, 'id' | 'attempt'>): string {
  const { network, asset, payTo, amount } = offer;
  return createHash('sha256')
    .update(JSON.stringify([managerId, sessionId, network, asset, payTo, `${amount}`]))
    .digest('hex');
}
