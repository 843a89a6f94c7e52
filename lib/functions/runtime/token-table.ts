import {
  ASSETS_EXPECTED,
  USD_RATES_EXPECTED,
  USD_RATE_AGE_RANGE,
  parseAssets,
  parseUsdRates,
} from '../../choices/assets.ts';
import { USD_RATE_AGE_DEFAULT_DAYS } from '../../domain/limits.ts';
import { createTokenTable, type TokenTable } from '../../domain/tokens/table.ts';

/**
 * The tokens that the environment of a function names, and what they cost. Apart from what every start reads, since most payments
 * are in USDC. Throws with every problem of the three variables.
 */
export function readTokenTable(env: Readonly<Record<string, string | undefined>>): TokenTable {
  const [assets, rates] = [parseAssets(parseJson(env['ASSETS'], [])), parseUsdRates(parseJson(env['USD_RATES'], {}))];
  const text = env['USD_RATE_MAX_AGE_DAYS'] || String(USD_RATE_AGE_DEFAULT_DAYS);
  const { min, max } = USD_RATE_AGE_RANGE;
  const rateMaxAgeDays = /^[0-9]{1,3}$/.test(text) ? Number(text) : 0;
  const isAge = rateMaxAgeDays >= min && rateMaxAgeDays <= max;
  if (assets !== null && rates !== null && isAge) {
    return createTokenTable({ assets, rates, rateMaxAgeDays });
  }
  const problems = [
    ...(assets === null ? [`ASSETS must be ${ASSETS_EXPECTED}. Received: ${env['ASSETS']}`] : []),
    ...(rates === null ? [`USD_RATES must be ${USD_RATES_EXPECTED}. Received: ${env['USD_RATES']}`] : []),
    ...(isAge ? [] : [`USD_RATE_MAX_AGE_DAYS must be an integer from ${min} to ${max}. Received: ${text}`]),
  ];
  throw new Error(`the function is not configured: ${problems.join('; ')}`);
}

/** `null` for what is no JSON; `absent` for what is not set. */
function parseJson(text: string | undefined, absent: unknown): unknown {
  if (text === undefined || text === '') return absent;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
