import type { Offer, OfferBase, SchemeKey } from '../../domain/payment/shapes.ts';
import type { Scheme } from '../../domain/ports/schemes.ts';
import type { Result } from '../../domain/result.ts';
import type { TokenFinder } from '../../domain/tokens/finder.ts';
import type { PaymentChallenge } from './challenge.ts';
import type { ChallengeRefusal } from './refusal.ts';

/** The drafts have one form on the wire; AgentCore numbers it "1" or "2". */
export type MppVersion = '1' | '2';
export type MppKey = Extract<SchemeKey, `mpp/${string}`>;

export interface ReadContext {
  /** CAIP-2 ids of the networks that may be paid on. */
  readonly networks: ReadonlySet<string>;
  /** Tokens that may be paid in besides the USDC of a network. @default - none */
  readonly tokens?: TokenFinder | undefined;
}

/** What a buyer needs of a method: to read its offers. It signs nothing. */
export interface BuyerMethod {
  readonly method: string;
  readonly intent: string;
  /** @param request the challenge's, read */
  read(
    challenge: PaymentChallenge,
    request: object,
    version: MppVersion,
    context: ReadContext,
  ): Result<Offer, ChallengeRefusal>;
}

/** The methods of MPP that a release pays. */
export type MppMethods = readonly BuyerMethod[];

/** What the payee gets to see. A bearer instrument: never log it. */
export interface PresentedCredential {
  readonly selectedPaymentId: string;
  /** `Payment` and the credential in base64url. */
  readonly paymentCredential: string;
}

/** A way to pay by MPP, whole. */
export interface MppScheme<K extends MppKey = MppKey> extends Scheme<K> {
  readonly protocol: 'mpp';
}

/** Throws on a version that this release does not know: the stored payment is then a later release's. */
export function versionOf({ version }: Pick<OfferBase, 'version'>): MppVersion {
  if (version !== '1' && version !== '2') throw new Error(`a stored payment has the unknown MPP version '${version}'`);
  return version;
}
