import type { Answer } from '../../contract/client-types.ts';
import { formatInstant } from '../../domain/time.ts';
import type { Reported } from '../../domain/ports/memory.ts';

export function toOutcomeView(reported: Reported): Answer<'ReportOutcome'> {
  if (reported === null) return { status: 'IGNORED' };
  const { failuresInARow, pausedUntil } = reported;
  return {
    status: 'RECORDED',
    failuresInARow,
    ...(pausedUntil === null ? {} : { pausedUntil: formatInstant(pausedUntil) }),
  };
}
