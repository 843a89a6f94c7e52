import { expect, test } from 'vitest';
import { InvariantViolated, isInvariantViolation } from '../../lib/domain/invariant.ts';
import { ChainUnavailable } from '../../lib/domain/ports/chains.ts';
import {
  IndexesSpent,
  NothingMade,
  ProviderRefused,
  NotNow,
  OutcomeUnknown,
  PageTokenRefused,
} from '../../lib/domain/ports/services.ts';

test.each([
  [new OutcomeUnknown('x'), 'OutcomeUnknown'],
  [new NotNow('x'), 'NotNow'],
  [new NothingMade('x'), 'NothingMade'],
  [new ProviderRefused('provider_policy', 'x'), 'ProviderRefused'],
  [new IndexesSpent('x'), 'NotNow'],
  [new PageTokenRefused('x'), 'PageTokenRefused'],
  [new InvariantViolated('x'), 'InvariantViolated'],
  [new ChainUnavailable('eip155:8453', 'timeout', ['1: timeout']), 'ChainUnavailable'],
])('%o is logged under the name of what it means', (error, name) => {
  expect(error.name).toBe(name);
});

test('a network that does not answer is told with what was wrong with each of its endpoints', () => {
  const error = new ChainUnavailable('eip155:8453', 'garbage', ['1: timeout', '2: garbage']);
  expect(error).toMatchObject({ code: 'garbage', message: 'asking eip155:8453 failed: 1: timeout, 2: garbage' });
});

/** The cause, below so many errors of other kinds. */
function wrapped(cause: Error, times: number): Error {
  return times === 0 ? cause : new Error('outer', { cause: wrapped(cause, times - 1) });
}

test('a violated invariant is found among the first five causes', () => {
  const broken = new InvariantViolated('books');
  expect([0, 1, 4].map((times) => isInvariantViolation(wrapped(broken, times)))).toEqual([true, true, true]);
  expect(isInvariantViolation(wrapped(broken, 5))).toBe(false);
});

test('no other failure is one', () => {
  expect([wrapped(new Error('x'), 2), 'InvariantViolated', null].map(isInvariantViolation)).toEqual([
    false,
    false,
    false,
  ]);
});
