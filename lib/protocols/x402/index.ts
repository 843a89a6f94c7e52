import type { Offer } from '../../domain/payment.ts';
import { refuse, type Result } from '../../domain/result.ts';
import { digestOf, presentProof } from './exact-evm.ts';
import { parseRequirement, type AllowedNetworks, type ChallengeRefusal } from './requirement.ts';

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

/** Reads `paymentInput.cryptoX402`: version, one entry of the seller's `accepts`, and no allowance limit with `exact`. */
function parse(paymentInput: unknown, allowed: AllowedNetworks): Result<Offer, ChallengeRefusal> {
  const input = member(paymentInput, 'cryptoX402');
  if (typeof input !== 'object' || input === null) {
    const message = 'paymentInput.cryptoX402 is required for payment type CRYPTO_X402';
    return refuse({ reason: 'invalid_challenge', code: 'input_missing', field: '', message });
  }
  const offer = parseRequirement({ version: member(input, 'version'), payload: member(input, 'payload') }, allowed);
  if (!offer.ok || member(input, 'permit2AllowanceLimit') === undefined) return offer;
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
