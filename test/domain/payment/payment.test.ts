import { expect, test } from 'vitest';
import { formatPaymentId } from '../../../lib/domain/ids.ts';
import { InvariantViolated } from '../../../lib/domain/invariant.ts';
import { parseEntryKey, sameSignatures, toEntryKey } from '../../../lib/domain/payment/payment.ts';

test('the name of a reservation says of which payment and which attempt it is', () => {
  const paymentId = formatPaymentId(new Uint8Array(16));
  expect(parseEntryKey(toEntryKey(paymentId, 12))).toEqual({ paymentId, attempt: 12 });
  // Ids of other releases might hold the separator.
  expect(parseEntryKey('a#b#1')).toEqual({ paymentId: 'a#b', attempt: 1 });
  expect(parseEntryKey('a#1')).toEqual({ paymentId: 'a', attempt: 1 });
});

test.each(['', '#1', 'a', 'a#', 'a#0', 'a#-1', 'a#1.5', 'a#x', '1', '3', 'a#9007199254740993'])(
  'the books are corrupt where a reservation is named %j',
  (name) => {
    expect(() => parseEntryKey(name)).toThrow(InvariantViolated);
  },
);

test('signatures are the same only all of them and in their order', () => {
  expect(sameSignatures(['0xaa', '0xbb'], ['0xaa', '0xbb'])).toBe(true);
  expect(sameSignatures([], [])).toBe(true);
  expect(sameSignatures(['0xaa', '0xbb'], ['0xbb', '0xaa'])).toBe(false);
  expect(sameSignatures(['0xaa', '0xbb'], ['0xaa', '0xcc'])).toBe(false);
  expect(sameSignatures(['0xaa'], ['0xaa', '0xbb'])).toBe(false);
  expect(sameSignatures(null, ['0xaa'])).toBe(false);
});
