import { describe, expect, test } from 'vitest';
import {
  SWEEP_END_MARGIN_MS,
  SWEEP_EXPIRY_SHARE_MS,
  SWEEP_PAGES_MAX,
  SWEEP_PAGE_ITEMS,
  SWEEP_PASS_INTERVAL_MS,
  SWEEP_SHARDS,
  SWEEP_SHARDS_AT_ONCE,
} from '../../../lib/domain/limits.ts';
import type { DueVisit } from '../../../lib/domain/ports/books.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { sweep, sweepOnce } from '../../../lib/service/sweeping/sweep.ts';
import { emptyTally, type SweepDeps } from '../../../lib/service/sweeping/sweep-report.ts';
import { createTestClock } from '../../support/paying.ts';
import { makePayment, makeSession, NOW } from '../../support/payments.ts';

const session = makeSession();

/** Visits of payments that are not there any more: each costs a look at the index and no more. */
const gone = (count: number, dueAt = NOW): readonly DueVisit[] =>
  Array.from({ length: count }, () => ({ id: makePayment(session).id, shard: 0, dueAt }));

interface Index {
  readonly pageOf?: (shard: number, after: DueVisit | null) => readonly DueVisit[];
  readonly hasVisits?: boolean;
  /** What each look at a page takes. */
  readonly lookMs?: number;
}

/** A sweeper whose run begins at `startAt`, and what it asked of the index. */
function sweeper({ pageOf = () => [], hasVisits = false, lookMs = 0 }: Index = {}, startAt = NOW) {
  const clock = createTestClock(startAt);
  const pages: { readonly shard: number; readonly after: DueVisit | null; readonly at: number }[] = [];
  const asked: number[] = [];
  const reported: object[] = [];
  const never = () => Promise.reject(new Error('nothing of this is called'));
  const deps: SweepDeps = {
    clock,
    report: ({ error: _error, ...problem }) => void reported.push(problem),
    ledger: { readPayment: never, decide: never, settle: never, release: never },
    reads: {
      readPayments: async (ids) => ids.map(() => ({ status: 'fulfilled', value: null })),
      readSessions: never,
    },
    index: {
      dueVisits: async (shard, _now, after) => {
        pages.push({ shard, after, at: clock.now() });
        if (pages.length > SWEEP_SHARDS + 2 * SWEEP_PAGES_MAX) throw new Error('a pass without an end');
        const page = pageOf(shard, after);
        clock.advance(lookMs);
        return page;
      },
      hasVisits: async (shard) => {
        asked.push(shard);
        return hasVisits;
      },
      putOff: never,
      postponeVisit: never,
      dropVisit: never,
      handOver: never,
    },
  };
  const meanwhiles: number[] = [];
  /** With so much time until the run has to be over with its visits. */
  const run = (ms: number) =>
    sweep(deps, {
      deadline: addMs(startAt, ms + SWEEP_EXPIRY_SHARE_MS + SWEEP_END_MARGIN_MS),
      meanwhile: async (until) => void meanwhiles.push(until - startAt),
    });
  return { deps, clock, pages, asked, reported, meanwhiles, run };
}

const passesOf = ({ pages }: Pick<ReturnType<typeof sweeper>, 'pages'>) =>
  pages.filter(({ shard }) => shard === 0).length;

describe('a run of the sweeper', () => {
  test('is one pass where no visit waits, and then has its time for what may wait', async () => {
    const idle = sweeper();
    expect(await idle.run(600_000)).toEqual(emptyTally());
    expect([passesOf(idle), idle.asked.toSorted((a, b) => a - b)]).toEqual([
      1,
      Array.from({ length: SWEEP_SHARDS }, (_, shard) => shard),
    ]);
    expect(idle.meanwhiles).toEqual([600_000 + SWEEP_EXPIRY_SHARE_MS]);
  });

  test('is two where one does, half a minute apart', async () => {
    const busy = sweeper({ hasVisits: true });
    await busy.run(600_000);
    expect(busy.pages.filter(({ shard }) => shard === 0).map(({ at }) => at - NOW)).toEqual([
      0,
      SWEEP_PASS_INTERVAL_MS,
    ]);
    expect(busy.meanwhiles).toEqual([SWEEP_PASS_INTERVAL_MS]);
  });

  test('has a second pass if it can begin before the end, and none at the end', async () => {
    const justInTime = sweeper({ hasVisits: true });
    await justInTime.run(SWEEP_PASS_INTERVAL_MS + 1);
    expect(passesOf(justInTime)).toBe(2);
    const tooLate = sweeper({ hasVisits: true });
    await tooLate.run(SWEEP_PASS_INTERVAL_MS);
    expect([passesOf(tooLate), tooLate.asked]).toEqual([1, []]);
    expect(tooLate.meanwhiles).toEqual([SWEEP_PASS_INTERVAL_MS + SWEEP_EXPIRY_SHARE_MS]);
  });

  test('has no second pass where the first one left shards, though there would be time', async () => {
    const full = (shard: number) => (shard === 0 ? gone(SWEEP_PAGE_ITEMS) : []);
    const behind = sweeper({ pageOf: full, hasVisits: true });
    expect(await behind.run(600_000)).toMatchObject({ shardsLeft: 1 });
    expect([passesOf(behind), behind.asked]).toEqual([SWEEP_PAGES_MAX, []]);
  });

  test('asks for no page in the time that belongs to what may wait', async () => {
    const late = sweeper();
    expect(await late.run(0)).toMatchObject({ shardsLeft: SWEEP_SHARDS });
    expect([late.pages, late.meanwhiles]).toEqual([[], [SWEEP_EXPIRY_SHARE_MS]]);
    const inTime = sweeper();
    expect(await inTime.run(1)).toMatchObject({ shardsLeft: 0 });
  });
});

describe('a pass', () => {
  test('begins with other shards every minute, and with the same within one', async () => {
    const minute = Math.ceil(NOW / 60_000) * 60_000;
    const firstShards = async (at: number): Promise<readonly number[]> => {
      const { deps, pages } = sweeper({}, addMs(NOW, at - NOW));
      await sweepOnce(deps);
      expect(pages.map(({ shard }) => shard).toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: SWEEP_SHARDS }, (_, shard) => shard),
      );
      return pages.slice(0, SWEEP_SHARDS_AT_ONCE).map(({ shard }) => shard);
    };
    const turns = [await firstShards(minute), await firstShards(minute + 60_000)];
    expect(turns.toSorted(([a], [b]) => a! - b!)).toEqual([
      Array.from({ length: SWEEP_SHARDS_AT_ONCE }, (_, shard) => shard),
      Array.from({ length: SWEEP_SHARDS_AT_ONCE }, (_, shard) => SWEEP_SHARDS_AT_ONCE + shard),
    ]);
    expect(await firstShards(minute + 1)).toEqual(turns[0]);
    expect(await firstShards(minute + 59_999)).toEqual(turns[0]);
  });

  test('goes on after the last visit of a full page, and ends with one that is not full', async () => {
    const first = gone(SWEEP_PAGE_ITEMS);
    const { deps, pages } = sweeper({
      pageOf: (shard, after) => (shard !== 0 ? [] : after === null ? first : gone(SWEEP_PAGE_ITEMS - 1)),
    });
    expect(await sweepOnce(deps)).toMatchObject({ visited: 2 * SWEEP_PAGE_ITEMS - 1, shardsLeft: 0 });
    expect(pages.filter(({ shard }) => shard === 0).map(({ after }) => after)).toEqual([null, first.at(-1)]);
  });

  test('begins no page when its time is up', async () => {
    const full = sweeper({ pageOf: () => gone(SWEEP_PAGE_ITEMS), lookMs: 100 });
    const tally = emptyTally();
    await sweepOnce(full.deps, tally, addMs(NOW, 1_000));
    expect(tally.shardsLeft).toBe(SWEEP_SHARDS);
    expect(full.pages.every(({ at }) => at < NOW + 1_000)).toBe(true);
  });

  test('tells of a shard that cannot be read, and goes over the others', async () => {
    const { deps, pages, reported } = sweeper({
      pageOf: (shard) => {
        if (shard === 3) throw new Error('planted');
        return [];
      },
    });
    expect(await sweepOnce(deps)).toEqual({ ...emptyTally(), failed: 1 });
    expect(reported).toEqual([{ event: 'sweep.shard_failed', shard: 3 }]);
    expect(pages).toHaveLength(SWEEP_SHARDS);
  });

  test('tells the age of the oldest visit that was due, also of payments that are not there', async () => {
    const pageOf = (shard: number) =>
      shard === 0 ? [...gone(1, addMs(NOW, -7_000)), ...gone(1, addMs(NOW, -2_000))] : [];
    expect((await sweepOnce(sweeper({ pageOf }).deps)).oldestOverdueMs).toBe(7_000);
  });
});
