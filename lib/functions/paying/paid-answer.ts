import type { Payment } from '../../domain/payment/payment.ts';
import type { Randomness } from '../../domain/ports/services.ts';

/** A token that nobody knows: the call cannot be repeated. */
export function drawToken(random: Randomness): string {
  return Buffer.from(random.bytes(24)).toString('hex');
}

/** What the log line of a paid request names. */
export function toPaymentFields({ id: paymentId, managerId, sessionId, instrumentId }: Payment) {
  return { paymentId, managerId, sessionId, instrumentId };
}
