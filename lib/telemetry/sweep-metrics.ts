import { emfMembers } from './emf.ts';

/**
 * The members that make the line of a run of the sweeper count in CloudWatch; zeros too, so that graphs have no holes. Of
 * mismatches no zeros: there never should be one, and a metric that nothing writes costs nothing.
 */
export function sweepMetrics(
  of: Parameters<typeof emfMembers>[0],
  run: {
    readonly oldestOverdueMs: number;
    readonly failed: number;
    readonly frozen: boolean;
    readonly spentMismatches: number;
  },
): object {
  const { oldestOverdueMs, failed, frozen, spentMismatches } = run;
  return emfMembers(of, {
    OldestReservationAge: oldestOverdueMs / 1_000,
    SweepFailures: failed,
    Frozen: frozen ? 1 : 0,
    ...(spentMismatches === 0 ? {} : { SpentMismatches: spentMismatches }),
  });
}
