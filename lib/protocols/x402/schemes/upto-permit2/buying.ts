import type { Hex, OfferBase } from '../../../../domain/payment/shapes.ts';
import { ok, type Result } from '../../../../domain/result.ts';
import { formatReceived } from '../../../../json/quotation.ts';
import { memberOf } from '../../../../json/record.ts';
import { checkPaymentFlow } from '../../payment-flow.ts';
import { facilitatorOf, tracePermit } from '../../permit.ts';
import { refuseChallenge, type ChallengeRefusal } from '../../refusal.ts';
import type { BuyerScheme, SchemeLimits } from '../../scheme.ts';

/** An x402 entry of scheme `upto` on EVM: a facilitator takes what was used, at most the amount. */
export interface UptoPermit2Offer extends OfferBase {
  readonly protocol: 'x402';
  readonly version: '2';
  readonly scheme: 'upto';
  readonly transferMethod: 'permit2';
  readonly kind: 'purchase';
  /** The only address that can settle, and that decides how much. */
  readonly facilitator: Hex;
}

export const NAME = { protocol: 'x402', scheme: 'upto', transferMethod: 'permit2' } as const;
const FIELD = 'payload.extra.facilitatorAddress';
const ZERO_ADDRESS = `0x${'0'.repeat(40)}`;

/** @see https://github.com/x402-foundation/x402/blob/main/specs/schemes/upto/scheme_upto_evm.md */
export const uptoPermit2Buying: BuyerScheme<'x402/upto/permit2'> = {
  ...NAME,
  read: ({ version, ...fields }, extra, _network, limits) => {
    if (version !== '2') {
      const message = "Payment scheme 'upto' is only supported on x402 protocol version 2";
      return refuseChallenge('unsupported_scheme', 'payload.scheme', message);
    }
    const flow = checkPaymentFlow(extra);
    if (!flow.ok) return flow;
    const facilitator = parseFacilitator(memberOf(extra, 'facilitatorAddress'), limits);
    return facilitator.ok
      ? ok({ ...NAME, kind: 'purchase', version, ...fields, facilitator: facilitator.value })
      : facilitator;
  },
  recognize: (payload) => {
    const facilitator = facilitatorOf(payload);
    return facilitator == null ? null : { facilitator };
  },
  extraOf: ({ facilitator }) => ({ assetTransferMethod: NAME.transferMethod, facilitatorAddress: facilitator }),
  trace: tracePermit,
};

function parseFacilitator(
  received: unknown,
  { facilitators, readAddress }: SchemeLimits,
): Result<Hex, ChallengeRefusal> {
  if (received === undefined || received === null || received === '') {
    const message = "Payment extra.facilitatorAddress is required for payment scheme 'upto'";
    return refuseChallenge('facilitator_missing', FIELD, message);
  }
  const address = typeof received === 'string' ? readAddress(received) : null;
  if (address === null || address === ZERO_ADDRESS) {
    const message = `Payment extra.facilitatorAddress is invalid. Received: ${formatReceived(received)}. Expected: 0x and 40 hexadecimal digits, in one case or with their EIP-55 checksum`;
    return refuseChallenge('invalid_facilitator', FIELD, message);
  }
  if (facilitators === null || facilitators.has(address)) return ok(address);
  const allowed = facilitators.size === 0 ? 'none is allowed in this deployment' : [...facilitators].join(', ');
  const message = `Payment extra.facilitatorAddress is not a facilitator that this deployment lets decide how much is taken. Received: ${address}. Allowed: ${allowed}`;
  return refuseChallenge('unsupported_facilitator', FIELD, message);
}
