/** Spend policy: documents, facts and counters in, verdicts out. No clock, no store. Other rooms use these names only. */
export * from './document.ts';
export type { DeclaredFacts, PolicyFacts, VerifiedFacts } from './facts.ts';
export { judgeCounters, mergeCharges, refuseCharge, type Charge, type CounterKey } from './charges.ts';
export { parseDenyFeed, type DenyFeed, type FeedLookup } from './feeds.ts';
export { formatPolicy, formatPolicyText, hashPolicy, nameOfRule, parsePolicyText } from './hash.ts';
export { parseHostPattern, parsePlace, statedPlace } from './hosts.ts';
export { judge } from './judge.ts';
export { createPolicyCache, preparePolicy, type PreparedPolicy } from './prepare.ts';
export { POLICY_CODES } from './refusal.ts';
