import type { Hex, OfferBase } from '../../../../domain/payment/shapes.ts';
import { ok } from '../../../../domain/result.ts';
import { isRecord, memberOf } from '../../../../json/record.ts';
import { checkPaymentFlow } from '../../payment-flow.ts';
import { refuseChallenge } from '../../refusal.ts';
import type { BuyerScheme, X402Version } from '../../scheme.ts';

/** An x402 entry of scheme `exact` on EVM that is paid by EIP-3009: the seller gets the amount, no more and no less. */
export interface ExactEip3009Offer extends OfferBase {
  readonly protocol: 'x402';
  readonly version: X402Version;
  readonly scheme: 'exact';
  readonly transferMethod: 'eip3009';
  readonly kind: 'purchase';
}

export const NAME = { protocol: 'x402', scheme: 'exact', transferMethod: 'eip3009' } as const;

function isHex(value: unknown): value is Hex {
  return typeof value === 'string' && value.startsWith('0x');
}

/** @see https://github.com/x402-foundation/x402/blob/main/specs/schemes/exact/scheme_exact_evm.md */
export const exactEip3009Buying: BuyerScheme<'x402/exact/eip3009'> = {
  ...NAME,
  read: (fields, extra) => {
    if (fields.token?.domainName === null) {
      const message = `Payment asset ${fields.token.symbol} has no EIP-3009`;
      return refuseChallenge('unsupported_transfer_method', 'payload.extra.assetTransferMethod', message);
    }
    const flow = checkPaymentFlow(extra);
    if (!flow.ok) return flow;
    return ok({ ...NAME, kind: 'purchase', ...fields });
  },
  recognize: (payload) => (isRecord(memberOf(payload, 'authorization')) ? {} : null),
  extraOf: () => ({}),
  trace: ({ payload, token }, rpc) => {
    const authorization = memberOf(payload, 'authorization');
    const [from, nonce, validBefore] = ['from', 'nonce', 'validBefore'].map((name) => memberOf(authorization, name));
    if (!isHex(from) || !isHex(nonce) || typeof validBefore !== 'string' || !/^[0-9]{1,15}$/.test(validBefore))
      return null;
    const asked = { token, from, nonce, validBefore: Number(validBefore) };
    return import('../../../../chains/evm/authorization-state.ts').then(({ readAuthorizationState }) =>
      readAuthorizationState(rpc, asked),
    );
  },
};
