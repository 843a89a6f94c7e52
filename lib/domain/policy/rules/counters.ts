import type { Call, RuleTest } from '../call.ts';
import { toCounterKey, type Charge } from '../charges.ts';
import {
  POLICY_RATE_WINDOW_SECONDS_MIN,
  type CountingRule,
  type PolicyScope,
  type RateRule,
  type SameRequestRule,
  type SessionCapRule,
  type WindowRule,
} from '../document.ts';
import { normalizeAddress, normalizeNetwork, statedText, type PolicyFacts } from '../facts.ts';
import { refuseUnstated, type RuleRef } from '../refusal.ts';
import { bucketAt, createCalendar, type Window } from '../windows.ts';
import type { EpochMs } from '../../time.ts';
import { assetSpellings, normalizeOnly } from './lists.ts';

type SubjectKind = SessionCapRule['of'] | WindowRule['of'] | RateRule['of'];
type CountedFact = 'tool' | 'agentName';

/** For whom a counter counts. */
interface Subject {
  /** What distinguishes the subject from every other. Ids that are unique only within their manager come with the manager. */
  readonly parts: readonly string[];
  /** What `only` may call it. */
  readonly names: readonly string[];
}

/** The subject of a payment; the fact that the call would have to state where there is none. */
function subjectOf(of: SubjectKind, { verified, declared }: PolicyFacts): Subject | CountedFact {
  switch (of) {
    case 'user':
      return { parts: [verified.managerId, verified.userId], names: [verified.userId] };
    case 'manager':
      return { parts: [verified.managerId], names: [verified.managerId] };
    case 'session':
      return { parts: [verified.managerId, verified.sessionId], names: [verified.sessionId] };
    case 'protocol':
      return { parts: [verified.protocol], names: [verified.protocol] };
    case 'payee': {
      const payee = normalizeAddress(verified.payee);
      return { parts: [payee], names: [payee] };
    }
    case 'asset': {
      const names = assetSpellings(verified);
      // A token that only its address names is another one on each network.
      return { parts: names.length > 1 ? [names[0]] : [normalizeNetwork(verified.network), names[0]], names };
    }
    case 'tool': {
      const tool = statedText(declared.tool);
      return tool === null ? 'tool' : { parts: [tool], names: [tool] };
    }
    case 'agent': {
      const agent = statedText(declared.agentName);
      return agent === null ? 'agentName' : { parts: [verified.managerId, agent], names: [agent] };
    }
  }
}

/** Whose policy it is, so that the policies of two users, say, do not share a counter of one payee. */
function ownerOf(scope: PolicyScope, { verified, declared }: PolicyFacts): readonly string[] {
  switch (scope) {
    case 'deployment':
      return [];
    case 'manager':
      return [verified.managerId];
    case 'user':
      return [verified.managerId, verified.userId];
    case 'agent':
      return [verified.managerId, declared.agentName ?? ''];
    case 'session':
      return [verified.managerId, verified.sessionId];
  }
}

const FACT_WORDS: Readonly<Record<CountedFact, string>> = { tool: 'tool', agentName: 'agent' };

/** How much a payment counts, and how far the counter may go. */
function measureOf(rule: CountingRule): Pick<Charge, 'unit' | 'max'> {
  return 'max' in rule && rule.max !== undefined
    ? { unit: 'usd', max: rule.max }
    : { unit: 'count', max: BigInt(rule.maxCount) };
}

interface Counter {
  /** What tells this way of counting from others. */
  readonly shape: readonly (string | number)[];
  /** `null`: a counter of the session. */
  readonly shared: Shared | null;
}

interface Shared {
  readonly kind: 'window' | 'tally';
  readonly windowAt: (time: EpochMs) => Window;
}

export function prepareSessionCap(rule: SessionCapRule, ref: RuleRef): RuleTest {
  return prepareCounting(rule, ref, { shape: ['cap'], shared: null });
}

export function prepareWindow(rule: WindowRule, ref: RuleRef): RuleTest {
  const { every, timeZone } = rule;
  return prepareCounting(rule, ref, {
    shape: ['window', every, timeZone],
    shared: { kind: 'window', windowAt: createCalendar(timeZone, every) },
  });
}

export function prepareRate(rule: RateRule, ref: RuleRef): RuleTest {
  const { perSeconds } = rule;
  return prepareCounting(rule, ref, {
    shape: ['rate', perSeconds],
    shared: {
      kind: perSeconds < POLICY_RATE_WINDOW_SECONDS_MIN ? 'tally' : 'window',
      windowAt: (time) => bucketAt(time, perSeconds),
    },
  });
}

function prepareCounting(
  rule: SessionCapRule | WindowRule | RateRule,
  ref: RuleRef,
  { shape, shared }: Counter,
): RuleTest {
  const { of } = rule;
  const only = rule.only === undefined ? null : new Set(rule.only.map((name) => normalizeOnly(of, name)));
  const measure = measureOf(rule);
  return (call) => {
    const subject = subjectOf(of, call.facts);
    if (typeof subject === 'string') {
      const says = `counts by ${FACT_WORDS[subject]}, which the call does not state`;
      return refuseUnstated(ref, subject, { state: subject, says });
    }
    if (only !== null && !subject.names.some((name) => only.has(name))) return null;
    charge(call, ref, measure, shared, [...shape, of, ...subject.parts]);
    return null;
  };
}

function charge(
  { facts, charges }: Call,
  rule: RuleRef,
  { unit, max }: Pick<Charge, 'unit' | 'max'>,
  shared: Shared | null,
  counted: readonly (string | number)[],
): void {
  const parts = [rule.scope, ...ownerOf(rule.scope, facts), unit, ...counted];
  const base = { quantity: unit === 'usd' ? facts.verified.amount : 1n, unit, max, rule };
  if (shared === null) {
    charges.push({ kind: 'session', key: toCounterKey('session', parts), ...base });
    return;
  }
  const { opensAt, closesAt } = shared.windowAt(facts.verified.time);
  const { kind } = shared;
  charges.push({ kind, key: toCounterKey(kind, [...parts, opensAt]), opensAt, closesAt, ...base });
}

export function prepareSameRequest(rule: SameRequestRule, ref: RuleRef): RuleTest {
  const measure = measureOf(rule);
  const shared: Shared = { kind: 'tally', windowAt: (time) => bucketAt(time, rule.perSeconds) };
  return (call) => {
    const { verified, declared } = call.facts;
    const method = statedText(declared.method);
    const bodyHash = statedText(declared.bodyHash);
    const url = statedText(declared.url) === null ? null : call.place()?.url;
    if (method === null || bodyHash === null || url === null || url === undefined) {
      const state = method === null ? 'method' : bodyHash === null ? 'bodyHash' : 'url';
      const says =
        'counts equal requests, and the call does not state its method, its URL in the plain form and its body';
      return refuseUnstated(ref, state, { state, says });
    }
    charge(call, ref, measure, shared, [
      'same',
      rule.perSeconds,
      verified.managerId,
      verified.userId,
      method.toUpperCase(),
      url,
      bodyHash.toLowerCase(),
      normalizeAddress(verified.payee),
      verified.amount.toString(),
      normalizeNetwork(verified.network),
      normalizeAddress(verified.asset),
    ]);
    return null;
  };
}
