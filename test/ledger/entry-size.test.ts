import { expect, test } from 'vitest';
import { IN_FLIGHT_MAX, SESSION_ENTRY_BYTES } from '../../lib/domain/limits.ts';
import { toMicroUsd } from '../../lib/domain/money.ts';
import { toEntryKey, type EntryKey } from '../../lib/domain/payment/payment.ts';
import type { OpenEntry } from '../../lib/domain/payment/session.ts';
import { toSessionItem } from '../../lib/ledger/dynamodb/books/new-session-item.ts';
import { sizeOfItem } from '../support/item-size.ts';
import { makePayment, makeSession } from '../support/payments.ts';

const WRITE_UNIT_BYTES = 1_024;

function sizeWith(inFlight: number, amount = toMicroUsd(999_999n)): number {
  const open = new Map<EntryKey, OpenEntry>();
  const session = makeSession();
  while (open.size < inFlight) {
    const { id, leaseUntil } = makePayment(session);
    open.set(toEntryKey(id, 1), { amount, leaseUntil, charges: [] });
  }
  return sizeOfItem(toSessionItem({ ...session, open }, 'ab'.repeat(32)));
}

test('a reservation makes the hot item larger by what the limits say, for an amount below a dollar', () => {
  expect(sizeWith(2) - sizeWith(1)).toBe(SESSION_ENTRY_BYTES);
  expect(sizeWith(1, toMicroUsd(9_999_999n)) - sizeWith(0)).toBe(SESSION_ENTRY_BYTES + 1);
});

test('a write to a full session costs four units, and five where amounts are larger', () => {
  const unitsOf = (amount: bigint) => Math.ceil(sizeWith(IN_FLIGHT_MAX, toMicroUsd(amount)) / WRITE_UNIT_BYTES);
  expect([unitsOf(10_000n), unitsOf(9_999_999n)]).toEqual([4, 5]);
});
