import { emfMembers } from './emf.ts';

/** The members that make the line of a run of the sweeper count in CloudWatch; zeros too, so that graphs have no holes. */
export function sweepMetrics(
  of: Parameters<typeof emfMembers>[0],
  run: { readonly oldestOverdueMs: number; readonly failed: number; readonly frozen: boolean },
): object {
  return emfMembers(of, {
    OldestReservationAge: run.oldestOverdueMs / 1_000,
    SweepFailures: run.failed,
    Frozen: run.frozen ? 1 : 0,
  });
}
