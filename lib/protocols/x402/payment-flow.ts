import { formatReceived } from '../../json/quotation.ts';
import { memberOf } from '../../json/record.ts';
import { ok, type Result } from '../../domain/result.ts';
import { refuseChallenge, type ChallengeRefusal } from './refusal.ts';

/** Refuses a flow in which the seller takes the money before it has done its work. */
export function checkPaymentFlow(extra: object): Result<null, ChallengeRefusal> {
  const flow = memberOf(extra, 'paymentFlow');
  if (flow === undefined || flow === null || flow === 'authorization') return ok(null);
  const message = `Payment extra.paymentFlow is not supported. Received: ${formatReceived(flow)}. Expected: authorization, which settles after the seller has done its work`;
  return refuseChallenge('unsupported_payment_flow', 'payload.extra.paymentFlow', message);
}
