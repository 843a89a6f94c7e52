import {
  SWEEP_REPORTS_MAX,
  SWEEP_RETRY_SECONDS,
  SWEEP_SECOND_VISIT_SECONDS,
  SWEEP_VISITS_AT_ONCE,
} from '../../domain/limits.ts';
import type { DueVisit } from '../../domain/ports/books.ts';
import type { Payment } from '../../domain/payment/payment.ts';
import { mayReturn } from '../../domain/payment/true-up.ts';
import type { Session } from '../../domain/payment/session.ts';
import { addMs, type EpochMs } from '../../domain/time.ts';
import { forEachAtOnce } from './at-once.ts';
import { abandonIfDead, closeEntry, openEntriesOf } from './recovery.ts';
import type { SweepDeps, SweepTally } from './sweep-report.ts';

/** A visit whose payment is decided, and whose entries are to be closed. */
interface DecidedVisit {
  readonly due: DueVisit;
  /** When the visit began: before anything of it was read. */
  readonly startedAt: EpochMs;
  readonly payment: Payment;
}

/**
 * Finishes the payments of one page: decides those whose handler is gone, closes their entries, and takes them off the index.
 * Each session is read after the payments are decided, as the books demand; otherwise the visits are independent, and one that
 * fails is put off and reported. Throws where a page cannot be read at all. Begins nothing after `until`.
 */
export async function visitPage(
  deps: SweepDeps,
  page: readonly DueVisit[],
  tally: SweepTally,
  until: EpochMs,
): Promise<'finished' | 'left'> {
  if (page.length === 0) return 'finished';
  let left: 'finished' | 'left' = 'finished';
  // One payment that cannot be finished must not keep the others from being finished.
  const each = <T>(items: readonly T[], dueOf: (item: T) => DueVisit, work: (item: T, at: number) => Promise<void>) =>
    forEachAtOnce(items, SWEEP_VISITS_AT_ONCE, async (item, position) => {
      if (deps.clock.now() >= until) {
        left = 'left';
        return;
      }
      try {
        await work(item, position);
      } catch (error) {
        await putOff(deps, dueOf(item), error, tally);
      }
    });

  const startedAt = deps.clock.now();
  const found = await deps.reads.readPayments(page.map(({ id }) => id));
  const decided: DecidedVisit[] = [];
  await each(
    page,
    (due) => due,
    async (due, position) => {
      tally.visited += 1;
      const payment = await decideVisit(deps, valueOf(found[position]!), startedAt, tally);
      if (payment !== null) decided.push({ due, startedAt, payment });
    },
  );
  if (decided.length === 0) return left;
  if (deps.clock.now() >= until) return 'left';
  const sessions = await deps.reads.readSessions(decided.map(({ payment }) => payment));
  await each(
    decided,
    ({ due }) => due,
    (visit, position) => closeVisit(deps, visit, valueOf(sessions[position]!), tally),
  );
  return left;
}

function valueOf<T>(read: PromiseSettledResult<T>): T {
  if (read.status === 'rejected') throw read.reason;
  return read.value;
}

/** @returns the payment if it is decided, now or before; `null`: nothing is to be closed */
async function decideVisit(
  deps: SweepDeps,
  found: Payment | null,
  now: EpochMs,
  tally: SweepTally,
): Promise<Payment | null> {
  if (found === null) return null;
  tally.oldestOverdueMs = Math.max(tally.oldestOverdueMs, now - found.leaseUntil);
  const payment = await abandonIfDead(deps, found, now);
  if (payment.status === 'PENDING') {
    await deps.index.postponeVisit(payment.id, payment.attempt, payment.leaseUntil);
    return null;
  }
  if (found.status === 'PENDING' && payment.status === 'ABORTED') tally.aborted += 1;
  return payment;
}

/**
 * Closes the entries of a decided payment and takes it off the index, or hands it over where something may come back of it. One with an attempt that was not signed stays for one
 * more visit, in case that attempt's reserve arrives after this one.
 */
async function closeVisit(
  deps: SweepDeps,
  { payment, startedAt }: DecidedVisit,
  session: Session | null,
  tally: SweepTally,
): Promise<void> {
  for (const [entry, held] of session === null ? [] : openEntriesOf(payment, session)) {
    const action = await closeEntry(deps, payment, entry, held, payment);
    if (action === 'settle') tally.settled += 1;
    if (action === 'release') tally.released += 1;
  }
  const secondVisit = addMs(payment.leaseUntil, SWEEP_SECOND_VISIT_SECONDS * 1_000);
  const mayHaveGhost = payment.status !== 'SIGNED' || payment.attempt > 1;
  if (mayHaveGhost && startedAt < secondVisit) {
    return deps.index.postponeVisit(payment.id, payment.attempt, secondVisit);
  }
  if (payment.status === 'SIGNED' && mayReturn(payment)) {
    return deps.index.handOver(payment.id, payment.attempt, deps.clock.now());
  }
  return deps.index.dropVisit(payment.id, payment.attempt);
}

/** Puts a visit that failed behind the others of its shard, where it keeps the age of its first failure. */
async function putOff(deps: SweepDeps, due: DueVisit, error: unknown, tally: SweepTally): Promise<void> {
  tally.failed += 1;
  if (tally.failed <= SWEEP_REPORTS_MAX) deps.report({ event: 'sweep.visit_failed', paymentId: due.id, error });
  const now = deps.clock.now();
  // A visit that cannot be put off stays where it is; its shard goes on after it nevertheless.
  const since = await deps.index.putOff(due, addMs(now, SWEEP_RETRY_SECONDS * 1_000)).catch(() => null);
  tally.oldestOverdueMs = Math.max(tally.oldestOverdueMs, now - (since ?? due.dueAt));
}
