import type { Offer } from '../../domain/payment/payment.ts';
import { ok, type Result } from '../../domain/result.ts';
import { isRecord, memberOf } from '../../json/record.ts';
import { formatReceived } from '../../json/quotation.ts';
import { parseRequirement, type ReadContext } from './requirement.ts';
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

/** Reads `paymentInput.cryptoX402`: version, one entry of the seller's `accepts`, and no allowance limit: Bursar sends no approval to a chain. */
export function parseX402Input(paymentInput: unknown, context: ReadContext): Result<Offer, ChallengeRefusal> {
  const union = parseUnion(paymentInput);
  if (!union.ok) return union;
  const input = union.value;
  const offer = parseRequirement({ version: memberOf(input, 'version'), payload: memberOf(input, 'payload') }, context);
  if (!offer.ok || memberOf(input, 'permit2AllowanceLimit') === undefined) return offer;
  if (offer.value.scheme === context.schemes.withAllowance) {
    const message =
      'permit2AllowanceLimit is not supported: approve the Permit2 contract from the wallet itself. Expected: no such member';
    return refuseChallenge('allowance_unsupported', 'permit2AllowanceLimit', message);
  }
  const message = `permit2AllowanceLimit is only supported for payment scheme '${context.schemes.withAllowance}'. Received scheme: ${offer.value.scheme}`;
  return refuseChallenge('allowance_without_upto', 'permit2AllowanceLimit', message);
}
