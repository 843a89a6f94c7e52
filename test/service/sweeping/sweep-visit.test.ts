import { expect, test } from 'vitest';
import { addMs, toEpochMs } from '../../../lib/domain/time.ts';
import { emptyTally, type SweepDeps } from '../../../lib/service/sweeping/sweep-report.ts';
import { visitPage } from '../../../lib/service/sweeping/sweep-visit.ts';
import { makePayment, makeSession } from '../../support/payments.ts';

const START = toEpochMs(1_772_366_400_000);
const UNTIL = addMs(START, 1_000);

/** A page of one dead payment, whose decision takes so long. */
function visit(decisionMs: number) {
  const session = makeSession();
  const found = makePayment(session, { status: 'PENDING', leaseUntil: addMs(START, -120_000) });
  let now = START;
  const dropped: string[] = [];
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
      readSessions: async () => [{ status: 'fulfilled', value: session }],
    },
    index: {
      dueVisits: never,
      hasVisits: never,
      putOff: never,
      postponeVisit: never,
      dropVisit: async (id) => void dropped.push(id),
    },
  };
  const page = [{ id: found.id, shard: 0, dueAt: found.leaseUntil }];
  return { dropped, outcome: visitPage(deps, page, emptyTally(), UNTIL) };
}

test('says that a page is finished where the time is not up', async () => {
  const { dropped, outcome } = visit(999);
  expect(await outcome).toBe('finished');
  expect(dropped).toHaveLength(1);
});

test('says that a page is left whose payments are decided, and whose entries there was no time to close', async () => {
  const { dropped, outcome } = visit(1_000);
  expect(await outcome).toBe('left');
  expect(dropped).toEqual([]);
});
