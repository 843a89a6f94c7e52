import { expect, test } from 'vitest';
import { pinMismatch } from '../../../lib/domain/payment/pins.ts';

const of = {
  instrumentId: 'payment-instrument-1',
  agentName: 'researcher',
  caller: 'arn:aws:iam::111122223333:role/Agents',
};

test('nothing is in the way of a session that is pinned to nothing', () => {
  expect(pinMismatch(undefined, of)).toBeNull();
  expect(pinMismatch({}, of)).toBeNull();
});

test.each([
  ['instrument', { instrumentId: 'payment-instrument-2' }],
  ['agent', { agentName: 'writer' }],
  ['caller', { caller: 'arn:aws:iam::111122223333:role/Others' }],
] as const)('the %s that a session is pinned to is the only one that pays', (what, other) => {
  expect(pinMismatch({ ...of, ...other }, of)).toBe(what);
  expect(pinMismatch(other, of)).toBe(what);
  expect(pinMismatch(of, of)).toBeNull();
});

test('an agent that states no name is not the one that is pinned', () => {
  expect(pinMismatch({ agentName: 'researcher' }, { ...of, agentName: null })).toBe('agent');
});
