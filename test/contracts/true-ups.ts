import { beforeEach, describe, expect, test } from 'vitest';
import { TRUE_UPS_MAX } from '../../lib/domain/limits.ts';
import { toMicroUsd } from '../../lib/domain/money.ts';
import type { Ledger } from '../../lib/domain/ports/books.ts';
import type { TrueUps } from '../../lib/domain/ports/true-ups.ts';
import { toEntryKey, type EntryKey } from '../../lib/domain/payment/payment.ts';
import { assertSessionBalances, type Session } from '../../lib/domain/payment/session.ts';
import { NOW, makePayment, makeSession } from '../support/payments.ts';

export interface TrueUpsUnderTest {
  readonly ledger: Ledger;
  readonly trueUps: TrueUps;
  /** Puts a new session into the books. */
  readonly open: (session: Session) => Promise<void>;
}

const usd = toMicroUsd;
const COUNTED = usd(500_000n);

/** What all books must do with what may come back, whatever stands behind them. */
export function trueUpsContract(name: string, make: () => Promise<TrueUpsUnderTest>): void {
  describe(`${name} gives back what was not taken:`, () => {
    let books: TrueUpsUnderTest;
    let session: Session;
    beforeEach(async () => {
      books = await make();
      session = makeSession({ limit: usd(2_000_000n) });
      await books.open(session);
    });

    const stored = async (): Promise<Session> => {
      const found = await books.ledger.readSession(session);
      if (found === null) throw new Error('the session is gone');
      assertSessionBalances(found);
      return found;
    };

    async function reserved(): Promise<EntryKey> {
      const payment = makePayment(session, { amount: COUNTED });
      const entry = toEntryKey(payment.id, 1);
      const { leaseUntil } = payment;
      const request = { session, entry, amount: COUNTED, leaseUntil, floor: null, now: NOW, inFlightMax: 64 };
      expect((await books.ledger.reserve(request)).kind).toBe('reserved');
      return entry;
    }

    const settle = (entry: EntryKey, mayReturn = true) =>
      books.ledger.settle({ session, entry, amount: COUNTED, now: NOW, mayReturn });
    const trueUp = (entry: EntryKey, back = usd(377_000n), counted = COUNTED) =>
      books.trueUps.trueUp({ session, entry, counted, back, now: NOW });

    test('the difference comes back once, to the one who asks first', async () => {
      const entry = await reserved();
      await settle(entry);
      expect((await stored()).returns).toEqual({ due: new Map([[entry, COUNTED]]), givenBack: 0n });
      const both = await Promise.all([trueUp(entry), trueUp(entry)]);
      expect(both.toSorted()).toEqual(['absent', 'done']);
      expect(await trueUp(entry)).toBe('absent');
      const after = await stored();
      expect(after.budget).toEqual({ available: 1_877_000n, reserved: 0n, spent: 123_000n });
      expect(after.returns).toEqual({ due: new Map(), givenBack: 377_000n });
    });

    test('a settle that comes again does not renew the right', async () => {
      const entry = await reserved();
      await settle(entry);
      await trueUp(entry);
      expect(await settle(entry)).toBe('absent');
      expect(await trueUp(entry)).toBe('absent');
      expect((await stored()).budget.spent).toBe(123_000n);
    });

    test('nothing comes back of what is still held, was settled in full, or was counted for another amount', async () => {
      const [held, whole, ceiling] = [await reserved(), await reserved(), await reserved()];
      await settle(whole, false);
      await settle(ceiling);
      expect([await trueUp(held), await trueUp(whole)]).toEqual(['absent', 'absent']);
      expect(await trueUp(ceiling, usd(1n), usd(499_999n))).toBe('absent');
      expect((await stored()).budget).toEqual({ available: 500_000n, reserved: 500_000n, spent: 1_000_000n });
    });

    test('never does more come back than was counted', async () => {
      const entry = await reserved();
      await settle(entry);
      await expect(trueUp(entry, usd(500_001n))).rejects.toThrow();
      expect((await stored()).budget.spent).toBe(500_000n);
    });

    test('all of it comes back of a payment that is dead, and none of one that took its ceiling; both matters are closed', async () => {
      const [dead, full] = [await reserved(), await reserved()];
      for (const entry of [dead, full]) await settle(entry);
      expect(await trueUp(dead, COUNTED)).toBe('done');
      expect(await trueUp(full, usd(0n))).toBe('done');
      expect((await stored()).returns).toEqual({ due: new Map(), givenBack: 500_000n });
      expect((await stored()).budget).toEqual({ available: 1_500_000n, reserved: 0n, spent: 500_000n });
    });

    test('a session in which too many wait settles all the same, and keeps the ceiling', async () => {
      const due = new Map(
        Array.from({ length: TRUE_UPS_MAX }, () => [toEntryKey(makePayment(session).id, 1), usd(1n)] as const),
      );
      const spent = usd(BigInt(TRUE_UPS_MAX));
      const budget = { available: usd(1_000_000n), reserved: usd(0n), spent };
      session = makeSession({ limit: usd(1_000_000n + spent), budget, returns: { due, givenBack: usd(0n) } });
      await books.open(session);
      const entry = await reserved();
      expect(await settle(entry)).toBe('done');
      expect(await trueUp(entry)).toBe('absent');
      expect((await stored()).returns?.due.size).toBe(TRUE_UPS_MAX);
    });
  });
}
