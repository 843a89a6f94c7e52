import type { Arn, Deployment } from '../../domain/ids.ts';
import { SESSION_LIMIT_MAX } from '../../domain/limits.ts';
import { formatUsd, toMicroUsd, type MicroUsd } from '../../domain/money.ts';
import { gateRefusal, OPEN_GATE, type Gate } from '../../domain/payment/gate.ts';
import { sessionStatus, type Session } from '../../domain/payment/session.ts';
import type { TopUp } from '../../domain/payment/top-up.ts';
import type { SessionStore } from '../../domain/ports/books.ts';
import type { GateReader } from '../../domain/ports/gate.ts';
import type { Registry } from '../../domain/ports/registry.ts';
import type { Page, PageRequest, Randomness } from '../../domain/ports/services.ts';
import type { TopUpLog, TopUps } from '../../domain/ports/top-ups.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { Principal } from '../../domain/tenants/principal.ts';
import type { Clock, EpochMs } from '../../domain/time.ts';
import { hashCreation, idEntropy } from './create-once.ts';
import { findManager } from './managers.ts';
import { repeatOvertaken } from './overtaken-change.ts';

export interface TopUpsDeps {
  readonly registry: Pick<Registry, 'readManager'>;
  readonly sessions: Pick<SessionStore, 'readSession'>;
  readonly gate: GateReader;
  readonly topUps: TopUps;
  readonly deployment: Deployment;
  readonly clock: Clock;
  readonly random: Randomness;
  /** The largest budget that a session of this deployment may have; `null` where there is none. */
  readonly maxSessionLimit: MicroUsd | null;
}

const missing = refuse({ reason: 'not_found', resource: 'session' } as const);
const TOP_UP_ID_BYTES = 16;

/**
 * Raises the limit of a session by an amount, and nothing else of it: neither its expiry, nor what its policies allow. The same client
 * token raises it once and gets the same answer, also when the session has ended since. What payments do meanwhile stands in no way.
 */
export async function topUpSession(
  deps: TopUpsDeps,
  principal: Principal,
  input: {
    readonly manager: Arn<string> | null;
    readonly sessionId: string;
    readonly amount: MicroUsd;
    readonly clientToken?: string | undefined;
    /** Who called, for the record. */
    readonly caller: string;
  },
): Promise<Result<TopUp, Refusal>> {
  const manager = await findManager(deps, principal, 'manage', input.manager);
  if (!manager.ok) return manager;
  const { managerId } = manager.value;
  const { userId } = principal;
  const { sessionId, amount, clientToken, caller: by } = input;
  const scope = ['TopUpSession', managerId, userId, sessionId];
  const entropy = idEntropy(deps.random, scope, clientToken).subarray(0, TOP_UP_ID_BYTES);
  const key = { managerId, sessionId, topUpId: Buffer.from(entropy).toString('hex') };
  const request = { managerId, sessionId, amount: `${amount}`, clientToken };
  const requestHash = hashCreation(request);
  return repeatOvertaken(async () => {
    // In this order: a session that was read before the record was looked for cannot have been raised by it unseen.
    const [session, gate] = await Promise.all([deps.sessions.readSession(key), deps.gate.find()]);
    const earlier = await deps.topUps.findTopUp(key);
    if (earlier !== null) {
      return earlier.requestHash === requestHash ? ok(earlier.topUp) : refuse({ reason: 'token_reused' });
    }
    if (session === null || session.userId !== userId) return missing;
    const at = deps.clock.now();
    const raised = raisedLimit(deps, session, { amount, gate: gate ?? OPEN_GATE, at });
    if (!raised.ok) return raised;
    const topUp: TopUp = { ...key, userId, ...raised.value, at, by };
    const outcome = await deps.topUps.raiseLimit({ topUp, requestHash }, gate ?? OPEN_GATE);
    return outcome === 'raised' ? ok(topUp) : 'overtaken';
  });
}

/** What the limit is and what it becomes, where the session may have more. */
function raisedLimit(
  { maxSessionLimit }: Pick<TopUpsDeps, 'maxSessionLimit'>,
  session: Session,
  { amount, gate, at }: { readonly amount: MicroUsd; readonly gate: Gate; readonly at: EpochMs },
): Result<Pick<TopUp, 'from' | 'to'>, Refusal> {
  const status = sessionStatus(session, at);
  if (status === 'DELETED') return missing;
  if (status === 'EXPIRED') return refuse({ reason: 'session_expired', expiresAt: session.expiresAt });
  // Nothing could be paid with it, and who froze a user did not mean him to get more meanwhile.
  const closed = gateRefusal(gate, session, { ...session, instrumentId: '', agentNames: [] });
  if (closed !== null) return refuse(closed);
  const { limit: from } = session;
  if (from === null) return problem('paymentSessionId', 'The session has no limit, so that there is nothing to raise');
  const to = toMicroUsd(from + amount);
  const most = maxSessionLimit ?? toMicroUsd(SESSION_LIMIT_MAX);
  if (to <= most) return ok({ from, to });
  const than = `${formatUsd(most)} US dollars`;
  const message = `A session of this deployment may have at most ${than}. It has ${formatUsd(from)}, and would have ${formatUsd(to)}`;
  return problem('amount.value', message);
}

function problem(name: string, message: string): Result<never, Refusal> {
  return refuse({ reason: 'invalid_request', problems: [{ name, message }] });
}

/** The top-ups of a session of the user, newest first; of one that expired too, as long as it can be read. */
export async function listTopUps(
  deps: Pick<TopUpsDeps, 'registry' | 'sessions' | 'deployment' | 'clock'> & { readonly topUpLog: TopUpLog },
  principal: Principal,
  input: { readonly manager: Arn<string> | null; readonly sessionId: string; readonly page: PageRequest },
): Promise<Result<Page<TopUp>, Refusal>> {
  const manager = await findManager(deps, principal, 'manage', input.manager);
  if (!manager.ok) return manager;
  const key = { managerId: manager.value.managerId, sessionId: input.sessionId };
  const session = await deps.sessions.readSession(key);
  if (session === null || session.deleted || session.userId !== principal.userId) return missing;
  return ok(await deps.topUpLog.listTopUps(key, input.page));
}
