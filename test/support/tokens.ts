import type { TokenSource } from '../../lib/domain/ports/services.ts';
import { parseUsdRates } from '../../lib/choices/assets.ts';
import { createTokenTable, type NamedToken } from '../../lib/domain/tokens/table.ts';

/** The tokens of a deployment that chose these. @param usdRates as the setting has them */
export function tokenTable({
  assets = [],
  usdRates = {},
  rateMaxAgeDays = 30,
}: {
  readonly assets?: readonly NamedToken[];
  readonly usdRates?: object;
  readonly rateMaxAgeDays?: number;
} = {}) {
  const rates = parseUsdRates(usdRates);
  if (rates === null) throw new Error('the rates of the test are none');
  return createTokenTable({ assets, rates, rateMaxAgeDays });
}

/** Of a deployment that names no token and gives no rate. */
export const USDC_ALONE: TokenSource = () => Promise.resolve(tokenTable());
