import type { Payment } from '../../domain/payment/payment.ts';
import type { Refusal } from '../../domain/refusal.ts';
import type { Result } from '../../domain/result.ts';
import type { EpochMs } from '../../domain/time.ts';
import { schemeOf } from '../../protocols/catalogue.ts';
import type { FirstPurchaseDeps } from './named-purchase.ts';

/** `answerOfNamed`, loaded when a protocol gives a purchase a name; `null` at once where it does not. */
export async function answerOfFirst(
  deps: FirstPurchaseDeps,
  payment: Payment,
  deadline: EpochMs,
): Promise<Result<Payment, Refusal> | null> {
  const name = schemeOf(payment.offer).purchase?.(payment.offer);
  if (name === undefined) return null;
  const { answerOfNamed } = await import('./named-purchase.ts');
  return answerOfNamed(deps, payment, name, deadline);
}
