import { expect, test } from 'vitest';
import { isLinearizable, type Operation, type Specification } from './linearizability.ts';

type Call = { readonly write: number } | 'read';

/** A register that holds one number. */
const register: Specification<number, Call, number> = {
  start: 0,
  step: (state, call) => (call === 'read' ? { state, reply: state } : { state: call.write, reply: 0 }),
  sameReply: (expected, seen) => expected === seen,
  keyOf: String,
};
const read = (sentAt: number, at: number, reply: number): Operation<Call, number> => ({
  call: 'read',
  sentAt,
  answer: { at, reply },
});
const write = (sentAt: number, at: number | null, value: number): Operation<Call, number> => ({
  call: { write: value },
  sentAt,
  answer: at === null ? null : { at, reply: 0 },
});

test('takes a read beside a write for one before or after it', () => {
  expect(isLinearizable([write(0, 10, 1), read(1, 9, 0)], register)).toBe('yes');
  expect(isLinearizable([write(0, 10, 1), read(1, 9, 1)], register)).toBe('yes');
});

test('refuses a read that does not see what was answered before it was sent', () => {
  expect(isLinearizable([write(0, 10, 1), read(11, 12, 0)], register)).toBe('no');
});

test('refuses two reads that see a write come and go', () => {
  expect(isLinearizable([write(0, 10, 1), read(1, 2, 1), read(3, 4, 0)], register)).toBe('no');
});

test('lets a write without an answer take effect late or never', () => {
  expect(isLinearizable([write(0, null, 1), read(5, 6, 0), read(7, 8, 1)], register)).toBe('yes');
  expect(isLinearizable([write(0, null, 1), read(5, 6, 0)], register)).toBe('yes');
  expect(isLinearizable([write(0, null, 1), read(5, 6, 1), read(7, 8, 0)], register)).toBe('no');
});
