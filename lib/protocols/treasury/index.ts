import {
  coveredByTransfer,
  freezeTransfer,
  packTransferTerms,
  presentTransfer,
  showTransferTerms,
  tokenOf,
  transferMessage,
  unpackTransferTerms,
  type Eip3009Payload,
  type Eip3009Terms,
} from '../../chains/evm/eip3009.ts';
import type { OfferBase, Signature } from '../../domain/payment/shapes.ts';
import type { Scheme } from '../../domain/ports/schemes.ts';

/** Money that leaves a wallet for an address of its owner: nobody offered anything, and no seller is involved. */
export interface TreasuryTransfer extends OfferBase {
  readonly protocol: 'treasury';
  readonly version: '1';
  readonly scheme: 'transfer';
  readonly transferMethod: 'eip3009';
  readonly kind: 'transfer';
}

declare module '../../domain/payment/shapes.ts' {
  interface SchemeShapes {
    'treasury/transfer/eip3009': { readonly offer: TreasuryTransfer; readonly terms: Eip3009Terms };
  }
}

const NAME = {
  protocol: 'treasury',
  version: '1',
  scheme: 'transfer',
  transferMethod: 'eip3009',
  kind: 'transfer',
} as const;

/** The transfer of an amount to an address, before anything of it is frozen. */
export function toTreasuryTransfer(
  transfer: Pick<OfferBase, 'network' | 'asset' | 'amount' | 'payTo' | 'maxTimeoutSeconds'>,
): TreasuryTransfer {
  return { ...NAME, ...transfer };
}

export const treasuryTransfer: Scheme<'treasury/transfer/eip3009'> = {
  ...NAME,
  facts: 'none',
  ceiling: (offer) => ({ asset: tokenOf(offer), amount: offer.amount }),
  freeze: freezeTransfer,
  covered: (offer) => ({ ...NAME, ...coveredByTransfer(offer) }),
  show: showTransferTerms,
  messages: (offer, terms) => [transferMessage(offer, terms)],
  present: presentTransfer,
  pack: (_offer, terms) => ({ offer: {}, terms: packTransferTerms(terms) }),
  unpack: (common, { terms }) => ({ offer: { ...common, ...NAME }, terms: unpackTransferTerms(terms) }),
};

/**
 * The body of `POST /settle` of an x402 facilitator that brings a transfer to the chain. Facilitators know payments to sellers
 * only, so a transfer is presented to them as one. It holds the signature.
 * @see https://github.com/x402-foundation/x402 for version 2's payload and requirements
 */
export function toSettleRequest(offer: TreasuryTransfer, terms: Eip3009Terms, signatures: readonly Signature[]) {
  const { domainName, domainVersion } = tokenOf(offer);
  const paymentRequirements = {
    scheme: 'exact',
    network: offer.network,
    amount: offer.amount.toString(),
    asset: offer.asset,
    payTo: offer.payTo,
    maxTimeoutSeconds: offer.maxTimeoutSeconds,
    extra: { name: domainName, version: domainVersion },
  };
  const payload: Eip3009Payload = presentTransfer(offer, terms, signatures);
  return {
    x402Version: 2,
    paymentPayload: { x402Version: 2, accepted: paymentRequirements, payload },
    paymentRequirements,
  };
}
