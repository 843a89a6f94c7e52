import { expect, test } from 'vitest';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import { toEntryKey, type Payment } from '../../../lib/domain/payment/payment.ts';
import type { Ledger } from '../../../lib/domain/ports/books.ts';
import { closeEntry, type RecoveryDeps } from '../../../lib/service/sweeping/recovery.ts';
import { auditSession, type AuditDeps } from '../../../lib/service/sweeping/session-audit.ts';
import { createTestClock } from '../../support/paying.ts';
import { makePayment, makeSession, NOW } from '../../support/payments.ts';

const usd = toMicroUsd;
const session = makeSession();

/** Books in which nothing is open and so much was signed, and what was settled in them. */
function books(signed = 0n) {
  const settled: Parameters<Ledger['settle']>[0][] = [];
  const never = () => Promise.reject(new Error('nothing of this is called'));
  const ledger: AuditDeps['ledger'] & RecoveryDeps['ledger'] = {
    readSession: never,
    readPayment: never,
    decide: never,
    release: never,
    settle: async (request) => {
      settled.push(request);
      return 'done';
    },
  };
  const sums = { sumSigned: async () => usd(signed) };
  return { settled, deps: { clock: createTestClock(NOW), ledger, sums, windows: { fold: never } } };
}

test('what came back of ceilings counts as signed with what is spent', async () => {
  const budget = { available: usd(9_877_000n), reserved: usd(0n), spent: usd(123_000n) };
  const found = { ...session, budget, returns: { due: new Map(), givenBack: usd(377_000n) } };
  expect(await auditSession(books(500_000n).deps, found)).toEqual({ kind: 'sound' });
  const mismatch = { kind: 'mismatch', spent: 500_000n, signed: 123_000n };
  expect(await auditSession(books(123_000n).deps, found)).toEqual(mismatch);
});

test('a settled entry may get something back where its facilitator may take less, and no other', async () => {
  const { deps, settled } = books();
  const exact = makePayment(session, { status: 'SIGNED' });
  const offer = { ...exact.offer, facilitator: exact.offer.payTo } as Payment['offer'];
  for (const payment of [{ ...exact, offer }, exact]) {
    const held = { amount: payment.amount, charges: [] };
    expect(await closeEntry(deps, session, toEntryKey(payment.id, 1), held, payment)).toBe('settle');
  }
  expect(settled.map(({ mayReturn }) => mayReturn ?? false)).toEqual([true, false]);
});
