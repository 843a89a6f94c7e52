import type { Hindrance } from '../../domain/allowances/allowance.ts';

/** What a wallet's transaction waits for, in the words of answers. */
export const WAITS = {
  gas_missing: 'GAS',
  gas_budget: 'GAS_BUDGET',
  nonce_busy: 'NONCE',
  fee_ceiling: 'FEE',
} as const satisfies Record<Hindrance, string>;
