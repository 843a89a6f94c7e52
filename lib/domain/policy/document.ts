import type { MicroUsd } from '../money.ts';

/** Rules of one document. */
export const POLICY_RULES_MAX = 64;
/** Rules of one document that keep counters: each takes room in the one write that reserves a payment. */
export const POLICY_COUNTING_RULES_MAX = 16;
/** Entries of one list of a rule. */
export const POLICY_LIST_MAX = 200;
export const POLICY_VALUE_MAX_CHARS = 256;
export const POLICY_NAME_MAX_CHARS = 64;
export const POLICY_ZONE_MAX_CHARS = 64;
export const POLICY_RATE_SECONDS_MAX = 86_400;
/**
 * A rate over a shorter time is counted in an item of its own. A session that held a part of each of many short times would soon have
 * no place for another counter, and getting a part would cost more than what is spent of it.
 */
export const POLICY_RATE_WINDOW_SECONDS_MIN = 3_600;
/** Imported lists that one document may name: a payment's receipt says of each that it was held against it. */
export const POLICY_FEEDS_MAX = 4;
/** Of the file of a list, so that a request holds it; a list that is longer is imported as several feeds. */
export const FEED_MAX_CHARS = 48 * 1024;
export const POLICY_COUNT_MAX = 1_000_000_000;
export const POLICY_PERCENT_MAX = 10_000;
export const POLICY_VALIDITY_SECONDS_MAX = 86_400;

/** Whose policy a document is, from the widest to the narrowest. */
export const POLICY_SCOPES = ['deployment', 'manager', 'user', 'agent', 'session'] as const;
export type PolicyScope = (typeof POLICY_SCOPES)[number];

/**
 * A spend policy. The policies of all scopes hold at once: a payment is allowed where every rule of each of them allows it, so
 * that the tightest wins and one more rule never allows more.
 */
export interface PolicyDocument {
  readonly version: 1;
  readonly rules: readonly Rule[];
}

interface Named {
  /** What refusals call the rule; unique in its document. @default - made from what the rule says */
  readonly name?: string | undefined;
}

/** Exactly one of them. */
type Maximum =
  | { readonly max: MicroUsd; readonly maxCount?: undefined }
  | { readonly max?: undefined; readonly maxCount: number };

/** For whom a counting rule holds. @default - for each of them, with a counter of their own */
interface Only {
  readonly only?: readonly string[] | undefined;
}

interface Lists {
  /** Nothing else is allowed. */
  readonly allow?: readonly string[] | undefined;
  /** None of these is allowed, whatever `allow` says. */
  readonly deny?: readonly string[] | undefined;
}

/** Facts of which a rule lists what is allowed or denied, by the rule's kind. Origins have their own form. */
export const LISTED_FACTS = {
  payees: 'payee',
  networks: 'network',
  assets: 'asset',
  protocols: 'protocol',
  schemes: 'scheme',
  transferMethods: 'transferMethod',
  facilitators: 'facilitator',
  paymentFlows: 'paymentFlow',
  wallets: 'instrumentId',
  principals: 'principal',
  tools: 'tool',
  agents: 'agentName',
} as const;
export type ListKind = keyof typeof LISTED_FACTS;

export const CAP_SUBJECTS = ['payee', 'tool', 'agent', 'asset', 'protocol'] as const;
export const WINDOW_SUBJECTS = ['user', 'agent', 'payee', 'tool', 'manager'] as const;
export const RATE_SUBJECTS = [...WINDOW_SUBJECTS, 'session'] as const;
export const WINDOW_PERIODS = ['hour', 'day', 'week', 'month'] as const;
export type WindowPeriod = (typeof WINDOW_PERIODS)[number];

export type PerPaymentRule = Named & { readonly kind: 'perPayment'; readonly max: MicroUsd };
export type ListRule = { [K in ListKind]: Named & Lists & { readonly kind: K } }[ListKind];
/** Entries are host patterns: `api.example.com`, `*.example.com` for its proper subdomains, each with scheme and port if need be. */
export type OriginsRule = Named & Lists & { readonly kind: 'origins' };
/** Within one session. */
export type SessionCapRule = Named &
  Only &
  Maximum & { readonly kind: 'sessionCap'; readonly of: (typeof CAP_SUBJECTS)[number] };
/** Across sessions, by the calendar of a time zone. Weeks begin on Monday. */
export type WindowRule = Named &
  Only &
  Maximum & {
    readonly kind: 'window';
    readonly of: (typeof WINDOW_SUBJECTS)[number];
    readonly every: WindowPeriod;
    /** An IANA name, such as `Europe/Berlin`. */
    readonly timeZone: string;
  };
/**
 * Across sessions, in buckets that begin at whole multiples of their length since 1970. Around the end of a bucket twice the
 * maximum may fall into a time of its length.
 */
export type RateRule = Named &
  Only &
  Maximum & { readonly kind: 'rate'; readonly of: (typeof RATE_SUBJECTS)[number]; readonly perSeconds: number };
/** How often a user may pay for one request: the same method, URL, body and terms. In buckets, as a rate. */
export type SameRequestRule = Named & {
  readonly kind: 'sameRequest';
  readonly maxCount: number;
  readonly perSeconds: number;
};
/** Nothing to a payee or a host of a list that the deployment imports. */
export type DenyFeedRule = Named & { readonly kind: 'denyFeed'; readonly feed: string };
/** On one network, an origin is paid to the payee that the user first paid it to. */
export type PinPayeeRule = Named & { readonly kind: 'pinPayee' };
export type ValidityRule = Named & { readonly kind: 'validity'; readonly maxSeconds: number };
/** Nothing on this network, or in this asset; where both are given, nothing in this asset on this network. */
export type FreezeRule = Named & {
  readonly kind: 'freeze';
  readonly network?: string | undefined;
  readonly asset?: string | undefined;
};
/** How far a price may be from the last one that the user paid for the same origin and path, up or down. */
export type PriceChangeRule = Named & { readonly kind: 'priceChange'; readonly maxPercent: number };
/** Nothing to an origin where the user's payments brought nothing, for a while. Advice: the reports are the callers' word. */
export type BreakerRule = Named & { readonly kind: 'breaker' };
/** What a call has to state. Without this rule an agent could get around others by leaving out a fact. */
export type RequireRule = Named & { readonly kind: 'require'; readonly facts: readonly RequirableFact[] };

export const REQUIRABLE_FACTS = ['tool', 'origin', 'url', 'method', 'bodyHash', 'agentName', 'intent'] as const;
export type RequirableFact = (typeof REQUIRABLE_FACTS)[number];

export type CountingRule = SessionCapRule | WindowRule | RateRule | SameRequestRule;
export type Rule =
  | PerPaymentRule
  | ListRule
  | OriginsRule
  | CountingRule
  | DenyFeedRule
  | PinPayeeRule
  | ValidityRule
  | FreezeRule
  | PriceChangeRule
  | BreakerRule
  | RequireRule;
export type RuleKind = Rule['kind'];

const COUNTING_KINDS: ReadonlySet<RuleKind> = new Set(['sessionCap', 'window', 'rate', 'sameRequest']);

export function isCountingRule(rule: Pick<Rule, 'kind'>): rule is CountingRule {
  return COUNTING_KINDS.has(rule.kind);
}

/**
 * The policy of a deployment that chose none: a seller does its work before it is paid. `upfront` pays even where the seller
 * then fails, and `escrow` locks money up with a third party; a deployment that wants them lists them in its policy.
 */
export const DEFAULT_DEPLOYMENT_POLICY: PolicyDocument = {
  version: 1,
  rules: [{ kind: 'paymentFlows', name: 'work-before-payment', allow: ['authorization'] }],
};
