import { toBaseUnits } from '../../lib/domain/money.ts';
import { NotNow, OutcomeUnknown } from '../../lib/domain/ports/services.ts';
import type { Payment } from '../../lib/domain/payment/payment.ts';
import type { Session } from '../../lib/domain/payment/session.ts';
import type { TracePayment } from '../../lib/domain/ports/true-ups.ts';
import type { Clock } from '../../lib/domain/time.ts';
import { foldGrants } from '../../lib/service/sweeping/grant-fold.ts';
import { trueUpSession } from '../../lib/service/sweeping/true-up.ts';
import { keyOfSession } from '../support/model-operator.ts';
import type { Books, Carry } from '../support/model-ledger.ts';
import { ledgerOver, trueUpsOver, windowsOver } from '../support/model-ports.ts';
import { takenOf } from './policy-plan.ts';

const SETTLES_AFTER_MS = 8_000;

/** Gives back what was not taken of the ceilings of sessions, as an operator's job does. */
export async function reconcile(carry: Carry, clock: Clock, sessions: readonly Session[]): Promise<void> {
  const ledger = ledgerOver(carry);
  for (const key of sessions) {
    try {
      const session = await ledger.readSession(key);
      if (session === null) continue;
      await trueUpSession({ ledger, trueUps: trueUpsOver(carry), trace: traceAt(clock), clock }, session);
    } catch (error) {
      if (!(error instanceof OutcomeUnknown || error instanceof NotNow)) throw error;
    }
  }
}

/** What the chain shows at a block that is final. */
function traceAt(clock: Clock): TracePayment {
  return async ({ id, offer, decidedAt, terms: { validBefore } }: Payment) => {
    const taken = takenOf(id, offer.amount);
    if (taken === null) return { kind: clock.now() / 1_000 >= validBefore ? 'dead' : 'open' };
    if (clock.now() < (decidedAt ?? 0) + SETTLES_AFTER_MS) return { kind: 'open' };
    return { kind: 'used', amount: toBaseUnits(taken), transaction: '0x' };
  };
}

/** What the audit of a session does with what it has of windows that are open still. */
export async function foldAll(carry: Carry, clock: Clock, { sessions }: Books): Promise<void> {
  for (const session of sessions.values()) {
    await foldGrants({ ledger: ledgerOver(carry), windows: windowsOver(carry), clock }, session);
  }
}

/** Throws unless all that was not taken of ceilings came back, and no more. */
export function checkReturned({ sessions, payments }: Books): void {
  for (const [key, { returns }] of sessions) {
    let left = 0n;
    for (const payment of payments.values()) {
      if (keyOfSession(payment) !== key || payment.status !== 'SIGNED') continue;
      if (payment.offer.facilitator !== undefined) left += payment.amount - (takenOf(payment.id, payment.amount) ?? 0n);
    }
    const { due = new Map<string, bigint>(), givenBack = 0n } = returns ?? {};
    if (due.size > 0) throw new Error(`I4: ${[...due.keys()].join()} was never looked at again`);
    if (givenBack !== left) throw new Error(`I4: ${givenBack} came back to ${key}, of ${left} that were not taken`);
  }
}
