import { formatUsd, type MicroUsd } from '../money.ts';

/** The session had less left than was asked for. */
export interface BudgetExceeded {
  readonly reason: 'budget_exceeded';
  readonly requested: MicroUsd;
  readonly available: MicroUsd;
  readonly reserved: MicroUsd;
}

/** It was never signed, and its client token was used for other terms since: it is closed, so that it can never pay as well. */
export interface Superseded {
  readonly reason: 'superseded';
}

/**
 * Why a payment was denied for good, with the figures that were true at that moment. A new reason is one more member here; the
 * compiler then asks for its stored form, its wire error and its event.
 */
export type Denial = BudgetExceeded | Superseded;
export type DenialReason = Denial['reason'];

/** The figures of a denial in dollars, as receipts and events show them beside its reason. */
export function showDenial(denial: Denial) {
  switch (denial.reason) {
    case 'budget_exceeded':
      return {
        reason: denial.reason,
        requestedUsd: formatUsd(denial.requested),
        availableUsd: formatUsd(denial.available),
        reservedUsd: formatUsd(denial.reserved),
      } as const;
    case 'superseded':
      return { reason: denial.reason } as const;
  }
}
