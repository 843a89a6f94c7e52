import type { PaymentId } from '../../domain/ids.ts';
import type { SweepIndex, SweepReads } from '../../domain/ports/books.ts';
import type { RecoveryDeps } from './recovery.ts';

export interface SweepDeps extends RecoveryDeps {
  readonly reads: SweepReads;
  readonly index: SweepIndex;
  /** Hears of visits that failed, and of shards whose visits could not be found or read; the next pass repeats them. */
  readonly report: (
    problem: { readonly error: unknown } & (
      | { readonly event: 'sweep.visit_failed'; readonly paymentId: PaymentId }
      | { readonly event: 'sweep.shard_failed'; readonly shard: number }
    ),
  ) => void;
}

export interface SweepReport {
  readonly visited: number;
  readonly aborted: number;
  readonly settled: number;
  readonly released: number;
  /** Visits and shards that failed; the next pass repeats them. */
  readonly failed: number;
  /** Shards of which visits are left that were due: the run's time was up. */
  readonly shardsLeft: number;
  /** How far behind its lease the oldest payment was whose visit was due, in milliseconds; the liveness alarm watches it. */
  readonly oldestOverdueMs: number;
}

export type SweepTally = { -readonly [K in keyof SweepReport]: SweepReport[K] };

export function emptyTally(): SweepTally {
  return { visited: 0, aborted: 0, settled: 0, released: 0, failed: 0, shardsLeft: 0, oldestOverdueMs: 0 };
}
