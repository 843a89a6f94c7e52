import { TRUE_UPS_AT_ONCE, TRUE_UP_PAGES_MAX, TRUE_UP_WAIT_MAX_MS, TRUE_UP_WAIT_MIN_MS } from '../../domain/limits.ts';
import type { Ledger } from '../../domain/ports/books.ts';
import type { TrueUpVisit, TrueUpVisits } from '../../domain/ports/true-ups.ts';
import { toEntryKey, type Payment } from '../../domain/payment/payment.ts';
import { mayReturn } from '../../domain/payment/true-up.ts';
import { addMs, type EpochMs } from '../../domain/time.ts';
import { forEachAtOnce } from './at-once.ts';
import { trueUpEntry, type TrueUpDeps } from './true-up.ts';

export interface TrueUpRunDeps extends TrueUpDeps {
  readonly ledger: Pick<Ledger, 'readPayment' | 'readSession'>;
  readonly visits: TrueUpVisits;
  readonly report: (failure: { readonly paymentId: string; readonly error: unknown }) => void;
}

export interface TrueUpReport {
  /** Looks at payments. */
  readonly visited: number;
  /** Payments of which nothing more comes back. */
  readonly closed: number;
  /** Payments whose chain could not be asked; they stay. */
  readonly failed: number;
  /** What came back, in micro-dollars. */
  readonly givenBack: bigint;
}

/**
 * Asks the chains of the payments that are due, page by page, and gives back what was not taken, each once. What may still be settled
 * is visited again after a quarter of its age. Begins nothing after `until`; what is left is for the next run.
 */
export async function trueUpDue(deps: TrueUpRunDeps, until: EpochMs): Promise<TrueUpReport> {
  const tally = { visited: 0, closed: 0, failed: 0, givenBack: 0n };
  const now = deps.clock.now();
  // The index follows a moment later, so that a page may show again what was seen to.
  const seen = new Set<string>();
  for (let page = 0; page < TRUE_UP_PAGES_MAX; page += 1) {
    const due = (await deps.visits.due(now)).filter(({ id }) => !seen.has(id));
    if (due.length === 0) break;
    for (const { id } of due) seen.add(id);
    await forEachAtOnce(due, TRUE_UPS_AT_ONCE, async (visit) => {
      if (deps.clock.now() >= until) return;
      tally.visited += 1;
      try {
        const back = await visitOne(deps, visit);
        if (back === 'open') return;
        tally.closed += 1;
        tally.givenBack += back;
      } catch (error) {
        tally.failed += 1;
        deps.report({ paymentId: visit.id, error });
        await deps.visits.putOff(visit, addMs(deps.clock.now(), TRUE_UP_WAIT_MAX_MS / 4)).catch(() => {});
      }
    });
    if (deps.clock.now() >= until) break;
  }
  return tally;
}

async function visitOne(deps: TrueUpRunDeps, visit: TrueUpVisit): Promise<bigint | 'open'> {
  const payment = await deps.ledger.readPayment(visit.id);
  const back = payment === null ? 0n : await giveBack(deps, payment);
  if (back !== 'open') await deps.visits.drop(visit);
  else await deps.visits.putOff(visit, addMs(deps.clock.now(), waitOf(payment!, deps.clock.now())));
  return back;
}

/** A payment without a right to it gets nothing: it was given back before, or the session had no place for it. */
async function giveBack(deps: TrueUpRunDeps, payment: Payment): Promise<bigint | 'open'> {
  if (payment.status !== 'SIGNED' || !mayReturn(payment)) return 0n;
  const session = await deps.ledger.readSession(payment);
  const entry = toEntryKey(payment.id, payment.attempt);
  const counted = session?.returns?.due.get(entry);
  // Signed, and not counted as spent yet: the sweeper comes before.
  if (session?.open.has(entry) === true) return 'open';
  return session === null || counted === undefined ? 0n : trueUpEntry(deps, session, entry, counted);
}

function waitOf({ createdAt }: Payment, now: EpochMs): number {
  return Math.min(TRUE_UP_WAIT_MAX_MS, Math.max(TRUE_UP_WAIT_MIN_MS, Math.floor((now - createdAt) / 4)));
}
