import type { OfferBase } from '../../../../domain/payment/shapes.ts';
import type { PaymentChallenge } from '../../challenge.ts';
import type { MppVersion } from '../../method.ts';

/** A challenge of MPP's intent `charge` by the method `evm`, paid by an EIP-3009 authorization: the seller gets the amount, no more and no less. */
export interface EvmChargeOffer extends OfferBase {
  readonly protocol: 'mpp';
  readonly version: MppVersion;
  readonly scheme: 'charge';
  readonly transferMethod: 'eip3009';
  readonly kind: 'purchase';
  /** As the seller wrote it. */
  readonly challenge: PaymentChallenge;
}

export const NAME = { protocol: 'mpp', scheme: 'charge', transferMethod: 'eip3009' } as const;

/** The credential that Bursar makes: an EIP-3009 authorization whose nonce is the challenge's. */
export const CREDENTIAL_TYPE = 'authorization';
