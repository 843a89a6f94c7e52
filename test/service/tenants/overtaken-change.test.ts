import { expect, test } from 'vitest';
import { CHANGE_ATTEMPTS_MAX } from '../../../lib/domain/limits.ts';
import { ok, refuse } from '../../../lib/domain/result.ts';
import { repeatOvertaken } from '../../../lib/service/tenants/overtaken-change.ts';

/** Overtaken so many times before it succeeds. */
function changeAfter(times: number) {
  const change = async () => {
    change.attempts += 1;
    return change.attempts > times ? ok('changed') : ('overtaken' as const);
  };
  change.attempts = 0;
  return change;
}

test('begins again as often as it may, and succeeds at the last attempt', async () => {
  const change = changeAfter(CHANGE_ATTEMPTS_MAX - 1);
  expect(await repeatOvertaken(change)).toEqual(ok('changed'));
  expect(change.attempts).toBe(CHANGE_ATTEMPTS_MAX);
});

test('is busy where it is overtaken once more, and does not begin again', async () => {
  const change = changeAfter(CHANGE_ATTEMPTS_MAX);
  expect(await repeatOvertaken(change)).toEqual(refuse({ reason: 'busy', what: 'change' }));
  expect(change.attempts).toBe(CHANGE_ATTEMPTS_MAX);
});

test('does not repeat what was refused', async () => {
  let attempts = 0;
  const refused = refuse({ reason: 'resource_conflict', message: 'in use' } as const);
  const outcome = await repeatOvertaken(async () => {
    attempts += 1;
    return refused;
  });
  expect([outcome, attempts]).toEqual([refused, 1]);
});
