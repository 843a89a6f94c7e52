import { EXPIRY_SHARDS, SWEEP_PAGES_MAX } from '../domain/limits.ts';
import type { ExpiryIndex } from '../domain/ports.ts';
import type { SessionKey } from '../domain/session.ts';
import type { Clock, EpochMs } from '../domain/time.ts';

export interface ExpiryDeps {
  readonly index: ExpiryIndex;
  readonly clock: Pick<Clock, 'now'>;
  /** Hears of sessions that could not be marked; the next run repeats them. */
  readonly report: (problem: {
    readonly event: string;
    readonly sessionId: string | null;
    readonly error: unknown;
  }) => void;
}

export interface ExpiryReport {
  readonly expiredSessions: number;
  readonly failedSessions: number;
}

/**
 * Marks the sessions whose time has come, each once. Changes nothing of what they allow, which the payment path decides by
 * comparing instants: this only lets listeners know.
 */
export async function markExpiredSessions(deps: ExpiryDeps): Promise<ExpiryReport> {
  const tally = { expiredSessions: 0, failedSessions: 0 };
  const fail = (sessionId: string | null, error: unknown): void => {
    tally.failedSessions += 1;
    deps.report({ event: 'sweep.expiry_failed', sessionId, error });
  };
  const mark = async (session: SessionKey, now: EpochMs): Promise<void> => {
    await deps.index.markExpired(session, now);
    tally.expiredSessions += 1;
  };
  for (let shard = 0; shard < EXPIRY_SHARDS; shard += 1) {
    try {
      for await (const [session, now] of dueSessions(deps, shard)) {
        await mark(session, now).catch((error: unknown) => fail(session.sessionId, error));
      }
    } catch (error) {
      // Whoever calls this has reservations to finish, which must not wait for an index.
      fail(null, error);
    }
  }
  return tally;
}

async function* dueSessions({ index, clock }: ExpiryDeps, shard: number): AsyncGenerator<[SessionKey, EpochMs]> {
  // The index shows a session for a moment after it was taken off.
  const seen = new Set<string>();
  for (let page = 0; page < SWEEP_PAGES_MAX; page += 1) {
    const now = clock.now();
    const due = (await index.dueSessions(shard, now)).filter((session) => !seen.has(toKey(session)));
    if (due.length === 0) return;
    for (const session of due) {
      seen.add(toKey(session));
      yield [session, now];
    }
  }
}

function toKey({ managerId, sessionId }: SessionKey): string {
  return `${managerId}/${sessionId}`;
}
