import { presentTokenPermit, tokenPermitMessage } from '../../../../chains/evm/token-permit.ts';
import type { Permit2Terms } from '../../../../chains/evm/permit2.ts';
import type { Hex } from '../../../../domain/payment/shapes.ts';
import { SPONSORED_PERMIT, SPONSORED_PERMIT_VERSION } from '../../sponsored-permit.ts';
import type { ExactPermit2Offer } from './buying.ts';

// What a payment signs and shows besides, where its seller pays for the approval.

export function messages(offer: ExactPermit2Offer, terms: Permit2Terms) {
  return [tokenPermitMessage(offer, terms, offer.permitNonce!)];
}

/** @param signatures of the payment: that of the token's permit is the second */
export function present(offer: ExactPermit2Offer, terms: Permit2Terms, [, signature]: readonly Hex[]) {
  if (signature === undefined) throw new Error('a payment with a permit of the token has two signatures');
  const permit = presentTokenPermit(offer, terms, offer.permitNonce!, signature);
  return { [SPONSORED_PERMIT]: { ...permit, version: SPONSORED_PERMIT_VERSION } };
}
