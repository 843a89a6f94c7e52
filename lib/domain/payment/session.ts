import { InvariantViolated } from '../invariant.ts';
import type { EntryKey, BudgetSnapshot } from './payment.ts';
import type { MicroUsd } from '../money.ts';
import type { CounterKey, HeldCharge, SessionCounters } from './charge.ts';
import type { EpochMs } from '../time.ts';
import type { SessionPins } from './pins.ts';
import type { Returns } from './true-up.ts';

/** A reservation that is held on a session. */
export interface OpenEntry {
  readonly amount: MicroUsd;
  /** When the attempt's lease ends; from then on anybody may finish it. */
  readonly leaseUntil: EpochMs;
  /** What it took of counters: a release gives exactly this back, and a settle keeps it. */
  readonly charges: readonly HeldCharge[];
}

export interface SessionKey {
  readonly managerId: string;
  readonly sessionId: string;
}

/** A payment session: one user's budget and expiry, and the counters that hold it. */
export interface Session extends SessionKey, SessionCounters {
  readonly userId: string;
  readonly deleted: boolean;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  readonly expiryMinutes: number;
  readonly expiresAt: EpochMs;
  /** `null`: no limit. */
  readonly limit: MicroUsd | null;
  /** What it was opened with, where its limit was raised since. */
  readonly firstLimit?: MicroUsd;
  /** `available + reserved + spent == limit` where there is a limit. */
  readonly budget: BudgetSnapshot;
  /** Missing where anything of the user's may pay. */
  readonly pins?: SessionPins | undefined;
  /** Whether a payment within it may have an approval of its wallet asked for. */
  readonly approvals?: true | undefined;
  /** Whether its payments are made only where the wallet holds what they take, as its chain shows. */
  readonly balanceCheck?: true | undefined;
  readonly inFlight: number;
  readonly open: ReadonlyMap<EntryKey, OpenEntry>;
  /** Missing where nothing was ever to come back. */
  readonly returns?: Returns;
}

export type SessionStatus = 'ACTIVE' | 'EXPIRED' | 'DELETED';

/** The session's state at an instant: it expires at `expiresAt` itself (half-open interval). */
export function sessionStatus(session: Pick<Session, 'deleted' | 'expiresAt'>, now: EpochMs): SessionStatus {
  if (session.deleted) return 'DELETED';
  return now < session.expiresAt ? 'ACTIVE' : 'EXPIRED';
}

/**
 * Throws when a session's counters contradict each other: invariants I1, I2 and I3 of the books. What was settled is not listed,
 * so of a policy's counters I2 says that they hold no less than the open entries took of them.
 */
export function assertSessionBalances(session: Session): void {
  const { available, reserved, spent } = session.budget;
  let held = 0n;
  for (const entry of session.open.values()) held += entry.amount;
  const problems: string[] = [];
  if (session.limit !== null && (available ?? 0n) + reserved + spent !== session.limit) problems.push('I1 sum');
  if ((session.limit === null) !== (available === null)) problems.push('I1 limit');
  if (held !== reserved || session.open.size !== session.inFlight) problems.push('I2 open entries');
  if ((available ?? 0n) < 0n || reserved < 0n || spent < 0n) problems.push('I3 negative counter');
  let returnable = 0n;
  for (const counted of session.returns?.due.values() ?? []) returnable += counted;
  if (returnable > 0n && returnable > spent) problems.push('I3 more may come back than is spent');
  problems.push(...counterProblems(session));
  if (problems.length > 0) {
    throw new InvariantViolated(
      `the books of session ${session.sessionId} do not balance (${problems.join(', ')}): ` +
        `limit ${session.limit}, available ${available}, reserved ${reserved}, spent ${spent}, ` +
        `open ${session.open.size} worth ${held}, in flight ${session.inFlight}`,
    );
  }
}

function counterProblems({ open, counters, windows }: Session): readonly string[] {
  const held = new Map<CounterKey, bigint>();
  for (const { charges } of open.values()) {
    for (const { key, quantity } of charges) held.set(key, (held.get(key) ?? 0n) + quantity);
  }
  const problems: string[] = [];
  for (const [key, used] of counters) {
    if (used < 0n) problems.push(`I3 negative counter ${key}`);
    if (used < (held.get(key) ?? 0n)) problems.push(`I2 counter ${key}`);
  }
  // The counter of a closed window is gone, or will be, while entries may still name it.
  for (const [key, { free, used }] of windows) {
    if (free < 0n || used < 0n) problems.push(`I3 negative window ${key}`);
    if (used < (held.get(key) ?? 0n)) problems.push(`I2 window ${key}`);
  }
  for (const { charges } of open.values()) {
    for (const { kind, key } of charges) {
      if (kind === 'session' && !counters.has(key)) problems.push(`I2 no counter ${key}`);
    }
  }
  return problems;
}
