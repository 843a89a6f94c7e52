import type { Arn, Deployment, PaymentId } from '../../domain/ids.ts';
import { breakerOf, parsePlace } from '../../domain/policy/index.ts';
import type { Payment } from '../../domain/payment/payment.ts';
import type { PaymentLog } from '../../domain/ports/books.ts';
import type { OutcomeKeeper, Reported } from '../../domain/ports/memory.ts';
import type { Registry } from '../../domain/ports/registry.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { Principal } from '../../domain/tenants/principal.ts';
import type { Clock } from '../../domain/time.ts';
import { findManager } from '../tenants/managers.ts';

export interface OutcomeDeps {
  readonly registry: Pick<Registry, 'readManager'>;
  readonly payments: Pick<PaymentLog, 'readPayment'>;
  readonly outcomes: OutcomeKeeper;
  /** Keeps a receipt that came with the report, if it is one. */
  readonly keepReceipt: (
    payment: Payment,
    of: { readonly receipt: string; readonly url: string },
  ) => Promise<KeptOrNot>;
  readonly deployment: Deployment;
  readonly clock: Clock;
}

type KeptOrNot = 'kept' | 'ignored';

/** What a report came to. */
export interface OutcomeReport {
  readonly reported: Reported;
  /** Of the receipt that came with it; `null`: none came. */
  readonly receipt: KeptOrNot | null;
}

/**
 * Notes what a client says of a payment of its user. Its word alone: it counts for the user's own payments at the origin, and for
 * nothing else; the budget and the books are not touched. A receipt that its seller signed is kept beside the payment. A payment that is
 * not signed, or not the user's, is "not found".
 */
export async function reportOutcome(
  deps: OutcomeDeps,
  principal: Principal,
  input: {
    readonly manager: Arn<string> | null;
    readonly paymentId: PaymentId | null;
    readonly url: string;
    readonly delivered: boolean;
    readonly signedReceipt?: string | undefined;
  },
): Promise<Result<OutcomeReport, Refusal>> {
  const manager = await findManager(deps, principal, 'pay', input.manager);
  if (!manager.ok) return manager;
  const { managerId } = manager.value;
  const { userId } = principal;
  const payment = input.paymentId === null ? null : await deps.payments.readPayment(input.paymentId);
  const isOwn = payment?.userId === userId && payment.managerId === managerId && payment.status === 'SIGNED';
  if (!isOwn) return refuse({ reason: 'not_found', resource: 'payment' });
  const reported = await noteOutcome(deps, payment, input);
  const { signedReceipt: receipt, url } = input;
  return ok({ reported, receipt: receipt === undefined ? null : await deps.keepReceipt(payment, { receipt, url }) });
}

async function noteOutcome(
  deps: Pick<OutcomeDeps, 'outcomes' | 'clock'>,
  { id, managerId, userId }: Payment,
  { url, delivered }: { readonly url: string; readonly delivered: boolean },
): Promise<Reported> {
  const place = parsePlace(url);
  if (place === null) return null;
  const now = deps.clock.now();
  const failures = await deps.outcomes.noteOutcome(
    { managerId, userId, origin: place.origin },
    { paymentId: id, delivered, at: now },
  );
  const breaker = breakerOf(failures);
  const pausedUntil = breaker === 'closed' || breaker.openUntil <= now ? null : breaker.openUntil;
  return { failuresInARow: failures.inARow, pausedUntil };
}
