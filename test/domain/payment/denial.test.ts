import { expect, test } from 'vitest';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import { showDenial } from '../../../lib/domain/payment/denial.ts';

test('a denial is shown with its figures in dollars, where it has any', () => {
  const denial = {
    reason: 'budget_exceeded',
    requested: toMicroUsd(1_500_000n),
    available: toMicroUsd(1n),
    reserved: toMicroUsd(0n),
  } as const;
  const figures = { requestedUsd: '1.50', availableUsd: '0.000001', reservedUsd: '0.00' };
  expect(showDenial(denial)).toEqual({ reason: 'budget_exceeded', ...figures });
  expect(showDenial({ reason: 'superseded' })).toEqual({ reason: 'superseded' });
});
