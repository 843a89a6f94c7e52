import { parseUsd } from '../../domain/money.ts';

/** Whether a price is above a bound, both in dollars. Throws `TypeError` where either is no amount. */
export function isAbove(amountUsd: string, boundUsd: string): boolean {
  const [amount, bound] = [parseUsd(amountUsd), parseUsd(boundUsd)];
  if (!amount.ok || !bound.ok) throw new TypeError(`${amount.ok ? boundUsd : amountUsd} is no price such as 0.50`);
  return amount.value > bound.value;
}
