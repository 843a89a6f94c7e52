import type { MicroUsd } from '../money.ts';

/** The session had less left than was asked for. */
export interface BudgetExceeded {
  readonly reason: 'budget_exceeded';
  readonly requested: MicroUsd;
  readonly available: MicroUsd;
  readonly reserved: MicroUsd;
}

/**
 * Why a payment was denied for good, with the figures that were true at that moment. A new reason is one more member here; the
 * compiler then asks for its stored form, its wire error and its event.
 */
export type Denial = BudgetExceeded;
export type DenialReason = Denial['reason'];
