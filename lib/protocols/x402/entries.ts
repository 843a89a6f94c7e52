import { NETWORKS } from '../../domain/assets.ts';
import type { OfferFlaw } from '../../domain/offers/verdict.ts';
import type { Offer } from '../../domain/payment/shapes.ts';
import type { TokenFinder } from '../../domain/tokens/finder.ts';
import { isRecord, memberOf } from '../../json/record.ts';
import { identifierFlaw } from './payment-identifier.ts';
import type { PaymentChallenge } from './payment-required.ts';
import { parseAddress } from '../../chains/evm/address.ts';
import { parseRequirement, type X402Schemes } from './requirement.ts';
import { isForRequested, type ResourceRule } from './seller-resource.ts';

/** An entry of `accepts`, read whatever is wrong with it. */
export interface ReadEntry {
  /** As the seller sent it; `null` where it is no object. */
  readonly entry: object | null;
  readonly offer: Offer | null;
  readonly flaw: OfferFlaw | null;
}

const ALL_NETWORKS: ReadonlySet<string> = new Set(NETWORKS.map(({ id }) => id));

/**
 * Reads all entries of a 402, with the reason why one is not to be paid by anybody. The same rules as `payableOffers`, which a client
 * takes that needs no reasons but the first ones.
 */
export function readEntries(
  { version, accepts, resource, extensions }: PaymentChallenge,
  options: {
    readonly schemes: X402Schemes;
    readonly requestedUrl: string;
    readonly resource: ResourceRule;
    readonly tokens?: TokenFinder | undefined;
  },
): readonly ReadEntry[] {
  // Version 1 has no place for what an extension asks for, and its sellers need none.
  const extensionFlaw = version === '2' ? identifierFlaw({ extensions }) : null;
  // Once for all entries: a long name takes its time to read.
  const isOwnDocument = isForRequested([resource], options.requestedUrl, options.resource);
  return accepts.map((entry) => {
    if (!isRecord(entry))
      return { entry: null, offer: null, flaw: { code: 'invalid_payload', reason: 'it is not an object' } };
    const parsed = parseRequirement(
      { version, payload: entry },
      { networks: ALL_NETWORKS, schemes: options.schemes, tokens: options.tokens, readAddress: parseAddress },
    );
    const offer = parsed.ok ? parsed.value : null;
    const said = [memberOf(entry, 'resource')];
    if (!isOwnDocument || !isForRequested(said, options.requestedUrl, options.resource)) {
      const reason = 'it is for a resource of another origin than the one requested';
      return { entry, offer, flaw: { code: 'foreign_resource', reason } };
    }
    if (extensionFlaw !== null) return { entry, offer, flaw: { code: 'extension_not_known', reason: extensionFlaw } };
    return { entry, offer, flaw: parsed.ok ? null : { code: parsed.error.code, reason: parsed.error.message } };
  });
}
