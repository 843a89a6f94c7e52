import { parseGasBudget } from '../domain/allowances/gas-budget.ts';
import type { Choice } from './values.ts';

/** What a wallet's approvals may cost in a day. That none are sent is said apart. */
export const APPROVAL_GAS_PER_DAY: Choice<string> = {
  expected: () =>
    "an amount of the network's own coin as text such as '0.002', above zero and below a thousand, or 'none'",
  fits: (text) => parseGasBudget(text) !== null,
};
