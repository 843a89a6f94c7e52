import { shortCharges, type Charge } from '../../domain/payment/charge.ts';
import type { BudgetExceeded, Denial, PolicyExceeded } from '../../domain/payment/denial.ts';
import type { Payment } from '../../domain/payment/payment.ts';
import type { Session } from '../../domain/payment/session.ts';
import { toMicroUsd, type MicroUsd } from '../../domain/money.ts';
import type { Clock } from '../../domain/time.ts';
import type { Counting } from '../policing/in-force.ts';
import { hasDeadEntries } from '../sweeping/recovery.ts';

/** Whether an amount is more than is left of a session's limit. */
export function cannotAfford(session: Session, amount: MicroUsd): boolean {
  return session.budget.available !== null && session.budget.available < amount;
}

/** The refusal of an amount that a session cannot afford, with the figures of that moment. */
export function budgetDenial({ budget }: Session, requested: MicroUsd): BudgetExceeded {
  return {
    reason: 'budget_exceeded',
    requested,
    available: budget.available ?? toMicroUsd(0n),
    reserved: budget.reserved,
  };
}

/** The denial of a payment whose charge a counter has no room for. */
export function counterDenial({ key, max, quantity: asked }: Charge, used: bigint): PolicyExceeded {
  return { reason: 'policy_exceeded', key, max, used, asked };
}

/**
 * The denial that a consistent read of the session shows already, so that no reserve need be sent in vain; `null` where there is
 * none, or where only the reserve can tell: entries that a scrub could free may hold what is wanting, and other sessions what is
 * left of a window. Only for a payment that was begun together with this read: of one that is taken up again, an earlier attempt
 * may hold the money.
 */
export function shownDenial(
  { clock, inFlightMax }: { readonly clock: Clock; readonly inFlightMax: number },
  session: Session,
  { amount }: Pick<Payment, 'amount'>,
  { charges, explain }: Counting,
): Denial | null {
  const short = shortCharges(session, charges).find(({ kind }) => kind === 'session');
  if (!cannotAfford(session, amount) && short === undefined) return null;
  const mayGiveRoom = session.inFlight >= inFlightMax || hasDeadEntries(session, clock.now());
  if (mayGiveRoom) return null;
  if (short === undefined || cannotAfford(session, amount)) return budgetDenial(session, amount);
  return explain(counterDenial(short, session.counters.get(short.key) ?? 0n));
}
