import { EXPIRY_MARKS_AT_ONCE, EXPIRY_SHARDS, SWEEP_PAGES_MAX, SWEEP_PAGE_ITEMS } from '../../domain/limits.ts';
import type { DueSession, ExpiryIndex } from '../../domain/ports/books.ts';
import type { Clock, EpochMs } from '../../domain/time.ts';
import { forEachAtOnce } from './at-once.ts';

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
 * comparing instants: this only lets listeners know. Begins nothing after `until`; the next run marks what is left. Never throws.
 */
export async function markExpiredSessions(deps: ExpiryDeps, until: EpochMs): Promise<ExpiryReport> {
  const tally = { expiredSessions: 0, failedSessions: 0 };
  const fail = (sessionId: string | null, error: unknown): void => {
    tally.failedSessions += 1;
    deps.report({ event: 'sweep.expiry_failed', sessionId, error });
  };
  const mark = async (session: DueSession, now: EpochMs): Promise<void> => {
    if (deps.clock.now() >= until) return;
    try {
      await deps.index.markExpired(session, now);
      tally.expiredSessions += 1;
    } catch (error) {
      fail(session.sessionId, error);
    }
  };
  for (let shard = 0; shard < EXPIRY_SHARDS; shard += 1) {
    const now = deps.clock.now();
    try {
      for await (const page of pagesOf(deps, shard, now, until)) {
        await forEachAtOnce(page, EXPIRY_MARKS_AT_ONCE, (session) => mark(session, now));
      }
    } catch (error) {
      // The sessions of the other shards must not wait for an index.
      fail(null, error);
    }
  }
  return tally;
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
