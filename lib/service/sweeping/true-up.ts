import { TRUE_UPS_AT_ONCE } from '../../domain/limits.ts';
import type { MicroUsd } from '../../domain/money.ts';
import type { Ledger } from '../../domain/ports/books.ts';
import type { TracePayment, TrueUps } from '../../domain/ports/true-ups.ts';
import { parseEntryKey, type EntryKey } from '../../domain/payment/payment.ts';
import type { Session, SessionKey } from '../../domain/payment/session.ts';
import { mayReturn, releaseOfCeiling, usdOfRelease } from '../../domain/payment/true-up.ts';
import type { Clock } from '../../domain/time.ts';

export interface TrueUpDeps {
  readonly ledger: Pick<Ledger, 'readPayment'>;
  readonly trueUps: TrueUps;
  readonly trace: TracePayment;
  readonly clock: Clock;
}

export interface TrueUpTally {
  /** Given back by this run, in micro-dollars. */
  readonly givenBack: bigint;
  /** Payments that this run closed the matter of. */
  readonly closed: number;
  /** Payments that may still be settled, or of which the final block says nothing yet. */
  readonly open: number;
  /** Why, of each payment whose chain could not be asked. They stay as they are. */
  readonly failures: readonly unknown[];
}

/** Asks the chain of the payments of a session that were counted with their ceiling, and gives back what was not taken, once. */
export async function trueUpSession(deps: TrueUpDeps, session: Session): Promise<TrueUpTally> {
  const due = [...(session.returns?.due ?? [])].slice(0, TRUE_UPS_AT_ONCE);
  const outcomes = await Promise.allSettled(due.map((each) => trueUpEntry(deps, session, ...each)));
  const backs = outcomes.flatMap((each) => (each.status === 'fulfilled' && each.value !== 'open' ? [each.value] : []));
  return {
    givenBack: backs.reduce((sum, back) => sum + back, 0n),
    closed: backs.length,
    open: outcomes.filter((each) => each.status === 'fulfilled' && each.value === 'open').length,
    failures: outcomes.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : [])),
  };
}

/** The same of one payment, by its entry. @returns what came back, or that it may still be settled */
export async function trueUpEntry(
  { ledger, trueUps, trace, clock }: TrueUpDeps,
  session: SessionKey,
  entry: EntryKey,
  counted: MicroUsd,
): Promise<bigint | 'open'> {
  const { paymentId, attempt } = parseEntryKey(entry);
  const payment = await ledger.readPayment(paymentId);
  // Only a signed payment is settled, at its last attempt. What is not so is for the audit, and nothing comes back.
  const isOwn = payment?.status === 'SIGNED' && payment.attempt === attempt && payment.amount === counted;
  if (!isOwn || !mayReturn(payment)) throw new Error(`${entry} is counted for a payment that was not signed so`);
  const traced = await trace(payment);
  if (traced.kind === 'open') return 'open';
  const back = usdOfRelease(payment, releaseOfCeiling(payment.offer.amount, traced));
  const outcome = await trueUps.trueUp({ session, entry, counted, back, now: clock.now() });
  return outcome === 'done' ? back : 0n;
}
