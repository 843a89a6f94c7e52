import type { AllowanceKey } from '../../domain/allowances/allowance.ts';
import { APPROVAL_LOOK_MS, APPROVAL_VISITS_MAX } from '../../domain/limits.ts';
import type { AllowanceVisits } from '../../domain/ports/allowances.ts';
import { ChainUnavailable } from '../../domain/ports/chains.ts';
import { addMs, type EpochMs } from '../../domain/time.ts';
import { visitAllowance, type SendingDeps } from './sending.ts';

export interface SendingRunDeps extends SendingDeps {
  readonly visits: AllowanceVisits;
  readonly report: (failure: { readonly key: AllowanceKey; readonly error: unknown }) => void;
}

export interface SendingReport {
  readonly visits: number;
  readonly failures: number;
  /** Approvals that are under way still. */
  readonly open: number;
}

/** Looks at one wallet before the next, so often at the most without a pause. */
const LOOKS_AT_ONCE_MAX = 4;

/**
 * Looks at every wallet that is due, and again every two seconds at those with an approval under way, until `until`. What is not
 * finished then, and what failed, is left to the next run. So is every wallet of a network that did not answer, which others would
 * wait for.
 */
export async function sendApprovals(deps: SendingRunDeps, until: EpochMs): Promise<SendingReport> {
  let [visits, failures] = [0, 0];
  const silent = new Set<string>();
  let due = await deps.visits.due(deps.clock.now());
  while (due.length > 0) {
    const open: AllowanceKey[] = [];
    for (const key of due) {
      if (silent.has(key.network)) continue;
      if (visits >= APPROVAL_VISITS_MAX || deps.clock.now() >= until) return { visits, failures, open: due.length };
      visits += 1;
      try {
        if ((await lookAt(deps, key)) === 'soon') open.push(key);
      } catch (error) {
        failures += 1;
        if (error instanceof ChainUnavailable) silent.add(key.network);
        deps.report({ key, error });
      }
    }
    due = open;
    if (open.length === 0 || addMs(deps.clock.now(), APPROVAL_LOOK_MS) >= until) break;
    await deps.clock.sleep(APPROVAL_LOOK_MS);
  }
  return { visits, failures, open: due.length };
}

async function lookAt(deps: SendingDeps, key: AllowanceKey): Promise<'soon' | 'later'> {
  for (let look = 0; look < LOOKS_AT_ONCE_MAX; look += 1) {
    const visit = await visitAllowance(deps, key);
    if (visit !== 'again') return visit;
  }
  return 'soon';
}
