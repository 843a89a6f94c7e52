import { emfMembers } from './emf.ts';

/**
 * The members that make the line of a run of the sweeper count in CloudWatch; zeros too, so that graphs have no holes. Of
 * mismatches and of freezes of a part no zeros: there seldom is one, and a metric that nothing writes costs nothing.
 */
export function sweepMetrics(
  of: Parameters<typeof emfMembers>[0],
  run: {
    readonly oldestOverdueMs: number;
    readonly failed: number;
    readonly frozen: boolean;
    readonly freezes: number;
    readonly spentMismatches: number;
  },
): object {
  const { oldestOverdueMs, failed, frozen, freezes, spentMismatches } = run;
  return emfMembers(of, {
    OldestReservationAge: oldestOverdueMs / 1_000,
    SweepFailures: failed,
    Frozen: frozen ? 1 : 0,
    ...(freezes === 0 ? {} : { Freezes: freezes }),
    ...(spentMismatches === 0 ? {} : { SpentMismatches: spentMismatches }),
  });
}
