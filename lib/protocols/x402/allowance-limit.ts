import { memberOf } from '../../json/record.ts';

const LIMIT = /^[0-9]{1,78}$/;

/**
 * AgentCore's `permit2AllowanceLimit` of a payment's input, in the token's smallest unit. `undefined`: there is none; `null`: it is no
 * such number.
 */
export function allowanceLimitOf(paymentInput: unknown): bigint | null | undefined {
  const limit = memberOf(memberOf(paymentInput, 'cryptoX402'), 'permit2AllowanceLimit');
  if (limit === undefined) return undefined;
  return typeof limit === 'string' && LIMIT.test(limit) ? BigInt(limit) : null;
}
