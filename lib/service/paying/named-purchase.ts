import { createHash } from 'node:crypto';
import { PURCHASE_KEEP_MS } from '../../domain/limits.ts';
import { formatUsd } from '../../domain/money.ts';
import type { Ledger, RepetitionGuard } from '../../domain/ports/books.ts';
import type { Payment } from '../../domain/payment/payment.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import { addMs, type EpochMs } from '../../domain/time.ts';
import { protocolOf } from '../../protocols/catalogue.ts';
import { abandonIfDead } from '../sweeping/recovery.ts';
import { awaitOutcome, type WaitDeps } from './payment-wait.ts';

export interface FirstPurchaseDeps extends WaitDeps {
  readonly ledger: Pick<Ledger, 'readPayment' | 'decide'>;
  /** Says who has a purchase that its protocol gives a name; the same table as that of repeated terms, under other keys. */
  readonly purchases: RepetitionGuard;
}

/**
 * The answer for a purchase that its protocol gives a name and that the session has paid, or is paying, under another client token:
 * the first payment, replayed. `null` where there is none, and this attempt is the first from here on. The same name with other terms
 * is refused: the seller says two things under one name. A payment that was denied, given up or left by its handler is not the first.
 * @param payment in the books, at an attempt that was not signed: that is how others see it who come later
 */
export async function answerOfNamed(
  deps: FirstPurchaseDeps,
  payment: Payment,
  name: readonly string[],
  deadline: EpochMs,
): Promise<Result<Payment, Refusal> | null> {
  const now = deps.clock.now();
  const key = keyOf(payment, name);
  const wanted = { paymentId: payment.id, attempt: payment.attempt, now, until: addMs(now, PURCHASE_KEEP_MS) };
  const holder = await deps.purchases.take(key, wanted, null);
  if (holder.paymentId === payment.id) return null;
  const stored = await deps.ledger.readPayment(holder.paymentId);
  const earlier = stored === null ? null : await abandonIfDead(deps, stored, now);
  if (earlier?.status === 'SIGNED' || earlier?.status === 'PENDING')
    return answerFrom(deps, payment, earlier, deadline);
  const successor = await deps.purchases.take(key, wanted, holder);
  // Somebody else was faster: the next try of the same token finds what became of it.
  return successor.paymentId === payment.id ? null : refuse({ reason: 'busy', what: 'payment' });
}

async function answerFrom(
  deps: FirstPurchaseDeps,
  { requestHash }: Payment,
  earlier: Payment,
  deadline: EpochMs,
): Promise<Result<Payment, Refusal>> {
  const outcome = await awaitOutcome(deps, earlier, deadline);
  if (outcome?.status !== 'SIGNED') return refuse({ reason: 'busy', what: 'payment' });
  return outcome.requestHash === requestHash ? ok(outcome) : refuse(toAmbiguity(outcome));
}

function toAmbiguity({ id, amount, offer }: Payment): Refusal {
  const paid = `payment ${id} of USD ${formatUsd(amount)} to ${offer.payTo}`;
  return {
    reason: 'invalid_challenge',
    code: 'ambiguous_challenge',
    input: protocolOf(offer).inputName,
    field: '',
    message: `The challenge was paid in this session already, with other terms or from another wallet: ${paid}. Ask the seller for another one`,
  };
}

function keyOf({ managerId, sessionId }: Payment, name: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify(['purchase', managerId, sessionId, ...name]))
    .digest('hex');
}
