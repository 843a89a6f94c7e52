import { InvariantViolated } from '../invariant.ts';
import type { EntryKey, BudgetSnapshot } from './payment.ts';
import { toMicroUsd, type MicroUsd } from '../money.ts';
import { addMs, type EpochMs } from '../time.ts';

/** A reservation that is held on a session. */
export interface OpenEntry {
  readonly amount: MicroUsd;
  /** When the attempt's lease ends; from then on anybody may finish it. */
  readonly leaseUntil: EpochMs;
}

export interface SessionKey {
  readonly managerId: string;
  readonly sessionId: string;
}

/** A payment session: one user's budget and expiry, and the counters that hold it. */
export interface Session extends SessionKey {
  readonly userId: string;
  readonly deleted: boolean;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  readonly expiryMinutes: number;
  readonly expiresAt: EpochMs;
  /** `null`: no limit. */
  readonly limit: MicroUsd | null;
  /** `available + reserved + spent == limit` where there is a limit. */
  readonly budget: BudgetSnapshot;
  readonly inFlight: number;
  readonly open: ReadonlyMap<EntryKey, OpenEntry>;
}

/** A session as it is when it is opened: its whole limit available, nothing reserved or spent. */
export function newSession({
  managerId,
  sessionId,
  userId,
  limit,
  expiryMinutes,
  createdAt,
}: Pick<Session, 'managerId' | 'sessionId' | 'userId' | 'limit' | 'expiryMinutes' | 'createdAt'>): Session {
  return {
    managerId,
    sessionId,
    userId,
    deleted: false,
    createdAt,
    updatedAt: createdAt,
    expiryMinutes,
    expiresAt: addMs(createdAt, expiryMinutes * 60_000),
    limit,
    budget: { available: limit, reserved: toMicroUsd(0n), spent: toMicroUsd(0n) },
    inFlight: 0,
    open: new Map(),
  };
}

export type SessionStatus = 'ACTIVE' | 'EXPIRED' | 'DELETED';

/** The session's state at an instant: it expires at `expiresAt` itself (half-open interval). */
export function sessionStatus(session: Pick<Session, 'deleted' | 'expiresAt'>, now: EpochMs): SessionStatus {
  if (session.deleted) return 'DELETED';
  return now < session.expiresAt ? 'ACTIVE' : 'EXPIRED';
}

/** Throws when a session's counters contradict each other: invariants I1, I2 and I3 of the books. */
export function assertSessionBalances(session: Session): void {
  const { available, reserved, spent } = session.budget;
  let held = 0n;
  for (const entry of session.open.values()) held += entry.amount;
  const problems: string[] = [];
  if (session.limit !== null && (available ?? 0n) + reserved + spent !== session.limit) problems.push('I1 sum');
  if ((session.limit === null) !== (available === null)) problems.push('I1 limit');
  if (held !== reserved || session.open.size !== session.inFlight) problems.push('I2 open entries');
  if ((available ?? 0n) < 0n || reserved < 0n || spent < 0n) problems.push('I3 negative counter');
  if (problems.length > 0) {
    throw new InvariantViolated(
      `the books of session ${session.sessionId} do not balance (${problems.join(', ')}): ` +
        `limit ${session.limit}, available ${available}, reserved ${reserved}, spent ${spent}, ` +
        `open ${session.open.size} worth ${held}, in flight ${session.inFlight}`,
    );
  }
}
