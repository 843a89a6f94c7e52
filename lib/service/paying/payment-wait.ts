import { doublingWaitMs } from '../../domain/doubling-wait.ts';
import { InvariantViolated } from '../../domain/invariant.ts';
import {
  DUPLICATE_WAIT_MAX_MS,
  DUPLICATE_WAIT_STEP_MAX_MS,
  DUPLICATE_WAIT_STEP_MIN_MS,
  SIGN_BUDGET_MS,
} from '../../domain/limits.ts';
import type { Ledger } from '../../domain/ports/books.ts';
import type { Randomness } from '../../domain/ports/services.ts';
import type { Payment } from '../../domain/payment/payment.ts';
import type { Clock, EpochMs } from '../../domain/time.ts';

export interface WaitDeps {
  readonly ledger: Pick<Ledger, 'readPayment'>;
  readonly clock: Clock;
  readonly random: Randomness;
}

/** A random wait that doubles its ceiling with every step, up to `maxMs`. */
export function jitteredWaitMs(
  random: Pick<Randomness, 'fraction'>,
  step: number,
  bounds: { readonly minMs: number; readonly maxMs: number },
): number {
  const ceiling = doublingWaitMs(step, bounds);
  return Math.floor(bounds.minMs + random.fraction() * (ceiling - bounds.minMs));
}

/**
 * Waits while another handler is at work on a payment: until it is decided, or its lease ends and it may be taken over.
 * @returns the payment as it is then, or `null` when it is still in progress at the end of the wait
 */
export async function awaitOutcome(deps: WaitDeps, found: Payment, deadline: EpochMs): Promise<Payment | null> {
  const giveUpAt = Math.min(deps.clock.now() + DUPLICATE_WAIT_MAX_MS, deadline - SIGN_BUDGET_MS);
  let payment = found;
  for (let step = 0; payment.status === 'PENDING' && deps.clock.now() < payment.leaseUntil; step += 1) {
    const waitMs = jitteredWaitMs(deps.random, step, {
      minMs: DUPLICATE_WAIT_STEP_MIN_MS,
      maxMs: DUPLICATE_WAIT_STEP_MAX_MS,
    });
    if (deps.clock.now() + waitMs > giveUpAt) return null;
    await deps.clock.sleep(waitMs);
    const current = await deps.ledger.readPayment(payment.id);
    if (current === null) throw new InvariantViolated(`payment ${payment.id} vanished from the books`);
    payment = current;
  }
  return payment;
}
