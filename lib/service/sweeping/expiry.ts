import {
  AUDITS_AT_ONCE,
  EXPIRY_MARKS_AT_ONCE,
  EXPIRY_SHARDS,
  SESSION_AUDIT_DELAY_MS,
  SWEEP_PAGES_MAX,
  SWEEP_PAGE_ITEMS,
} from '../../domain/limits.ts';
import type { DueSession, ExpiryIndex } from '../../domain/ports/books.ts';
import type { Session, SessionKey } from '../../domain/payment/session.ts';
import { addMs, type Clock, type EpochMs } from '../../domain/time.ts';
import { forEachAtOnce } from './at-once.ts';
import type { AuditOutcome } from './session-audit.ts';

export interface ExpiryDeps {
  readonly index: ExpiryIndex;
  readonly audit: (session: Session) => Promise<AuditOutcome>;
  readonly clock: Pick<Clock, 'now'>;
  readonly report: (problem: ExpiryProblem) => void;
}

/** What a run could not do, or found wrong. What failed is repeated by the next run. */
export type ExpiryProblem =
  | { readonly event: 'sweep.expiry_failed'; readonly sessionId: string | null; readonly error: unknown }
  | ({ readonly event: 'sweep.audit_skipped' } & SessionKey)
  | ({
      readonly event: 'sweep.spent_mismatch';
      readonly spentMicroUsd: string;
      readonly signedMicroUsd: string;
    } & SessionKey);

export interface ExpiryReport {
  readonly expiredSessions: number;
  readonly auditedSessions: number;
  /** Sessions whose spending is not the sum of what was signed. */
  readonly spentMismatches: number;
  readonly failedSessions: number;
}

type ExpiryTally = { -readonly [K in keyof ExpiryReport]: ExpiryReport[K] };

/**
 * Ends the sessions whose time has come, each once, and audits those that ended a while ago. Changes nothing of what sessions
 * allow, which the payment path decides by comparing instants: ending one lets listeners know, and keeps out reserves that are
 * late. Begins nothing after `until`; the next run does what is left. Never throws.
 */
export async function visitDueSessions(deps: ExpiryDeps, until: EpochMs): Promise<ExpiryReport> {
  const tally: ExpiryTally = { expiredSessions: 0, auditedSessions: 0, spentMismatches: 0, failedSessions: 0 };
  const fail = (sessionId: string | null, error: unknown): void => {
    tally.failedSessions += 1;
    deps.report({ event: 'sweep.expiry_failed', sessionId, error });
  };
  const attempt = async (due: DueSession, work: () => Promise<void>): Promise<void> => {
    if (deps.clock.now() >= until) return;
    try {
      await work();
    } catch (error) {
      fail(due.sessionId, error);
    }
  };
  const visitPage = async (page: readonly DueSession[], now: EpochMs): Promise<void> => {
    const ended: EndedSession[] = [];
    const auditAt = addMs(now, SESSION_AUDIT_DELAY_MS);
    await forEachAtOnce(page, EXPIRY_MARKS_AT_ONCE, (due) =>
      attempt(due, async () => {
        const outcome = await deps.index.endSession(due, now, auditAt);
        if (outcome.kind === 'ended') tally.expiredSessions += 1;
        if (outcome.kind === 'audit') ended.push({ due, session: outcome.session });
      }),
    );
    await forEachAtOnce(ended, AUDITS_AT_ONCE, (each) => attempt(each.due, () => visitEnded(deps, each, tally)));
  };
  for (let shard = 0; shard < EXPIRY_SHARDS; shard += 1) {
    const now = deps.clock.now();
    try {
      for await (const page of pagesOf(deps, shard, now, until)) await visitPage(page, now);
    } catch (error) {
      // An index that fails for one shard must not hold up the sessions of the others.
      fail(null, error);
    }
  }
  return tally;
}

/** A session that ended before, and whose audit is due. */
interface EndedSession {
  readonly due: DueSession;
  readonly session: Session;
}

async function visitEnded(deps: ExpiryDeps, { due, session }: EndedSession, tally: ExpiryTally): Promise<void> {
  const { managerId, sessionId } = due;
  const audit = await deps.audit(session);
  if (audit.kind === 'unread') deps.report({ event: 'sweep.audit_skipped', managerId, sessionId });
  else tally.auditedSessions += 1;
  if (audit.kind === 'mismatch') {
    tally.spentMismatches += 1;
    const [spentMicroUsd, signedMicroUsd] = [audit.spent.toString(), audit.signed.toString()];
    deps.report({ event: 'sweep.spent_mismatch', managerId, sessionId, spentMicroUsd, signedMicroUsd });
  }
  await deps.index.dropSession(due);
}

async function* pagesOf(
  { index, clock }: ExpiryDeps,
  shard: number,
  now: EpochMs,
  until: EpochMs,
): AsyncGenerator<readonly DueSession[]> {
  let last: DueSession | null = null;
  for (let count = 0; count < SWEEP_PAGES_MAX && clock.now() < until; count += 1) {
    const page: readonly DueSession[] = await index.dueSessions(shard, now, last);
    yield page;
    if (page.length < SWEEP_PAGE_ITEMS) return;
    last = page.at(-1)!;
  }
}
