import { toBaseUnits } from '../../lib/domain/money.ts';
import type { Payment } from '../../lib/domain/payment/payment.ts';

export const FACILITATOR = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';

/** The same payment, signed by Permit2 with a ceiling of which a facilitator takes what was used. */
export function ceilingOf(payment: Payment, amount: bigint): Payment {
  return {
    ...payment,
    offer: {
      ...payment.offer,
      scheme: 'upto',
      transferMethod: 'permit2',
      amount: toBaseUnits(amount),
      facilitator: FACILITATOR,
    } as Payment['offer'],
  };
}
