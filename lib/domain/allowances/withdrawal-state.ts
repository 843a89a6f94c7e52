import type { PaymentId } from '../ids.ts';
import type { Hex } from '../payment/shapes.ts';
import type { EpochMs } from '../time.ts';
import { newestSigned, type Allowance, type Hindrance } from './allowance.ts';
import type { WithdrawalOutcome } from './withdrawal-outcome.ts';
import { withdrawalOf } from './withdrawal-steps.ts';

/** How far the transaction of a withdrawal is. */
export interface WithdrawalState {
  readonly status: 'REQUESTED' | 'UNDER_WAY' | 'SETTLED' | 'REVERTED' | 'LAPSED';
  readonly hindrance: Hindrance | null;
  readonly transaction: Hex | null;
}

/**
 * What is known of a withdrawal that the books have decided.
 * @param allowance of its wallet, read before the outcome: that is written before the wallet is free of it
 */
export function stateOfWithdrawal(
  { id, until }: { readonly id: PaymentId; readonly until: EpochMs },
  allowance: Allowance | null,
  outcome: WithdrawalOutcome | null,
  now: EpochMs,
): WithdrawalState {
  const none = { hindrance: null, transaction: null };
  if (outcome !== null) {
    const { succeeded, transaction } = outcome;
    return { ...none, status: succeeded ? 'SETTLED' : 'REVERTED', transaction };
  }
  const busyWith = allowance === null ? null : withdrawalOf(allowance);
  if (allowance === null || busyWith?.paymentId !== id)
    return { ...none, status: now < until ? 'REQUESTED' : 'LAPSED' };
  const { attempt } = allowance;
  const { hindrance } = busyWith;
  if (allowance.withdrawal !== null || attempt === null) return { ...none, status: 'REQUESTED', hindrance };
  return { status: 'UNDER_WAY', hindrance, transaction: newestSigned(attempt)?.hash ?? null };
}
