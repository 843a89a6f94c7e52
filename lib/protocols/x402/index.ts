import type { Offer } from '../../domain/payment/payment.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import { isRecord, memberOf } from '../../json/record.ts';
import { formatReceived } from '../../json/quotation.ts';
import { digestOf, presentProof } from '../../chains/evm/eip3009.ts';
import { parseRequirement, type AllowedNetworks, type ChallengeRefusal } from './requirement.ts';

/** AgentCore's `paymentInput` is a union: exactly one member, the one that the payment type names. */
function parseUnion(paymentInput: unknown): Result<object, ChallengeRefusal> {
  const input = memberOf(paymentInput, 'cryptoX402');
  if (!isRecord(input)) {
    const message = `paymentInput.cryptoX402 is required for payment type CRYPTO_X402. Received: ${formatReceived(input)}. Expected: an object with version and payload`;
    return refuse({ reason: 'invalid_challenge', code: 'input_missing', field: '', message });
  }
  const others = Object.entries(paymentInput as object).filter(
    ([name, value]) => name !== 'cryptoX402' && value != null,
  );
  if (others.length === 0) return ok(input);
  const message = `paymentInput must hold exactly one member. Received: cryptoX402 and ${formatReceived(others[0]?.[0])}. Expected: cryptoX402`;
  return refuse({ reason: 'invalid_challenge', code: 'ambiguous_input', field: '', message });
}

/** Reads `paymentInput.cryptoX402`: version, one entry of the seller's `accepts`, and no allowance limit with `exact`. */
function parse(paymentInput: unknown, allowed: AllowedNetworks): Result<Offer, ChallengeRefusal> {
  const union = parseUnion(paymentInput);
  if (!union.ok) return union;
  const input = union.value;
  const offer = parseRequirement({ version: memberOf(input, 'version'), payload: memberOf(input, 'payload') }, allowed);
  if (!offer.ok || memberOf(input, 'permit2AllowanceLimit') === undefined) return offer;
  const message = `permit2AllowanceLimit is only supported for payment scheme 'upto'. Received scheme: ${offer.value.scheme}`;
  return refuse({
    reason: 'invalid_challenge',
    code: 'allowance_without_upto',
    field: 'permit2AllowanceLimit',
    message,
  });
}

/** x402, versions 1 and 2, scheme `exact` on EVM. */
export const x402 = { id: 'x402', inputName: 'cryptoX402', parse, digest: digestOf, present: presentProof } as const;
