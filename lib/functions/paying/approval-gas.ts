import { APPROVAL_GAS_PER_DAY } from '../../choices/approvals.ts';
import { parseGasBudget } from '../../domain/allowances/gas-budget.ts';

/** What a wallet's approvals may cost in a day, in wei; `null`: this deployment sends none. Throws on what is no such amount. */
export function readApprovalGas(env: Readonly<Record<string, string | undefined>>): bigint | null {
  const text = env['APPROVAL_GAS_PER_DAY'];
  if (text === undefined || text === '') return null;
  const wei = parseGasBudget(text);
  if (wei !== null) return wei;
  throw new Error(
    `the function is not configured: APPROVAL_GAS_PER_DAY must be ${APPROVAL_GAS_PER_DAY.expected()}. Received: ${text}`,
  );
}
