import type { OfferBase } from '../../../../domain/payment/shapes.ts';
import { ok } from '../../../../domain/result.ts';
import { checkPaymentFlow } from '../../payment-flow.ts';
import { facilitatorOf, tracePermit } from '../../permit.ts';
import { refuseChallenge } from '../../refusal.ts';
import type { BuyerScheme } from '../../scheme.ts';

/** An x402 entry of scheme `exact` on EVM that is paid through Permit2: the seller gets the amount, no more and no less. */
export interface ExactPermit2Offer extends OfferBase {
  readonly protocol: 'x402';
  readonly version: '2';
  readonly scheme: 'exact';
  readonly transferMethod: 'permit2';
  readonly kind: 'purchase';
}

export const NAME = { protocol: 'x402', scheme: 'exact', transferMethod: 'permit2' } as const;

/** @see https://github.com/x402-foundation/x402/blob/main/specs/schemes/exact/scheme_exact_evm.md */
export const exactPermit2Buying: BuyerScheme<'x402/exact/permit2'> = {
  ...NAME,
  read: ({ version, ...fields }, extra) => {
    if (version !== '2') {
      const message = `Payment extra.assetTransferMethod 'permit2' is only supported on x402 protocol version 2. Received: version ${version}`;
      return refuseChallenge('unsupported_transfer_method', 'payload.extra.assetTransferMethod', message);
    }
    const flow = checkPaymentFlow(extra);
    return flow.ok ? ok({ ...NAME, kind: 'purchase', version, ...fields }) : flow;
  },
  recognize: (payload) => (facilitatorOf(payload) === null ? {} : null),
  extraOf: () => ({ assetTransferMethod: NAME.transferMethod }),
  trace: tracePermit,
};
