import { describe, expect, test } from 'vitest';
import { SWEEP_REPORTS_MAX, SWEEP_RETRY_SECONDS, SWEEP_SECOND_VISIT_SECONDS } from '../../../lib/domain/limits.ts';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import { NotNow } from '../../../lib/domain/ports/services.ts';
import { toEntryKey, type Payment } from '../../../lib/domain/payment/payment.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { emptyTally, type SweepDeps } from '../../../lib/service/sweeping/sweep-report.ts';
import { visitPage } from '../../../lib/service/sweeping/sweep-visit.ts';
import { hasDeadEntries } from '../../../lib/service/sweeping/recovery.ts';
import { ceilingOf } from '../../support/ceilings.ts';
import { createTestClock } from '../../support/paying.ts';
import { makePayment, makeSession, NOW } from '../../support/payments.ts';

const UNTIL = addMs(NOW, 60_000);
const SECOND_MS = SWEEP_SECOND_VISIT_SECONDS * 1_000;
const empty = makeSession();

/** A page of payments as they are found, each with an open entry of its attempt, and what became of them. */
function page(
  found: readonly (Payment | Error)[],
  more: {
    readonly putOff?: () => Promise<never>;
    readonly readMs?: number;
    /** What another handler has decided first. */
    readonly decided?: Payment['status'];
  } = {},
) {
  const clock = createTestClock(NOW);
  const done: string[] = [];
  const tally = emptyTally();
  const payments = found.filter((each): each is Payment => !(each instanceof Error));
  const held = { amount: toMicroUsd(1n), leaseUntil: NOW, charges: [] };
  const open = new Map(payments.map(({ id, attempt }) => [toEntryKey(id, attempt), held] as const));
  const close = (how: string) => async () => {
    done.push(how);
    return 'done' as const;
  };
  const deps: SweepDeps = {
    clock,
    report: ({ event }) => void done.push(event),
    ledger: {
      readPayment: async () => null,
      decide: async (id, _attempt, { status }) => ({
        kind: 'decided',
        payment: { ...payments.find((each) => each.id === id)!, status: more.decided ?? status },
      }),
      settle: close('settle'),
      release: close('release'),
    },
    reads: {
      readPayments: async () => {
        clock.advance(more.readMs ?? 0);
        return found.map((each) =>
          each instanceof Error ? { status: 'rejected', reason: each } : { status: 'fulfilled', value: each },
        );
      },
      readSessions: async (keys) => {
        done.push('sessions');
        return keys.map(() => ({ status: 'fulfilled', value: { ...empty, open } }));
      },
    },
    index: {
      dueVisits: async () => [],
      hasVisits: async () => false,
      dropVisit: async () => void done.push('drop'),
      handOver: async (_id, _attempt, at) => void done.push(`hand over ${at - NOW}`),
      postponeVisit: async (_id, _attempt, until) => void done.push(`postpone ${until - NOW}`),
      putOff:
        more.putOff ??
        (async ({ dueAt }, until) => {
          done.push(`put off ${until - NOW}`);
          return addMs(dueAt, -1_000);
        }),
    },
  };
  const visits = found.map((each, at) => ({
    id: each instanceof Error ? makePayment(empty).id : each.id,
    shard: at,
    dueAt: addMs(NOW, -2_000),
  }));
  return { run: (until = UNTIL) => visitPage(deps, visits, tally, until), done, tally };
}

const payment = (status: Payment['status'], overrides: Partial<Payment> = {}) =>
  makePayment(empty, { status, leaseUntil: addMs(NOW, -7_000), ...overrides });

describe('a visit', () => {
  test('of nothing reads nothing', async () => {
    const { run, done } = page([]);
    expect([await run(), done]).toEqual(['finished', []]);
  });

  test('settles what is signed at its first attempt, and does not come back', async () => {
    const { run, done, tally } = page([payment('SIGNED')]);
    expect([await run(), done]).toEqual(['finished', ['sessions', 'settle', 'drop']]);
    expect(tally).toEqual({ ...emptyTally(), visited: 1, settled: 1, oldestOverdueMs: 7_000 });
  });

  test('hands over what was signed with a ceiling, once its amount is counted as spent', async () => {
    const { run, done } = page([ceilingOf(payment('SIGNED'), 50_000n)]);
    await run();
    expect(done).toEqual(['sessions', 'settle', 'hand over 0']);
    const denied = page([ceilingOf(payment('DENIED', { leaseUntil: addMs(NOW, -SECOND_MS) }), 50_000n)]);
    await denied.run();
    expect(denied.done).toEqual(['sessions', 'release', 'drop']);
  });

  test('aborts what is dead, releases it, and comes back once for a reserve that is late', async () => {
    const { run, done, tally } = page([payment('PENDING')]);
    await run();
    expect(done).toEqual(['sessions', 'release', `postpone ${SECOND_MS - 7_000}`]);
    expect(tally).toEqual({ ...emptyTally(), visited: 1, aborted: 1, released: 1, oldestOverdueMs: 7_000 });
  });

  test('counts nothing as aborted that was signed before it could be', async () => {
    const { run, done, tally } = page([payment('PENDING')], { decided: 'SIGNED' });
    await run();
    expect(done).toEqual(['sessions', 'settle', 'drop']);
    expect(tally).toMatchObject({ aborted: 0, settled: 1 });
  });

  test('comes back for what is signed at a later attempt, until the second visit is over', async () => {
    const early = page([payment('SIGNED', { attempt: 2, leaseUntil: addMs(NOW, 1 - SECOND_MS) })]);
    await early.run();
    expect(early.done).toEqual(['sessions', 'settle', 'postpone 1']);
    const late = page([payment('SIGNED', { attempt: 2, leaseUntil: addMs(NOW, -SECOND_MS) })]);
    await late.run();
    expect(late.done).toEqual(['sessions', 'settle', 'drop']);
  });

  test('leaves what is at work until its lease ends', async () => {
    const { run, done, tally } = page([payment('PENDING', { leaseUntil: addMs(NOW, 5) })]);
    expect([await run(), done]).toEqual(['finished', ['postpone 5']]);
    expect(tally).toMatchObject({ aborted: 0, oldestOverdueMs: 0 });
  });

  test('that fails is told, and put behind the others with the age of its first failure', async () => {
    const { run, done, tally } = page([new NotNow('planted'), payment('SIGNED')]);
    await run();
    expect(done.toSorted()).toEqual(
      ['sweep.visit_failed', `put off ${SWEEP_RETRY_SECONDS * 1_000}`, 'sessions', 'settle', 'drop'].toSorted(),
    );
    expect(tally).toMatchObject({ failed: 1, settled: 1, oldestOverdueMs: 7_000 });
    const alone = page([new NotNow('planted')]);
    await alone.run();
    expect(alone.tally.oldestOverdueMs).toBe(3_000);
  });

  test('that cannot be put off is as old as its due time', async () => {
    const { run, tally } = page([new NotNow('planted')], { putOff: () => Promise.reject(new NotNow('planted')) });
    expect(await run()).toBe('finished');
    expect(tally).toMatchObject({ failed: 1, oldestOverdueMs: 2_000 });
  });

  test('is told of so often, however many fail', async () => {
    const { run, done, tally } = page(Array.from({ length: SWEEP_REPORTS_MAX + 1 }, () => new NotNow('planted')));
    await run();
    expect(done.filter((each) => each === 'sweep.visit_failed')).toHaveLength(SWEEP_REPORTS_MAX);
    expect(tally.failed).toBe(SWEEP_REPORTS_MAX + 1);
  });

  test('does not begin at the instant at which the time is up', async () => {
    const { run, done, tally } = page([payment('SIGNED')], { readMs: 10 });
    expect([await run(addMs(NOW, 10)), done, tally.visited]).toEqual(['left', [], 0]);
  });
});

test('a session has a dead entry where the lease of one has ended', () => {
  const [ended, live] = [NOW, addMs(NOW, 1)].map((leaseUntil) => ({ amount: toMicroUsd(1n), leaseUntil }));
  const holding = (...entries: (typeof ended)[]) => ({
    ...empty,
    open: new Map(entries.map((entry, at) => [`p#${at + 1}`, entry!] as const)),
  });
  expect(
    [holding(), holding(live), holding(live, ended)].map((session) => hasDeadEntries(session as never, NOW)),
  ).toEqual([false, false, true]);
});
