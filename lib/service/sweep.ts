import type { PaymentId } from '../domain/ids.ts';
import {
  SWEEP_PAGES_MAX,
  SWEEP_PASSES,
  SWEEP_PASS_INTERVAL_MS,
  SWEEP_SECOND_VISIT_SECONDS,
  SWEEP_SHARDS,
} from '../domain/limits.ts';
import type { Ledger, SweepIndex } from '../domain/ports.ts';
import { addMs, type EpochMs } from '../domain/time.ts';
import { abandonIfDead, closeEntry, openEntriesOf, type RecoveryDeps } from './recovery.ts';

export interface SweepDeps extends RecoveryDeps {
  readonly ledger: Pick<Ledger, 'readPayment' | 'readSession' | 'decide' | 'settle' | 'release'>;
  readonly index: SweepIndex;
  /** Hears of visits that failed; the next sweep repeats them. */
  readonly report: (problem: { readonly event: string; readonly paymentId: string; readonly error: unknown }) => void;
}

export interface SweepReport {
  readonly visited: number;
  readonly aborted: number;
  readonly settled: number;
  readonly released: number;
  /** Visits that threw; the next sweep repeats them. */
  readonly failed: number;
  /** How far behind its lease the oldest visited payment was, in milliseconds; the liveness alarm watches it. */
  readonly oldestOverdueMs: number;
}

type Tally = { -readonly [K in keyof SweepReport]: SweepReport[K] };

/**
 * The passes of one scheduled run: recovery must take less than a minute and a half, and the schedule has minute resolution.
 * Where no payment waits for a visit there is one pass only: whatever comes after it is due at most a lease later, and the
 * next run finds it in time. An idle deployment would pay for half of all time otherwise.
 */
export async function sweep(deps: SweepDeps): Promise<SweepReport> {
  const tally = emptyTally();
  for (let pass = 0; pass < SWEEP_PASSES; pass += 1) {
    if (pass > 0) {
      if (!(await hasVisits(deps.index))) break;
      await deps.clock.sleep(SWEEP_PASS_INTERVAL_MS);
    }
    await sweepOnce(deps, tally);
  }
  return tally;
}

async function hasVisits(index: Pick<SweepIndex, 'hasVisits'>): Promise<boolean> {
  for (let shard = 0; shard < SWEEP_SHARDS; shard += 1) {
    if (await index.hasVisits(shard)) return true;
  }
  return false;
}

/** One pass over all shards. */
export async function sweepOnce(deps: SweepDeps, tally: Tally = emptyTally()): Promise<SweepReport> {
  for (let shard = 0; shard < SWEEP_SHARDS; shard += 1) {
    await sweepShard(deps, shard, tally);
  }
  return tally;
}

function emptyTally(): Tally {
  return { visited: 0, aborted: 0, settled: 0, released: 0, failed: 0, oldestOverdueMs: 0 };
}

async function sweepShard(deps: SweepDeps, shard: number, tally: Tally): Promise<void> {
  const seen = new Set<PaymentId>();
  for (let page = 0; page < SWEEP_PAGES_MAX; page += 1) {
    const due = (await deps.index.duePayments(shard, deps.clock.now())).filter((id) => !seen.has(id));
    if (due.length === 0) return;
    for (const id of due) {
      seen.add(id);
      tally.visited += 1;
      // One payment that cannot be finished must not keep the others from being finished.
      await visitPayment(deps, id, tally).catch((error: unknown) => {
        tally.failed += 1;
        deps.report({ event: 'sweep.visit_failed', paymentId: id, error });
      });
    }
  }
}

/**
 * Finishes one payment: decides it if its handler is gone, closes its entries, and takes it off the index. A payment with an
 * attempt that was not signed stays for one more visit, in case that attempt's reserve arrives after this one.
 */
export async function visitPayment(deps: SweepDeps, id: PaymentId, tally: Tally = emptyTally()): Promise<void> {
  const now = deps.clock.now();
  const found = await deps.ledger.readPayment(id);
  if (found === null) return;
  tally.oldestOverdueMs = Math.max(tally.oldestOverdueMs, now - found.leaseUntil);
  const payment = await abandonIfDead(deps, found, now);
  if (payment.status === 'PENDING') return deps.index.postponeVisit(id, payment.attempt, payment.leaseUntil);
  if (found.status === 'PENDING' && payment.status === 'ABORTED') tally.aborted += 1;

  const session = await deps.ledger.readSession(payment);
  for (const [entry, held] of session === null ? [] : openEntriesOf(payment, session)) {
    const action = await closeEntry(deps, payment, entry, held, payment);
    if (action === 'settle') tally.settled += 1;
    if (action === 'release') tally.released += 1;
  }
  const secondVisit = secondVisitAt(payment.leaseUntil);
  const mayHaveGhost = payment.status !== 'SIGNED' || payment.attempt > 1;
  if (mayHaveGhost && now < secondVisit) {
    return deps.index.postponeVisit(id, payment.attempt, secondVisit);
  }
  return deps.index.dropVisit(id, payment.attempt);
}

function secondVisitAt(leaseUntil: EpochMs): EpochMs {
  return addMs(leaseUntil, SWEEP_SECOND_VISIT_SECONDS * 1_000);
}
