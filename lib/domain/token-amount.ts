import { USD_DECIMALS, toBaseUnits, type BaseUnits, type MicroUsd } from './money.ts';

// Apart from money, since few payments need them.

/**
 * Reads an amount of a token such as `12.50`, of which a text has been checked to be an unsigned decimal number. `null`: it has more
 * decimals than the token.
 */
export function parseTokenAmount(text: string, decimals: number): BaseUnits | null {
  const [whole = '', fraction = ''] = text.split('.');
  return fraction.length > decimals ? null : toBaseUnits(BigInt(whole + fraction.padEnd(decimals, '0')));
}

/** An amount of a token as a decimal number without needless zeros, such as `1.5`. */
export function formatTokenAmount(amount: BaseUnits, decimals: number): string {
  const digits = amount.toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

/**
 * The amount of a token, worth one dollar, that is exactly so many dollars.
 * Throws where the token has fewer than six decimals, since some amounts of dollars are then none of the token: no pinned token has.
 */
export function stablecoinOfUsd(amount: MicroUsd, decimals: number): BaseUnits {
  if (decimals < USD_DECIMALS)
    throw new RangeError(`a token with ${decimals} decimals: expected at least ${USD_DECIMALS}`);
  return toBaseUnits(amount * 10n ** BigInt(decimals - USD_DECIMALS));
}
