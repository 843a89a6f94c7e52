import { USD_RATE_DECIMALS } from '../limits.ts';
import type { EpochMs } from '../time.ts';
import type { UsdRate } from './token.ts';

const USD = new RegExp(`^(0|[1-9][0-9]{0,6})(?:\\.([0-9]{1,${USD_RATE_DECIMALS}}))?$`);
const DAY_CHARS = 10;
const DAY_MS = 86_400_000;

/** What one whole token costs, in dollars as text such as `1.17`, of a day such as `2026-11-20`. `null`: it is no rate. */
export function parseUsdRate(usd: unknown, asOf: unknown): UsdRate | null {
  const [, whole, fraction = ''] = (typeof usd === 'string' && USD.exec(usd)) || [];
  if (whole === undefined || typeof asOf !== 'string' || !isDay(asOf)) return null;
  const picoUsd = BigInt(whole + fraction.padEnd(USD_RATE_DECIMALS, '0'));
  return picoUsd === 0n ? null : { picoUsd, asOf };
}

/** A day that the calendar has, of a year with four digits: `2026-02-30` is none. */
function isDay(text: string): boolean {
  const midnight = `${text}T00:00:00.000Z`;
  const at = Date.parse(midnight);
  return text.length === DAY_CHARS && !Number.isNaN(at) && new Date(at).toISOString() === midnight;
}

/** A rate as text such as `1.17`, with two to twelve decimals. */
export function formatUsdRate({ picoUsd }: UsdRate): string {
  const digits = picoUsd.toString().padStart(USD_RATE_DECIMALS + 1, '0');
  const fraction = digits.slice(-USD_RATE_DECIMALS).replace(/0+$/, '');
  return `${digits.slice(0, -USD_RATE_DECIMALS)}.${fraction.padEnd(2, '0')}`;
}

/** How many whole days ago the day of a rate began, by UTC. Below zero: it has not come yet. */
export function ageInDays({ asOf }: UsdRate, now: EpochMs): number {
  return Math.floor((now - Date.parse(`${asOf}T00:00:00Z`)) / DAY_MS);
}

/** Whether a rate still, or already, says what a token costs. A day ahead is let pass: it has begun somewhere. */
export function isInForce(rate: UsdRate, now: EpochMs, maxAgeDays: number): boolean {
  const age = ageInDays(rate, now);
  return age >= -1 && age <= maxAgeDays;
}
