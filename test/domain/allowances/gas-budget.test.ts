import { describe, expect, test } from 'vitest';
import { formatCoin, parseGasBudget } from '../../../lib/domain/allowances/gas-budget.ts';

describe('a budget of gas', () => {
  test.each([
    ['0.002', 2_000_000_000_000_000n],
    ['1', 1_000_000_000_000_000_000n],
    ['10.5', 10_500_000_000_000_000_000n],
    ['999.000000000000000001', 999_000_000_000_000_000_001n],
  ])('of %s is so much in wei, and printed so', (text, wei) => {
    expect(parseGasBudget(text)).toBe(wei);
    expect(formatCoin(wei)).toBe(text);
  });

  test.each(['', '0', '0.0', '00', '01', '1000', '1.', '.5', '-1', '1e3', ' 1', '1 ', '0.0000000000000000001'])(
    'is none of %j',
    (text) => expect(parseGasBudget(text)).toBeNull(),
  );

  test('that is used up is printed as nothing', () => {
    expect(formatCoin(0n)).toBe('0');
  });
});
