import { beforeEach, describe, expect, test } from 'vitest';
import { toMicroUsd } from '../../lib/domain/money.ts';
import { toEntryKey } from '../../lib/domain/payment/payment.ts';
import { assertSessionBalances, type Session } from '../../lib/domain/payment/session.ts';
import type { TopUp } from '../../lib/domain/payment/top-up.ts';
import type { Ledger } from '../../lib/domain/ports/books.ts';
import type { TopUps } from '../../lib/domain/ports/top-ups.ts';
import { addMs } from '../../lib/domain/time.ts';
import { NOW, makePayment, makeSession } from '../support/payments.ts';

export interface TopUpsUnderTest {
  readonly ledger: Ledger;
  readonly topUps: TopUps;
  /** Puts a new session into the books. */
  readonly open: (session: Session) => Promise<void>;
}

const usd = toMicroUsd;
const LIMIT = usd(2_000_000n);
const OPEN = { floor: null };

/** What all books must do with limits that are raised, whatever stands behind them. */
export function topUpsContract(name: string, make: () => Promise<TopUpsUnderTest>): void {
  describe(`${name} raises limits:`, () => {
    let books: TopUpsUnderTest;
    let session: Session;
    beforeEach(async () => {
      books = await make();
      session = makeSession({ limit: LIMIT });
      await books.open(session);
    });

    const stored = async (): Promise<Session> => {
      const found = await books.ledger.readSession(session);
      if (found === null) throw new Error('the session is gone');
      assertSessionBalances(found);
      return found;
    };
    const topUpOf = (id: number, from: bigint, to: bigint, at = addMs(NOW, id)): TopUp => ({
      managerId: session.managerId,
      sessionId: session.sessionId,
      topUpId: `${id}`.padStart(32, '0'),
      userId: session.userId,
      from: usd(from),
      to: usd(to),
      at,
      by: 'grace',
    });
    const raise = (topUp: TopUp, gate: { floor: Session['createdAt'] | null } = OPEN) =>
      books.topUps.raiseLimit({ topUp, requestHash: 'h1' }, gate);
    const reserve = (amount: bigint) => {
      const payment = makePayment(session, { amount: usd(amount) });
      const entry = toEntryKey(payment.id, 1);
      const { leaseUntil } = payment;
      return books.ledger.reserve({
        session,
        entry,
        amount: usd(amount),
        leaseUntil,
        floor: null,
        now: NOW,
        inFlightMax: 64,
      });
    };

    test('what was added is available beside what was reserved meanwhile, and the first limit is remembered', async () => {
      await reserve(1_500_000n);
      const first = topUpOf(1, 2_000_000n, 3_000_000n);
      expect(await raise(first)).toBe('raised');
      expect(await raise(topUpOf(2, 3_000_000n, 3_500_000n))).toBe('raised');
      expect(await stored()).toMatchObject({
        limit: 3_500_000n,
        firstLimit: 2_000_000n,
        budget: { available: 2_000_000n, reserved: 1_500_000n, spent: 0n },
        expiresAt: session.expiresAt,
        updatedAt: addMs(NOW, 2),
      });
      expect(await books.topUps.findTopUp(first)).toEqual({ topUp: first, requestHash: 'h1' });
      expect((await reserve(2_000_000n)).kind).toBe('reserved');
    });

    test('of two upon the same limit, and of one that comes twice, one is written', async () => {
      const [first, second] = [topUpOf(1, 2_000_000n, 3_000_000n), topUpOf(2, 2_000_000n, 9_000_000n)];
      expect(await raise(first)).toBe('raised');
      expect(await raise(second)).toBe('stale');
      expect(await raise({ ...first, from: usd(3_000_000n), to: usd(4_000_000n) })).toBe('stale');
      expect(await books.topUps.findTopUp(second)).toBeNull();
      expect((await stored()).limit).toBe(3_000_000n);
    });

    test('nothing is raised nor recorded of a session that is deleted, missing, without a limit, expired or below the floor', async () => {
      const raised = topUpOf(1, 2_000_000n, 3_000_000n);
      const others = [makeSession({ limit: LIMIT, deleted: true }), makeSession({ limit: null })];
      for (const other of others) await books.open(other);
      for (const key of [...others, makeSession()].map(({ managerId, sessionId }) => ({ managerId, sessionId }))) {
        expect(await raise({ ...raised, ...key })).toBe('stale');
      }
      expect(await raise({ ...raised, at: session.expiresAt })).toBe('stale');
      expect(await raise(raised, { floor: addMs(session.createdAt, 1) })).toBe('stale');
      expect(await books.topUps.findTopUp(raised)).toBeNull();
      expect(await stored()).toEqual(session);
      // The twins, one step on this side of each line.
      expect(await raise({ ...raised, at: addMs(session.expiresAt, -1) }, { floor: session.createdAt })).toBe('raised');
    });
  });
}
