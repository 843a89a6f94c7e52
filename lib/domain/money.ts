import { AMOUNT_MAX_DIGITS } from './limits.ts';
import { ok, refuse, type Result } from './result.ts';

// Brands are texts, which a declaration of types can write down; no value has such a member.

/** An amount of a token in its smallest unit. */
export type BaseUnits = bigint & { readonly unit: 'base unit' };
/** An amount of US dollars in millionths. */
export type MicroUsd = bigint & { readonly unit: 'micro-dollar' };

const BASE_UNITS = new RegExp(`^(0|[1-9][0-9]{0,${AMOUNT_MAX_DIGITS - 1}})$`);
const UINT256_MAX = (1n << 256n) - 1n;
// The form of AgentCore's Amount.value as Bursar accepts it: plain decimals, at most six places, no sign, no exponent.
const USD = /^(0|[1-9][0-9]{0,17})(?:\.([0-9]{1,6}))?$/;
export const USD_DECIMALS = 6;

export type AmountRefusal = { readonly reason: 'not_an_amount'; readonly expected: string };

/** Reads a token amount: an unsigned decimal integer below 2^256, without sign, point, exponent or leading zero. */
export function parseBaseUnits(text: string): Result<BaseUnits, AmountRefusal> {
  const expected = 'an unsigned decimal integer below 2^256 without leading zeros';
  if (!BASE_UNITS.test(text)) return refuse({ reason: 'not_an_amount', expected });
  const value = BigInt(text);
  return value > UINT256_MAX ? refuse({ reason: 'not_an_amount', expected }) : ok(value as BaseUnits);
}

/** Asserts that a bigint is an amount. Throws on a negative one: that is a bug, never input. */
export function toBaseUnits(value: bigint): BaseUnits {
  if (value < 0n || value > UINT256_MAX) throw new RangeError(`not a token amount: ${value}`);
  return value as BaseUnits;
}

/** Asserts that a bigint is an amount of micro-dollars. Throws on a negative one: that is a bug, never input. */
export function toMicroUsd(value: bigint): MicroUsd {
  if (value < 0n) throw new RangeError(`not an amount of micro-dollars: ${value}`);
  return value as MicroUsd;
}

/** Reads US dollars such as `10.00`. More than six decimals is a refusal, never a rounding. */
export function parseUsd(text: string): Result<MicroUsd, AmountRefusal> {
  const match = USD.exec(text);
  if (match === null) {
    return refuse({
      reason: 'not_an_amount',
      expected: 'US dollars as a decimal number such as 10.00, with at most 18 digits before and 6 after the point',
    });
  }
  const [, whole = '0', fraction = ''] = match;
  return ok(BigInt(whole + fraction.padEnd(USD_DECIMALS, '0')) as MicroUsd);
}

/** Prints micro-dollars as dollars with two to six decimals: `7.50`, `0.046697`. */
export function formatUsd(amount: MicroUsd): string {
  const digits = amount.toString().padStart(USD_DECIMALS + 1, '0');
  const whole = digits.slice(0, -USD_DECIMALS);
  const fraction = digits.slice(-USD_DECIMALS).replace(/0{1,4}$/, '');
  return `${whole}.${fraction.padEnd(2, '0')}`;
}
