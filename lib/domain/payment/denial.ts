import type { CounterKey } from './charge.ts';
import { formatUsd, type MicroUsd } from '../money.ts';
import type { PolicyRefusal } from '../policy/refusal.ts';
import { showRule } from '../policy/show-refusal.ts';

/** The session had less left than was asked for. */
export interface BudgetExceeded {
  readonly reason: 'budget_exceeded';
  readonly requested: MicroUsd;
  readonly available: MicroUsd;
  readonly reserved: MicroUsd;
}

/** A rule of the spend policy had less left than was asked for. The figures are micro-dollars of a sum, and counts otherwise. */
export interface PolicyExceeded {
  readonly reason: 'policy_exceeded';
  /** The counter of the rule that decided. */
  readonly key: CounterKey;
  readonly max: bigint;
  /** Reserved and spent at that moment. */
  readonly used: bigint;
  readonly asked: bigint;
  /** The rule whose counter it is, as it stood then. Absent in records that were made without one. */
  readonly by?: PolicyRefusal | undefined;
}

/** A rule of the spend policy does not allow such a payment, whatever is left of anything. */
export type PolicyRefused = PolicyRefusal;

/** It was never signed, and its client token was used for other terms since: it is closed, so that it can never pay as well. */
export interface Superseded {
  readonly reason: 'superseded';
}

/** The people who were to approve it at its wallet's provider said no, or nothing as often as they were asked. */
export type NotApproved = { readonly reason: 'approval_rejected' } | { readonly reason: 'approval_lapsed' };

/**
 * Why a payment was denied for good, with the figures that were true at that moment. A new reason is one more member here; the
 * compiler then asks for its stored form, its wire error and its event.
 */
export type Denial = BudgetExceeded | PolicyExceeded | PolicyRefused | Superseded | NotApproved;
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
    case 'policy_exceeded':
      return {
        reason: denial.reason,
        key: denial.key,
        max: denial.max.toString(),
        used: denial.used.toString(),
        asked: denial.asked.toString(),
        ...(denial.by === undefined ? {} : { policy: showRule(denial.by) }),
      } as const;
    case 'policy_refused':
      return { reason: denial.reason, policy: showRule(denial) } as const;
    case 'superseded':
    case 'approval_rejected':
    case 'approval_lapsed':
      return { reason: denial.reason } as const;
  }
}
