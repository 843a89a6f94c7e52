import type { DeclaredRequest } from '../../domain/offers/judge-offer.ts';
import type { MicroUsd } from '../../domain/money.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { TokenFinder } from '../../domain/tokens/finder.ts';
import { readChallenge, type Challenge, type ResourceRule } from '../../protocols/challenge.ts';
import { listOffers, type ListedOffer } from '../../protocols/seller-offers.ts';

/** A request that met a 402, the 402, and what the caller lets pass of it. */
export interface AskedPurchase {
  readonly sessionId: string;
  readonly instrumentId: string;
  readonly request: DeclaredRequest;
  /** As the seller sent it. Names of headers in any case; its size was bounded where the request was read. */
  readonly challenge: { readonly headers: Readonly<Record<string, string>>; readonly body: string };
  /** CAIP-2 ids; `null`: every network of the deployment. */
  readonly networks: ReadonlySet<string> | null;
  readonly maxPrice: MicroUsd | null;
  readonly resourceRule: ResourceRule;
}

/** What a 402 offers. */
export interface AskedOffers {
  readonly challenge: Challenge;
  readonly offers: readonly ListedOffer[];
}

/** Reads the 402 of a caller as widely as a client reads that of a seller. Pure; asks no store. */
export function readAsked(
  { challenge, request, resourceRule }: AskedPurchase,
  tokens: TokenFinder,
): Result<AskedOffers, Refusal> {
  const headers = new Map(Object.entries(challenge.headers).map(([name, value]) => [name.toLowerCase(), value]));
  const read = readChallenge({ headers: { get: (name) => headers.get(name) ?? null }, body: challenge.body });
  if (!read.ok) return refuse({ reason: 'challenge_unreadable', message: read.error.message });
  if (read.value === null) {
    const message = 'it speaks none of the protocols that Bursar pays by: neither its headers nor its body are of x402';
    return refuse({ reason: 'challenge_unreadable', message });
  }
  return ok({
    challenge: read.value,
    offers: listOffers(read.value, { requestedUrl: request.url, resource: resourceRule, tokens }),
  });
}
