import { NETWORKS } from '../../domain/assets.ts';
import type { OfferFlaw } from '../../domain/offers/verdict.ts';
import type { Offer } from '../../domain/payment/shapes.ts';
import type { TokenFinder } from '../../domain/tokens/finder.ts';
import type { PaymentChallenge } from './challenge.ts';
import { MPP_METHODS } from './methods/catalogue.ts';
import { parseChallenges, readChallengeOffer } from './read-challenge.ts';

/** A challenge of a 402, read whatever is wrong with it. */
export interface ReadCharge {
  /** As the seller wrote it; `null` where it cannot be told. */
  readonly entry: PaymentChallenge | null;
  readonly offer: Offer | null;
  readonly flaw: OfferFlaw | null;
}

const ALL_NETWORKS: ReadonlySet<string> = new Set(NETWORKS.map(({ id }) => id));

/** Reads all challenges of MPP of a 402, with the reason why one is not to be paid by anybody. */
export function readCharges(authenticate: string, tokens?: TokenFinder): readonly ReadCharge[] {
  return parseChallenges(authenticate).map((challenge) => {
    const read = challenge.ok
      ? readChallengeOffer(challenge.value, '1', { methods: MPP_METHODS, networks: ALL_NETWORKS, tokens })
      : challenge;
    return {
      entry: challenge.ok ? challenge.value : null,
      offer: read.ok ? read.value : null,
      flaw: read.ok ? null : { code: read.error.code, reason: read.error.message },
    };
  });
}

/** The header of one challenge, as AgentCore's wire carries it. */
export function formatChallenge(challenge: PaymentChallenge): string {
  const params = Object.entries(challenge).map(
    ([name, value]) => `${name}="${String(value).replace(/[\\"]/g, String.raw`\$&`)}"`,
  );
  return `Payment ${params.join(', ')}`;
}
