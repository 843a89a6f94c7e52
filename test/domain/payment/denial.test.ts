import { expect, test } from 'vitest';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import { showDenial } from '../../../lib/domain/payment/denial.ts';
import { judgeOne, usd } from '../policy/support.ts';

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

test('a denial by a policy is shown with its rule', () => {
  const verdict = judgeOne({ kind: 'perPayment', name: 'small', max: usd('0.10') });
  if (verdict.ok) throw new Error('it was allowed');
  const policy = { code: 'bursar:policy_per_payment', rule: 'small', limit: '0.10', asked: '0.25' };
  expect(showDenial(verdict.error)).toEqual({
    reason: 'policy_refused',
    policy: expect.objectContaining(policy) as object,
  });
  const counted = { reason: 'policy_exceeded', key: 'day', max: 10n, used: 9n, asked: 2n } as const;
  const figures = { reason: 'policy_exceeded', key: 'day', max: '10', used: '9', asked: '2' };
  expect(showDenial(counted)).toEqual(figures);
  expect(showDenial({ ...counted, by: verdict.error })).toEqual({
    ...figures,
    policy: expect.objectContaining(policy) as object,
  });
});
