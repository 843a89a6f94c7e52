/** Spend policy: documents, facts and counters in, verdicts out. No clock, no store. Other rooms use these names only. */
export * from './document.ts';
export type { DeclaredFacts, PolicyFacts, VerifiedFacts } from './facts.ts';
export { breakerOf } from './breaker.ts';
export type { Pin } from './call.ts';
export { judgeCounters, mergeCharges, refuseCharge, type Charge, type CounterKey, type Tally } from './charges.ts';
export { parseDenyFeed, type DenyFeed, type FeedCheck, type FeedLookup } from './feeds.ts';
export { formatPolicy, formatPolicyText, hashPolicy, nameOfRule, parsePolicyText } from './hash.ts';
export { parseHostPattern, parsePlace, resourceOf, statedPlace } from './hosts.ts';
export { judge, talliesOf, type PolicyAllowance } from './judge.ts';
export { createPolicyCache, preparePolicy, type PreparedPolicy } from './prepare.ts';
export { POLICY_CODES } from './refusal.ts';
export { refuseOtherPayee } from './rules/places.ts';
