import { createHash } from 'node:crypto';
import type { PaymentId } from '../../domain/ids.ts';
import type { Hex } from '../../domain/payment/shapes.ts';

/**
 * The 32 bytes that make an authorization single on its chain. Derived and not drawn: books that were restored to an instant
 * before a payment make the same bytes for it again, so that the chain settles one of the two authorizations at most.
 */
export function deriveUniqueness(deploymentId: string, paymentId: PaymentId): Hex {
  return `0x${createHash('sha256').update(`bursar/1/${deploymentId}/${paymentId}`).digest('hex')}`;
}
