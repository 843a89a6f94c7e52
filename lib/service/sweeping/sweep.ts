import {
  SWEEP_END_MARGIN_MS,
  SWEEP_EXPIRY_SHARE_MS,
  SWEEP_PAGES_MAX,
  SWEEP_PAGE_ITEMS,
  SWEEP_PASSES,
  SWEEP_PASS_INTERVAL_MS,
  SWEEP_SHARDS,
  SWEEP_SHARDS_AT_ONCE,
} from '../../domain/limits.ts';
import type { DueVisit, SweepIndex } from '../../domain/ports/books.ts';
import { addMs, type EpochMs } from '../../domain/time.ts';
import { forEachAtOnce } from './at-once.ts';
import { emptyTally, type SweepDeps, type SweepReport, type SweepTally } from './sweep-report.ts';
import { visitPage } from './sweep-visit.ts';

/** What a run has besides its books. */
export interface SweepRun {
  /** When the process may be killed. A run ends before. */
  readonly deadline: EpochMs;
  /** What may wait for the reservations; done between the passes, or after the only one. Must not throw. */
  readonly meanwhile: (until: EpochMs) => Promise<void>;
}

/**
 * The passes of one scheduled run: recovery must take less than a minute and a half, and the schedule has minute resolution.
 * Where no payment waits for a visit there is one pass only: whatever comes after it is due at most a lease later, and the
 * next run finds it in time. An idle deployment would pay for half of all time otherwise. A pass that did not come to its end
 * has no second either, since the next run goes on as well.
 */
export async function sweep(deps: SweepDeps, { deadline, meanwhile }: SweepRun): Promise<SweepReport> {
  const tally = emptyTally();
  const end = addMs(deadline, -SWEEP_END_MARGIN_MS);
  const until = addMs(end, -SWEEP_EXPIRY_SHARE_MS);
  await sweepOnce(deps, tally, until);
  for (let pass = 1; pass < SWEEP_PASSES; pass += 1) {
    const nextAt = addMs(deps.clock.now(), SWEEP_PASS_INTERVAL_MS);
    const again = tally.shardsLeft === 0 && nextAt < until && (await hasVisits(deps.index));
    if (pass === 1) await meanwhile(again ? nextAt : end);
    if (!again) break;
    await deps.clock.sleep(Math.max(0, nextAt - deps.clock.now()));
    await sweepOnce(deps, tally, until);
  }
  return tally;
}

async function hasVisits(index: Pick<SweepIndex, 'hasVisits'>): Promise<boolean> {
  let found = false;
  await forEachAtOnce(allShards(0), SWEEP_SHARDS_AT_ONCE, async (shard) => {
    // Where this cannot be read, a second pass runs, and reports what is wrong.
    if (await index.hasVisits(shard).catch(() => true)) found = true;
  });
  return found;
}

/** One pass over all shards, several at a time. Begins nothing after `until`. */
export async function sweepOnce(
  deps: SweepDeps,
  tally: SweepTally = emptyTally(),
  until: EpochMs = addMs(deps.clock.now(), SWEEP_PASS_INTERVAL_MS),
): Promise<SweepReport> {
  await forEachAtOnce(allShards(firstShard(deps.clock.now())), SWEEP_SHARDS_AT_ONCE, async (shard) => {
    try {
      if ((await sweepShard(deps, shard, tally, until)) === 'left') tally.shardsLeft += 1;
    } catch (error) {
      tally.failed += 1;
      deps.report({ event: 'sweep.shard_failed', shard, error });
    }
  });
  return tally;
}

/** Another first shard every minute: where time is short, each is among the first in its turn, and runs that overlap differ. */
function firstShard(now: EpochMs): number {
  return (Math.floor(now / 60_000) * SWEEP_SHARDS_AT_ONCE) % SWEEP_SHARDS;
}

function allShards(first: number): readonly number[] {
  return Array.from({ length: SWEEP_SHARDS }, (_, position) => (first + position) % SWEEP_SHARDS);
}

async function sweepShard(
  deps: SweepDeps,
  shard: number,
  tally: SweepTally,
  until: EpochMs,
): Promise<'finished' | 'left'> {
  const now = deps.clock.now();
  let last: DueVisit | null = null;
  for (let page = 0; page < SWEEP_PAGES_MAX; page += 1) {
    if (deps.clock.now() >= until) return 'left';
    const due: readonly DueVisit[] = await deps.index.dueVisits(shard, now, last);
    // The age comes from the index alone, so that it shows for payments that cannot be read, too.
    for (const { dueAt } of due) tally.oldestOverdueMs = Math.max(tally.oldestOverdueMs, now - dueAt);
    if ((await visitPage(deps, due, tally, until)) === 'left') return 'left';
    if (due.length < SWEEP_PAGE_ITEMS) return 'finished';
    last = due.at(-1)!;
  }
  return 'left';
}
