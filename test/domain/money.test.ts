import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatUsd, parseBaseUnits, parseUsd, toBaseUnits, toMicroUsd } from '../../lib/domain/money.ts';
import { formatTokenAmount, parseTokenAmount, stablecoinOfUsd } from '../../lib/domain/token-amount.ts';

const HOSTILE = [
  '',
  ' ',
  '0x10',
  '1e3',
  '-1',
  '+1',
  '01',
  '1_000',
  '1,000',
  '٣',
  '1 ',
  ' 1',
  '1n',
  'NaN',
  'Infinity',
  '\u00001',
];

describe('token amounts', () => {
  test.each([
    ['0', 0n],
    ['500000', 500_000n],
    [(2n ** 256n - 1n).toString(), 2n ** 256n - 1n],
  ])('reads %s', (text, value) => {
    expect(parseBaseUnits(text)).toEqual({ ok: true, value });
  });

  test.each([...HOSTILE, '1.0', (2n ** 256n).toString(), '9'.repeat(79)])('refuses %j', (text) => {
    expect(parseBaseUnits(text).ok).toBe(false);
  });
});

describe('dollar amounts', () => {
  test.each([
    ['0', 0n],
    ['10', 10_000_000n],
    ['10.00', 10_000_000n],
    ['0.000001', 1n],
    ['999999999999999999.999999', 999_999_999_999_999_999_999_999n],
  ])('reads %s', (text, value) => {
    expect(parseUsd(text)).toEqual({ ok: true, value });
  });

  test.each([...HOSTILE, '.5', '5.', '1.0000001', '1.2.3', '1000000000000000000'])(
    'refuses %j, and never rounds',
    (text) => {
      expect(parseUsd(text).ok).toBe(false);
    },
  );

  test.each([
    [7_500_000n, '7.50'],
    [46_697n, '0.046697'],
    [0n, '0.00'],
    [1n, '0.000001'],
    [10_000_000n, '10.00'],
  ])('prints %s as %s', (micro, text) => {
    expect(formatUsd(toMicroUsd(micro))).toBe(text);
  });

  test('prints what it reads back unchanged', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 24n - 1n }), (micro) => {
        expect(parseUsd(formatUsd(toMicroUsd(micro)))).toEqual({ ok: true, value: micro });
      }),
    );
  });
});

describe('what is no amount', () => {
  test('of a token is thrown at, below zero and from 2^256 on', () => {
    const largest = 2n ** 256n - 1n;
    expect([toBaseUnits(0n), toBaseUnits(largest)]).toEqual([0n, largest]);
    expect(() => toBaseUnits(-1n)).toThrow(RangeError);
    expect(() => toBaseUnits(largest + 1n)).toThrow(RangeError);
  });

  test('of dollars is thrown at below zero', () => {
    expect(toMicroUsd(0n)).toBe(0n);
    expect(() => toMicroUsd(-1n)).toThrow(RangeError);
  });

  test('is answered with what was expected', () => {
    expect(parseBaseUnits('x')).toEqual({
      ok: false,
      error: {
        reason: 'not_an_amount',
        expected: 'an unsigned decimal integer below 2^256 without leading zeros',
      },
    });
    expect(parseUsd('x')).toEqual({
      ok: false,
      error: {
        reason: 'not_an_amount',
        expected: 'US dollars as a decimal number such as 10.00, with at most 18 digits before and 6 after the point',
      },
    });
  });
});

describe('an amount of a token as a person writes it', () => {
  test('is so many of its smallest unit', () => {
    expect(['12.50', '12.5', '12', '0.000001', '0'].map((text) => parseTokenAmount(text, 6))).toEqual([
      12_500_000n,
      12_500_000n,
      12_000_000n,
      1n,
      0n,
    ]);
    expect(parseTokenAmount('7', 0)).toBe(7n);
  });

  test('is none with more decimals than the token has, be they zeros', () => {
    expect([parseTokenAmount('0.0000001', 6), parseTokenAmount('1.0000000', 6), parseTokenAmount('7.0', 0)]).toEqual([
      null,
      null,
      null,
    ]);
  });
});

describe('the stablecoin for an amount of dollars', () => {
  test('is the same number at six decimals, and a longer one at more', () => {
    expect(stablecoinOfUsd(toMicroUsd(1_500_000n), 6)).toBe(1_500_000n);
    expect(stablecoinOfUsd(toMicroUsd(1_500_000n), 18)).toBe(1_500_000_000_000_000_000n);
  });

  test('is refused where the token could not hold it exactly', () => {
    expect(() => stablecoinOfUsd(toMicroUsd(1n), 5)).toThrow(RangeError);
  });
});

test.each([
  ['1500000000000000001', 18, '1.500000000000000001'],
  ['1000000', 6, '1'],
  ['10', 6, '0.00001'],
  ['0', 6, '0'],
  ['100', 0, '100'],
  ['100', 1, '10'],
])('%s of a token with %i decimals is %s, and reads back', (units, decimals, text) => {
  expect(formatTokenAmount(toBaseUnits(BigInt(units)), decimals)).toBe(text);
  expect(parseTokenAmount(text, decimals)).toBe(BigInt(units));
});
