import { readAuthorizationState } from '../../../../chains/evm/authorization-state.ts';
import {
  coveredByTransfer,
  freezeTransfer,
  packTransferTerms,
  presentTransfer,
  showTransferTerms,
  tokenOf,
  transferMessage,
  unpackTransferTerms,
  type Eip3009Terms,
} from '../../../../chains/evm/eip3009.ts';
import type { Hex, OfferBase } from '../../../../domain/payment/shapes.ts';
import { ok } from '../../../../domain/result.ts';
import { formatReceived } from '../../../../json/quotation.ts';
import { memberOf } from '../../../../json/record.ts';
import { refuseChallenge } from '../../refusal.ts';
import type { X402Scheme, X402Version } from '../../scheme.ts';

/** An x402 entry of scheme `exact` on EVM that is paid by EIP-3009: the seller gets the amount, no more and no less. */
export interface ExactEip3009Offer extends OfferBase {
  readonly protocol: 'x402';
  readonly version: X402Version;
  readonly scheme: 'exact';
  readonly transferMethod: 'eip3009';
  readonly kind: 'purchase';
}

declare module '../../../../domain/payment/shapes.ts' {
  interface SchemeShapes {
    'x402/exact/eip3009': { readonly offer: ExactEip3009Offer; readonly terms: Eip3009Terms };
  }
}

const NAME = { protocol: 'x402', scheme: 'exact', transferMethod: 'eip3009' } as const;

/** Throws on a version that this release does not know: the item is then a later release's. */
function versionOf({ version }: Pick<OfferBase, 'version'>): X402Version {
  if (version !== '1' && version !== '2') throw new Error(`a stored payment has the unknown x402 version '${version}'`);
  return version;
}

function isHex(value: unknown): value is Hex {
  return typeof value === 'string' && value.startsWith('0x');
}

/** @see https://github.com/x402-foundation/x402/blob/main/specs/schemes/exact/scheme_exact_evm.md */
export const exactEip3009: X402Scheme<'x402/exact/eip3009'> = {
  ...NAME,
  facts: 'none',
  read: (fields, extra) => {
    const flow = memberOf(extra, 'paymentFlow');
    if (flow !== undefined && flow !== null && flow !== 'authorization') {
      const message = `Payment extra.paymentFlow is not supported. Received: ${formatReceived(flow)}. Expected: authorization, which settles after the seller has done its work`;
      return refuseChallenge('unsupported_payment_flow', 'payload.extra.paymentFlow', message);
    }
    return ok({ ...NAME, kind: 'purchase', ...fields });
  },
  ceiling: (offer) => ({ asset: tokenOf(offer), amount: offer.amount }),
  freeze: freezeTransfer,
  covered: (offer) => ({ ...NAME, ...coveredByTransfer(offer) }),
  show: showTransferTerms,
  messages: (offer, terms) => [transferMessage(offer, terms)],
  present: presentTransfer,
  trace: ({ payload, network }, rpc) => {
    const authorization = memberOf(payload, 'authorization');
    const [from, nonce, validBefore] = ['from', 'nonce', 'validBefore'].map((name) => memberOf(authorization, name));
    if (!isHex(from) || !isHex(nonce) || typeof validBefore !== 'string' || !/^[0-9]{1,15}$/.test(validBefore))
      return null;
    const token = network.usdc.address;
    return readAuthorizationState(rpc, { token, from, nonce, validBefore: Number(validBefore) });
  },
  pack: (_offer, terms) => ({ offer: {}, terms: packTransferTerms(terms) }),
  unpack: (common, { terms }) => ({
    offer: { ...common, ...NAME, kind: 'purchase', version: versionOf(common) },
    terms: unpackTransferTerms(terms),
  }),
};
