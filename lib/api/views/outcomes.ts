import type { Answer } from '../../contract/client-types.ts';
import type { Reported } from '../../domain/ports/memory.ts';
import { formatInstant } from '../../domain/time.ts';

/** @param receipt what became of the receipt that came with the report; `null`: none came */
export function toOutcomeView(of: {
  readonly reported: Reported;
  readonly receipt: 'kept' | 'ignored' | null;
}): Answer<'ReportOutcome'> {
  const { reported, receipt } = of;
  const kept = receipt === 'kept' ? ('KEPT' as const) : ('IGNORED' as const);
  const signedReceipt = receipt === null ? {} : { signedReceipt: kept };
  if (reported === null) return { status: 'IGNORED', ...signedReceipt };
  const { failuresInARow, pausedUntil } = reported;
  return {
    status: 'RECORDED',
    failuresInARow,
    ...(pausedUntil === null ? {} : { pausedUntil: formatInstant(pausedUntil) }),
    ...signedReceipt,
  };
}
