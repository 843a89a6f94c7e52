import { expect, test } from 'vitest';
import { SWEEP_SECOND_VISIT_SECONDS } from '../../../lib/domain/limits.ts';
import { addMs, toEpochMs } from '../../../lib/domain/time.ts';
import { emptyTally, type SweepDeps } from '../../../lib/service/sweeping/sweep-report.ts';
import { visitPage } from '../../../lib/service/sweeping/sweep-visit.ts';
import { makePayment, makeSession } from '../../support/payments.ts';

const START = toEpochMs(1_772_366_400_000);
const UNTIL = addMs(START, 1_000);

/** A page of one dead payment, whose lease ended so long ago, and whose decision takes so long. */
function visit(decisionMs: number, overdueMs = 120_000) {
  const session = makeSession();
  const found = makePayment(session, { status: 'PENDING', leaseUntil: addMs(START, -overdueMs) });
  let now = START;
  const dropped: string[] = [];
  const postponed: number[] = [];
  let sessionReads = 0;
  const never = () => Promise.reject(new Error('nothing of this is called'));
  const deps: SweepDeps = {
    clock: { now: () => now, sleep: never },
    report: () => undefined,
    ledger: {
      readPayment: never,
      decide: async () => {
        now = addMs(now, decisionMs);
        return { kind: 'decided', payment: { ...found, status: 'ABORTED', decidedAt: now } };
      },
      settle: never,
      release: never,
    },
    reads: {
      readPayments: async () => [{ status: 'fulfilled', value: found }],
      readSessions: async () => {
        sessionReads += 1;
        return [{ status: 'fulfilled', value: session }];
      },
    },
    index: {
      dueVisits: never,
      hasVisits: never,
      putOff: never,
      postponeVisit: async (_id, _attempt, at) => void postponed.push(at),
      dropVisit: async (id) => void dropped.push(id),
      handOver: never,
    },
  };
  const page = [{ id: found.id, shard: 0, dueAt: found.leaseUntil }];
  return { dropped, postponed, sessionReads: () => sessionReads, outcome: visitPage(deps, page, emptyTally(), UNTIL) };
}

test('says that a page is finished where the time is not up', async () => {
  const { dropped, outcome } = visit(999);
  expect(await outcome).toBe('finished');
  expect(dropped).toHaveLength(1);
});

test('says that a page is left whose payments are decided, and whose entries there was no time to close', async () => {
  const { dropped, sessionReads, outcome } = visit(1_000);
  expect(await outcome).toBe('left');
  expect([dropped, sessionReads()]).toEqual([[], 0]);
});

test('visits again whose time for a late reserve was not over when its visit began, however long the visit took', async () => {
  const secondVisitMs = SWEEP_SECOND_VISIT_SECONDS * 1_000;
  const { dropped, postponed, outcome } = visit(999, secondVisitMs - 500);
  expect(await outcome).toBe('finished');
  expect([dropped, postponed]).toEqual([[], [addMs(START, 500)]]);
});
