import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BASE_SEPOLIA } from '../../support/payments.ts';
import { toBaseUnits } from '../../../lib/domain/money.ts';
import { assetOf, signedToken, usdValueOf, type Token } from '../../../lib/domain/tokens/token.ts';

const PICO = 10n ** 12n;
const at = (picoUsd: bigint) => ({ picoUsd, asOf: '2026-11-20' });

describe('what an amount costs a budget', () => {
  test('is the amount itself for a dollar with six decimals', () => {
    expect(usdValueOf(toBaseUnits(123_456n), { decimals: 6 })).toBe(123_456n);
  });

  test('is exact where the token is coarser than a millionth', () => {
    expect(usdValueOf(toBaseUnits(7n), { decimals: 2 })).toBe(70_000n);
  });

  test('is rounded up: the smallest unit of 18 decimals is a micro-dollar, whatever it is worth', () => {
    expect(usdValueOf(toBaseUnits(1n), { decimals: 18 })).toBe(1n);
    expect(usdValueOf(toBaseUnits(1n), { decimals: 18, rate: at(1n) })).toBe(1n);
    expect(usdValueOf(toBaseUnits(10n ** 12n), { decimals: 18 })).toBe(1n);
    expect(usdValueOf(toBaseUnits(10n ** 12n + 1n), { decimals: 18 })).toBe(2n);
  });

  test('is its rate times as much', () => {
    expect(usdValueOf(toBaseUnits(1_000_000n), { decimals: 6, rate: at((117n * PICO) / 100n) })).toBe(1_170_000n);
    // 1.17 of a third of a euro is 0.38999961: not a micro-dollar too little.
    expect(usdValueOf(toBaseUnits(333_333n), { decimals: 6, rate: at((117n * PICO) / 100n) })).toBe(390_000n);
  });

  test('holds the largest rates and amounts exactly', () => {
    const rate = at(9_999_999n * PICO + (PICO - 1n));
    expect(usdValueOf(toBaseUnits(10n ** 24n), { decimals: 24, rate })).toBe(9_999_999n * 1_000_000n + 1_000_000n);
    expect(usdValueOf(toBaseUnits(10n ** 30n - 1n), { decimals: 0, rate: at(1n) })).toBe(10n ** 24n);
  });

  test('is nothing where nobody has given a rate', () => {
    expect(usdValueOf(toBaseUnits(5n), { decimals: 6, rate: null })).toBe(0n);
  });

  test('is never less than it is worth, and less than a micro-dollar more', () => {
    const amounts = fc.bigInt({ min: 0n, max: 10n ** 30n - 1n });
    const rates = fc.bigInt({ min: 1n, max: 10n ** 19n });
    fc.assert(
      fc.property(amounts, fc.nat({ max: 24 }), rates, (amount, decimals, picoUsd) => {
        const scale = 10n ** BigInt(decimals) * 1_000_000n;
        const value = usdValueOf(toBaseUnits(amount), { decimals, rate: at(picoUsd) });
        expect(value * scale).toBeGreaterThanOrEqual(amount * picoUsd);
        expect(value * scale).toBeLessThan(amount * picoUsd + scale);
      }),
    );
  });

  test('of several payments is never less than that of all of them at once', () => {
    const amounts = fc.array(fc.bigInt({ min: 0n, max: 10n ** 24n }), { maxLength: 8 });
    fc.assert(
      fc.property(amounts, fc.bigInt({ min: 1n, max: 10n ** 19n }), (parts, picoUsd) => {
        const token = { decimals: 18, rate: at(picoUsd) };
        const together = usdValueOf(toBaseUnits(parts.reduce((sum, part) => sum + part, 0n)), token);
        const apart = parts.reduce((sum, part) => sum + usdValueOf(toBaseUnits(part), token), 0n);
        expect(apart).toBeGreaterThanOrEqual(together);
      }),
    );
  });
});

describe('the asset of an offer', () => {
  const { id: network, usdc } = BASE_SEPOLIA;
  const token: Token = { ...usdc, symbol: 'ACME', address: `0x${'a'.repeat(40)}`, rate: null };

  test('is the USDC of the network where it names no other', () => {
    expect(assetOf({ network, asset: usdc.address })).toBe(usdc);
  });

  test('is the token that it keeps', () => {
    expect(assetOf({ network, asset: token.address, token })).toBe(token);
  });

  test('is never another one than it says', () => {
    expect(() => assetOf({ network, asset: token.address })).toThrow(/is not the pinned token/);
    expect(() => assetOf({ network, asset: usdc.address, token })).toThrow(/is not the pinned token/);
  });

  test('is told of what was signed, in the words of a 402, where it is not USDC', () => {
    const amount = toBaseUnits(7n);
    expect(signedToken({ token, amount })).toEqual({
      symbol: 'ACME',
      amount: '7',
      name: usdc.domainName,
      version: usdc.domainVersion,
    });
    expect(signedToken({ amount })).toBeUndefined();
  });
});
