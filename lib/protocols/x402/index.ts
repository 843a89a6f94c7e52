import type { Offer } from '../../domain/payment/payment.ts';
import { ok, type Result } from '../../domain/result.ts';
import { isRecord, memberOf } from '../../json/record.ts';
import { formatReceived } from '../../json/quotation.ts';
import { parseRequirement, type ReadContext } from './requirement.ts';
import { allowanceLimitOf } from './allowance-limit.ts';
import { refuseChallenge, type ChallengeRefusal } from './refusal.ts';

/** AgentCore's `paymentInput` is a union: exactly one member, the one that the payment type names. */
function parseUnion(paymentInput: unknown): Result<object, ChallengeRefusal> {
  const input = memberOf(paymentInput, 'cryptoX402');
  if (!isRecord(input)) {
    const message = `paymentInput.cryptoX402 is required for payment type CRYPTO_X402. Received: ${formatReceived(input)}. Expected: an object with version and payload`;
    return refuseChallenge('input_missing', '', message);
  }
  const others = Object.entries(paymentInput as object).filter(
    ([name, value]) => name !== 'cryptoX402' && value != null,
  );
  if (others.length === 0) return ok(input);
  const message = `paymentInput must hold exactly one member. Received: cryptoX402 and ${formatReceived(others[0]?.[0])}. Expected: cryptoX402`;
  return refuseChallenge('ambiguous_input', '', message);
}

/** Reads `paymentInput.cryptoX402`: version, one entry of the seller's `accepts`, and a limit for the approval of a ceiling, which others see to. */
export function parseX402Input(paymentInput: unknown, context: ReadContext): Result<Offer, ChallengeRefusal> {
  const union = parseUnion(paymentInput);
  if (!union.ok) return union;
  const input = union.value;
  const offer = parseRequirement({ version: memberOf(input, 'version'), payload: memberOf(input, 'payload') }, context);
  const limit = allowanceLimitOf(paymentInput);
  if (!offer.ok || limit === undefined) return offer;
  if (offer.value.scheme === context.schemes.withAllowance) return limited(offer.value, limit, context);
  const message = `permit2AllowanceLimit is only supported for payment scheme '${context.schemes.withAllowance}'. Received scheme: ${offer.value.scheme}`;
  return refuseChallenge('allowance_without_upto', 'permit2AllowanceLimit', message);
}

function limited(
  offer: Offer,
  limit: bigint | null,
  { approvals = null }: Pick<ReadContext, 'approvals'>,
): Result<Offer, ChallengeRefusal> {
  const field = 'permit2AllowanceLimit';
  if (limit === null) {
    const message = `${field} must be a whole number in the token's smallest unit, as text of 1 to 78 digits`;
    return refuseChallenge('allowance_unsupported', field, message);
  }
  if (approvals === 'sent' && offer.token === undefined) return ok(offer);
  const why = approvals === null ? 'this deployment sends no approvals' : 'approvals are sent for USDC alone';
  const message = `${field} is not supported: ${why}. Approve the Permit2 contract from the wallet itself. Expected: no such member`;
  return refuseChallenge('allowance_unsupported', field, message);
}
