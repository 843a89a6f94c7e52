import type { Charge } from './charges.ts';
import type { PolicyFacts } from './facts.ts';
import type { FeedCheck, FeedLookup } from './feeds.ts';
import { statedPlace, type Place } from './hosts.ts';
import type { PolicyRefusal, RuleRef } from './refusal.ts';

/** The payee that an origin is to be paid to from now on, if the payment is signed. */
export interface Pin {
  readonly rule: RuleRef;
  readonly origin: string;
  readonly network: string;
  readonly payee: string;
}

/** One payment that the rules judge, and what they note about it. */
export interface Call {
  readonly facts: PolicyFacts;
  readonly feeds: FeedLookup;
  /** Where the request goes, as far as the call states it; worked out once. */
  readonly place: () => Place | null;
  readonly charges: Charge[];
  readonly checks: FeedCheck[];
  readonly pins: Pin[];
}

export function createCall(facts: PolicyFacts, feeds: FeedLookup): Call {
  let place: Place | null | undefined;
  return {
    facts,
    feeds,
    place: () => (place === undefined ? (place = statedPlace(facts.declared)) : place),
    charges: [],
    checks: [],
    pins: [],
  };
}

/** A rule that is ready to judge: `null` where it has nothing against the payment. */
export type RuleTest = (call: Call) => PolicyRefusal | null;
