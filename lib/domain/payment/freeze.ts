import type { EpochMs } from '../time.ts';
import type { Payment } from './payment.ts';
import type { Offer } from './shapes.ts';

/** What may be frozen besides the whole deployment, each within one payment manager. */
export const FREEZE_SCOPES = ['manager', 'user', 'agent', 'session', 'instrument', 'payee', 'asset'] as const;
export type FreezeScope = (typeof FREEZE_SCOPES)[number];

/** One thing that is frozen. Whether it exists is not asked: a payee never does, and what is being made right now should stop too. */
export type FreezeSubject = { readonly managerId: string } & FreezeNames;

/** What is frozen, within its manager. */
export type FreezeNames =
  | { readonly scope: 'manager' }
  | { readonly scope: 'user'; readonly userId: string }
  /** By the name that calls state. */
  | { readonly scope: 'agent'; readonly agentName: string }
  | { readonly scope: 'session'; readonly sessionId: string }
  | { readonly scope: 'instrument'; readonly instrumentId: string }
  /** As offers have it: of an EVM chain with its checksum. */
  | { readonly scope: 'payee'; readonly payTo: string }
  /** A token's contract on a network, by its CAIP-2 id. */
  | { readonly scope: 'asset'; readonly network: string; readonly asset: string };

/** What is frozen, as calls and events name it; how a token is named is for each of them to say. */
export function publicNames(subject: Exclude<FreezeSubject, { readonly scope: 'asset' }>) {
  switch (subject.scope) {
    case 'manager':
      return {};
    case 'user':
      return { userId: subject.userId };
    case 'agent':
      return { agentName: subject.agentName };
    case 'session':
      return { paymentSessionId: subject.sessionId };
    case 'instrument':
      return { paymentInstrumentId: subject.instrumentId };
    case 'payee':
      return { payTo: subject.payTo };
  }
}

/** One text for each subject. What a caller chose stands last and alone may hold `#`. */
export function freezeKey(subject: FreezeSubject): string {
  return keyOf(subject.managerId, subject.scope, ...namesOf(subject));
}

function keyOf(managerId: string, scope: FreezeScope, ...names: readonly string[]): string {
  return [scope, managerId, ...names].join('#');
}

function namesOf(subject: FreezeSubject): readonly string[] {
  switch (subject.scope) {
    case 'manager':
      return [];
    case 'user':
      return [subject.userId];
    case 'agent':
      return [subject.agentName];
    case 'session':
      return [subject.sessionId];
    case 'instrument':
      return [subject.instrumentId];
    case 'payee':
      return [subject.payTo];
    case 'asset':
      return [subject.network, subject.asset];
  }
}

/** Reads what `freezeKey` wrote; `null` for a text that it never writes. */
export function parseFreezeKey(key: string): FreezeSubject | null {
  const [scope, managerId, ...rest] = key.split('#');
  const name = rest.join('#');
  if (managerId === undefined) return null;
  switch (scope) {
    case 'manager':
      return { scope, managerId };
    case 'user':
      return { scope, managerId, userId: name };
    case 'agent':
      return { scope, managerId, agentName: name };
    case 'session':
      return { scope, managerId, sessionId: name };
    case 'instrument':
      return { scope, managerId, instrumentId: name };
    case 'payee':
      return { scope, managerId, payTo: name };
    case 'asset':
      return { scope, managerId, network: rest[0] ?? '', asset: rest[1] ?? '' };
    default:
      return null;
  }
}

/** What is frozen and since when, by `freezeKey`. */
export type Freezes = ReadonlyMap<string, EpochMs>;

type OfferFacts = Pick<Offer, 'payTo' | 'network' | 'asset'>;

/** What a payment has to do with freezes. */
export interface FreezeFacts {
  readonly managerId: string;
  readonly userId: string;
  readonly sessionId: string;
  readonly instrumentId: string;
  /** Of the call, and of the one that began the payment. */
  readonly agentNames: readonly (string | null)[];
  /** Missing where none is chosen yet. */
  readonly offer?: OfferFacts;
}

export interface Freeze {
  readonly scope: FreezeScope;
  readonly since: EpochMs;
}

/** The widest freeze that a payment falls under; `null`: none. */
export function findFreeze(freezes: Freezes, facts: FreezeFacts): Freeze | null {
  const { managerId, userId, sessionId, instrumentId, agentNames, offer } = facts;
  return (
    firstFrozen(freezes, managerId, [
      ['manager'],
      ['user', userId],
      // No agent has the empty name.
      ...agentNames.map((name) => ['agent', name ?? ''] as const),
      ['session', sessionId],
      ['instrument', instrumentId],
    ]) ?? (offer === undefined ? null : findOfferFreeze(freezes, managerId, offer))
  );
}

/** The freeze of an offer's payee, or else of its token. */
export function findOfferFreeze(
  freezes: Freezes,
  managerId: string,
  { payTo, network, asset }: OfferFacts,
): Freeze | null {
  return firstFrozen(freezes, managerId, [
    ['payee', payTo],
    ['asset', network, asset],
  ]);
}

function firstFrozen(
  freezes: Freezes,
  managerId: string,
  parts: readonly (readonly [FreezeScope, ...string[]])[],
): Freeze | null {
  for (const [scope, ...names] of parts) {
    const since = freezes.get(keyOf(managerId, scope, ...names));
    if (since !== undefined) return { scope, since };
  }
  return null;
}

/** @param agentName of the call that carries the payment on, which may name another agent than the one that began it */
export function freezeFactsOf(payment: Payment, agentName: string | null): FreezeFacts {
  return { ...payment, agentNames: [payment.agentName, agentName] };
}
