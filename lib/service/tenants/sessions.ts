import { formatSessionId } from '../../domain/drawn-ids.ts';
import type { Arn, Deployment } from '../../domain/ids.ts';
import { formatUsd, type MicroUsd } from '../../domain/money.ts';
import type { SessionStore, SessionSummary } from '../../domain/ports/books.ts';
import type { Page, PageRequest, Randomness, UserKey } from '../../domain/ports/services.ts';
import type { PolicyDocument } from '../../domain/policy/document.ts';
import { hashPolicy } from '../../domain/policy/index.ts';
import type { PolicyKeeper } from '../../domain/ports/policies.ts';
import type { ClientTokens, Registry } from '../../domain/ports/registry.ts';
import type { Principal } from '../../domain/tenants/principal.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { SessionPins } from '../../domain/payment/pins.ts';
import { newSession } from '../../domain/payment/new-session.ts';
import type { Session } from '../../domain/payment/session.ts';
import type { Clock } from '../../domain/time.ts';
import { hashCreation, idEntropy, tokenKeyOf } from './create-once.ts';
import { findManager } from './managers.ts';
import { putPolicy } from './policies.ts';

export interface SessionsDeps {
  readonly registry: Pick<Registry, 'readManager' | 'readInstrument'>;
  readonly sessions: SessionStore;
  readonly policies: PolicyKeeper;
  readonly tokens: Pick<ClientTokens, 'bind'>;
  readonly deployment: Deployment;
  readonly clock: Clock;
  readonly random: Randomness;
  readonly defaultSessionLimit: MicroUsd | null;
  /** The largest budget that a session of this deployment may have; `null` where there is none. */
  readonly maxSessionLimit: MicroUsd | null;
  /** What a wallet's approvals may cost in a day, in wei; `null`: this deployment sends none. */
  readonly gasPerDay: bigint | null;
}

const missing = refuse({ reason: 'not_found', resource: 'session' } as const);

/** Opens a session. Without limits of its own it gets the deployment's default. The same token gives the same answer. */
export async function createSession(
  deps: SessionsDeps,
  principal: Principal,
  input: {
    readonly manager: Arn<string> | null;
    readonly expiryMinutes: number;
    readonly limit?: MicroUsd | undefined;
    /** The session's own spend policy, beside those that stand above it. */
    readonly policy?: PolicyDocument | undefined;
    /** What alone may pay within it. */
    readonly pins?: SessionPins | undefined;
    /** Whether payments within it may have approvals asked for, which its limit then bounds. */
    readonly approvals?: true | undefined;
    /** Whether payments within it are made only where the wallet holds what they take. */
    readonly balanceCheck?: true | undefined;
    readonly clientToken?: string | undefined;
    /** Who called, for the record of the policy. */
    readonly caller: string;
  },
): Promise<Result<Session, Refusal>> {
  const manager = await findManager(deps, principal, 'manage', input.manager);
  if (!manager.ok) return manager;
  const { managerId } = manager.value;
  const { userId } = principal;
  const limit = input.limit ?? deps.defaultSessionLimit;
  const tooMuch = aboveCeiling(deps.maxSessionLimit, limit);
  if (tooMuch !== null) return refuse(tooMuch);
  const { pins, approvals, balanceCheck } = input;
  const unapproved = approvals === undefined ? null : approvalFlaw(deps, limit);
  if (unapproved !== null) return refuse(unapproved);
  if (pins?.instrumentId !== undefined && !(await hasInstrument(deps, { managerId, userId }, pins.instrumentId))) {
    return refuse({ reason: 'not_found', resource: 'instrument' });
  }
  const now = deps.clock.now();
  const session = newSession({
    managerId,
    sessionId: formatSessionId(idEntropy(deps.random, ['CreatePaymentSession', managerId, userId], input.clientToken)),
    userId,
    limit,
    expiryMinutes: input.expiryMinutes,
    createdAt: now,
    pins,
    approvals,
    balanceCheck,
  });
  // Asking for the default is asking for the same, even if it changes.
  const { policy, caller, ...request } = input;
  const requestHash = hashCreation({
    ...request,
    limit: input.limit === undefined ? null : `${limit}`,
    ...(policy === undefined ? {} : { policy: hashPolicy(policy) }),
  });
  if (policy !== undefined) {
    const kept = await keepPolicy(deps, session, { ...request, requestHash, policy, caller });
    if (!kept.ok) return kept;
  }
  const outcome = await deps.sessions.createSession(session, requestHash);
  if (outcome.kind === 'created') return ok(session);
  if (outcome.requestHash !== requestHash) return refuse({ reason: 'token_reused' });
  // The answer of the first call again: as the session was when it was new.
  const { session: stored } = outcome;
  return ok(newSession({ ...stored, limit: stored.firstLimit ?? stored.limit }));
}

/**
 * Writes the policy of a session that is not there yet, so that no payment meets the one without the other. The client token is
 * bound to the request first: of two that differ in their policies one alone writes, and it makes the session.
 */
async function keepPolicy(
  deps: SessionsDeps,
  session: Session,
  request: {
    readonly requestHash: string;
    readonly policy: PolicyDocument;
    readonly clientToken?: string | undefined;
    readonly caller: string;
  },
): Promise<Result<'kept', Refusal>> {
  const { managerId, sessionId, userId } = session;
  const { requestHash, policy: document, clientToken, caller: by } = request;
  if (clientToken !== undefined) {
    const tokenKey = tokenKeyOf(['CreatePaymentSession', managerId, userId], clientToken);
    const use = await deps.tokens.bind(tokenKey, requestHash);
    if (use.requestHash !== requestHash) return refuse({ reason: 'token_reused' });
    // What was made is not touched: its policy may have been changed since.
    if ((await deps.sessions.readSession({ managerId, sessionId })) !== null) return ok('kept');
  }
  const put = await putPolicy(deps, { scope: 'session', managerId, sessionId }, { document, by });
  return put.ok ? ok('kept') : put;
}

/** Why a session may not allow approvals: none are sent, or nothing would bound them. */
function approvalFlaw({ gasPerDay }: SessionsDeps, limit: MicroUsd | null): Refusal | null {
  if (gasPerDay === null) return { reason: 'approvals_off' };
  if (limit !== null) return null;
  const message = 'a session that allows approvals needs limits.maxSpendAmount, which bounds them';
  return { reason: 'invalid_request', problems: [{ name: 'walletApprovals', message }] };
}

/** A session that no wallet could pay within is a mistake of who opens it. */
async function hasInstrument({ registry }: SessionsDeps, user: UserKey, instrumentId: string): Promise<boolean> {
  const instrument = await registry.readInstrument(user, instrumentId);
  return instrument !== null && instrument.status !== 'DELETED';
}

/** A session without a limit is above every ceiling. */
function aboveCeiling(most: MicroUsd | null, limit: MicroUsd | null): Refusal | null {
  if (most === null || (limit !== null && limit <= most)) return null;
  const asked = limit === null ? 'no limit' : `${formatUsd(limit)} US dollars`;
  const message = `A session of this deployment may have at most ${formatUsd(most)} US dollars. Received: ${asked}`;
  return { reason: 'invalid_request', problems: [{ name: 'limits.maxSpendAmount.value', message }] };
}

export interface SessionReadDeps {
  readonly registry: Pick<Registry, 'readManager'>;
  readonly sessions: Pick<SessionStore, 'readSession' | 'listSessions'>;
  readonly deployment: Deployment;
  readonly clock: Clock;
}

/** Reads a session of the user. Deleted, foreign and missing ones are all "not found"; an expired one stays readable. */
export async function getSession(
  deps: SessionReadDeps,
  principal: Principal,
  input: { readonly manager: Arn<string> | null; readonly sessionId: string },
): Promise<Result<Session, Refusal>> {
  const manager = await findManager(deps, principal, 'read', input.manager);
  if (!manager.ok) return manager;
  const key = { managerId: manager.value.managerId, sessionId: input.sessionId };
  const session = await deps.sessions.readSession(key);
  return session === null || session.deleted || session.userId !== principal.userId ? missing : ok(session);
}

export async function listSessions(
  deps: SessionReadDeps,
  principal: Principal,
  input: { readonly manager: Arn<string> | null; readonly page: PageRequest },
): Promise<Result<Page<SessionSummary>, Refusal>> {
  const manager = await findManager(deps, principal, 'manage', input.manager);
  if (!manager.ok) return manager;
  return ok(
    await deps.sessions.listSessions({ managerId: manager.value.managerId, userId: principal.userId }, input.page),
  );
}

/** Revokes a session: nothing more can be reserved on it. What is reserved already may still be signed and settled. */
export async function deleteSession(
  deps: Pick<SessionsDeps, 'sessions' | 'deployment' | 'clock'> & { readonly registry: Pick<Registry, 'readManager'> },
  principal: Principal,
  input: { readonly manager: Arn<string> | null; readonly sessionId: string },
): Promise<Result<Session, Refusal>> {
  const manager = await findManager(deps, principal, 'manage', input.manager);
  if (!manager.ok) return manager;
  const deleted = await deps.sessions.deleteSession({
    managerId: manager.value.managerId,
    sessionId: input.sessionId,
    userId: principal.userId,
    now: deps.clock.now(),
  });
  return deleted === null ? missing : ok(deleted);
}
