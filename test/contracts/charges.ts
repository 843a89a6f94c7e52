import { beforeEach, describe, expect, test } from 'vitest';
import { toMicroUsd } from '../../lib/domain/money.ts';
import { toHeldCharge, type Charge, type WindowCharge } from '../../lib/domain/payment/charge.ts';
import { toEntryKey, type EntryKey } from '../../lib/domain/payment/payment.ts';
import { assertSessionBalances, type Session } from '../../lib/domain/payment/session.ts';
import {
  assertWindowBalances,
  planGrant,
  planStealBack,
  type Asking,
  type Window,
} from '../../lib/domain/payment/window.ts';
import type { Ledger } from '../../lib/domain/ports/books.ts';
import type { WindowBooks } from '../../lib/domain/ports/windows.ts';
import { addMs, type EpochMs } from '../../lib/domain/time.ts';
import { NOW, makePayment, makeSession } from '../support/payments.ts';

export interface ChargesUnderTest {
  readonly ledger: Ledger;
  readonly windows: WindowBooks;
  /** Puts a new session into the books. */
  readonly open: (session: Session) => Promise<void>;
}

const KEY = 'Ab-_0123';
const CLOSES_AT = addMs(NOW, 60_000);

const sum = (key: string, quantity: bigint, max: bigint): Charge => ({ kind: 'session', key, quantity, max });
const day = (quantity: bigint, max: bigint): WindowCharge => ({
  kind: 'window',
  key: KEY,
  opensAt: NOW,
  closesAt: CLOSES_AT,
  quantity,
  max,
});

/** What the books do with the counters of a policy, whatever stands behind them. */
export function chargesContract(name: string, make: () => Promise<ChargesUnderTest>): void {
  describe(`${name} keeps the contract of charges:`, () => {
    let books: ChargesUnderTest;
    beforeEach(async () => {
      books = await make();
    });

    async function opened(overrides: Partial<Session> = {}): Promise<Session> {
      const session = makeSession(overrides);
      await books.open(session);
      return session;
    }

    async function stored(session: Session): Promise<Session> {
      const found = (await books.ledger.readSession(session))!;
      assertSessionBalances(found);
      return found;
    }

    async function windowOf(session: Session): Promise<Window> {
      const window = (await books.windows.readWindow({ managerId: session.managerId, key: KEY }))!;
      assertWindowBalances(window);
      for (const [sessionId, { amount, number }] of window.grants) {
        const has = (await stored({ ...session, sessionId })).windows.get(KEY)!;
        expect([has.free + has.used, has.number]).toEqual([amount, number]);
      }
      return window;
    }

    const names = new Map<EntryKey, { readonly amount: bigint; readonly charges: readonly Charge[] }>();
    async function reserve(
      session: Session,
      charges: readonly Charge[],
      overrides: { amount?: bigint; now?: EpochMs; prune?: string[] } = {},
    ) {
      const { amount = 5n, now = NOW, prune = [] } = overrides;
      const entry = toEntryKey(makePayment(session).id, 1);
      names.set(entry, { amount, charges });
      const outcome = await books.ledger.reserve({
        session,
        entry,
        amount: toMicroUsd(amount),
        leaseUntil: addMs(now, 17_000),
        floor: null,
        now,
        inFlightMax: 64,
        charges,
        prune,
      });
      return { entry, outcome };
    }

    function close(how: 'settle' | 'release', session: Session, entry: EntryKey, now = NOW) {
      const { amount, charges } = names.get(entry)!;
      return books.ledger[how]({ session, entry, amount: toMicroUsd(amount), charges: charges.map(toHeldCharge), now });
    }

    /** Asks a window for what a charge needs, and takes no more. */
    async function grant(session: Session, charge: WindowCharge, seen?: Window | null) {
      const ref = { managerId: session.managerId, key: charge.key };
      const window = seen === undefined ? await books.windows.readWindow(ref) : seen;
      const plan = planGrant(
        window,
        { sessionId: session.sessionId, grant: (await stored(session)).windows.get(charge.key) },
        charge,
      );
      if (plan.kind === 'short') throw new Error(`short of ${plan.deficit}`);
      return { change: plan.change, outcome: await books.windows.change(ref, plan.change) };
    }

    const askingOf = ({ sessionId, windows }: Session): Asking => ({ sessionId, grant: windows.get(KEY) });

    test('counts what is reserved, and keeps it when it is settled', async () => {
      const session = await opened();
      const { entry, outcome } = await reserve(session, [sum('toolSum1', 5n, 12n), sum('payeeCnt', 1n, 3n)]);
      expect(outcome.kind).toBe('reserved');
      expect((await stored(session)).counters).toEqual(
        new Map([
          ['toolSum1', 5n],
          ['payeeCnt', 1n],
        ]),
      );
      expect(await close('settle', session, entry)).toBe('done');
      expect((await stored(session)).counters).toEqual(
        new Map([
          ['toolSum1', 5n],
          ['payeeCnt', 1n],
        ]),
      );
    });

    test('gives back exactly what an entry took, once', async () => {
      const session = await opened();
      await reserve(session, [sum('toolSum1', 5n, 12n), sum('payeeCnt', 1n, 3n)]);
      const { entry } = await reserve(session, [sum('toolSum1', 7n, 12n), sum('payeeCnt', 1n, 3n)]);
      expect(await close('release', session, entry)).toBe('done');
      expect(await close('release', session, entry)).toBe('absent');
      expect((await stored(session)).counters).toEqual(
        new Map([
          ['toolSum1', 5n],
          ['payeeCnt', 1n],
        ]),
      );
    });

    test('keeps in an entry what it took, whatever the quantity', async () => {
      const session = await opened();
      await grant(session, day(5n, 100n));
      const charges = [
        sum('toolSum1', 5n, 12n),
        sum('payeeCnt', 1n, 3n),
        day(5n, 100n),
        sum('another-', 10n ** 20n, 10n ** 21n),
      ];
      const { entry } = await reserve(session, charges);
      expect((await stored(session)).open.get(entry)?.charges).toEqual(charges.map(toHeldCharge));
    });

    test('reserves what fits a counter exactly, and refuses one more', async () => {
      const session = await opened();
      expect((await reserve(session, [sum('toolSum1', 5n, 10n)])).outcome.kind).toBe('reserved');
      expect((await reserve(session, [sum('toolSum1', 6n, 10n)])).outcome.kind).toBe('refused');
      expect((await reserve(session, [sum('toolSum1', 5n, 10n)])).outcome.kind).toBe('reserved');
    });

    test('refuses what is more than a counter may ever hold, and makes no counter', async () => {
      const session = await opened();
      const charge = sum('toolSum1', 11n, 10n);
      expect((await reserve(session, [charge])).outcome).toEqual({ kind: 'refused', session, short: [charge] });
      expect(await stored(session)).toEqual(session);
    });

    test('says which charges the session cannot bear, and counts none of them', async () => {
      const session = await opened();
      await reserve(session, [sum('toolSum1', 5n, 9n), sum('payeeCnt', 1n, 1n)]);
      const before = await stored(session);
      const [fits, first, second] = [sum('other001', 5n, 9n), sum('toolSum1', 5n, 9n), sum('payeeCnt', 1n, 1n)];
      const { outcome } = await reserve(session, [fits, first, second]);
      expect(outcome).toEqual({ kind: 'refused', session: before, short: [first, second] });
      expect(await stored(session)).toEqual(before);
    });

    test('follows a limit that was lowered or raised', async () => {
      const session = await opened();
      await reserve(session, [sum('toolSum1', 5n, 10n)]);
      expect((await reserve(session, [sum('toolSum1', 1n, 5n)])).outcome.kind).toBe('refused');
      expect((await reserve(session, [sum('toolSum1', 6n, 11n)])).outcome.kind).toBe('reserved');
    });

    test.each(['settle', 'release'] as const)('does not %s an entry for other charges than it holds', async (how) => {
      const session = await opened();
      const { entry } = await reserve(session, [sum('toolSum1', 5n, 10n)]);
      const request = { session, entry, amount: toMicroUsd(5n), now: NOW };
      expect(await books.ledger[how](request)).toBe('absent');
      const charges = [{ kind: 'session', key: 'toolSum1', quantity: 1n }] as const;
      expect(await books.ledger[how]({ ...request, charges })).toBe('absent');
      expect((await stored(session)).open.has(entry)).toBe(true);
    });

    test('lets exactly as many parallel reservations through as a counter bears', async () => {
      const session = await opened();
      const all = await Promise.all(Array.from({ length: 40 }, () => reserve(session, [sum('payeeCnt', 1n, 25n)])));
      expect(all.filter(({ outcome }) => outcome.kind === 'reserved')).toHaveLength(25);
      expect((await stored(session)).counters.get('payeeCnt')).toBe(25n);
    });

    test('refuses to spend of a window that has granted the session nothing', async () => {
      const session = await opened();
      const charge = day(5n, 100n);
      expect((await reserve(session, [charge])).outcome).toEqual({ kind: 'refused', session, short: [charge] });
    });

    test('grants a part of a window, which the session spends alone', async () => {
      const session = await opened();
      expect((await grant(session, day(5n, 800n))).outcome).toBe('changed');
      expect(await windowOf(session)).toMatchObject({ limit: 800n, available: 700n, spent: 0n, version: 1 });
      const { entry, outcome } = await reserve(session, [day(60n, 800n)], { amount: 60n });
      expect(outcome.kind).toBe('reserved');
      expect((await reserve(session, [day(41n, 800n)])).outcome.kind).toBe('refused');
      expect((await stored(session)).windows.get(KEY)).toMatchObject({ free: 40n, used: 60n });
      await close('settle', session, entry);
      expect((await stored(session)).windows.get(KEY)).toMatchObject({ free: 40n, used: 60n });
      expect(await windowOf(session)).toMatchObject({ available: 700n });
    });

    test('gives nothing twice: the repetition of a grant is stale, for the first as for a later one', async () => {
      const session = await opened();
      const ref = { managerId: session.managerId, key: KEY };
      const first = await grant(session, day(5n, 800n));
      expect(await books.windows.change(ref, first.change)).toBe('stale');
      const second = await grant(session, day(150n, 800n));
      expect(second.outcome).toBe('changed');
      expect(await books.windows.change(ref, second.change)).toBe('stale');
      expect((await stored(session)).windows.get(KEY)).toMatchObject({ number: 2 });
      await windowOf(session);
    });

    test('makes a window once, and grants no more than it has', async () => {
      const sessions = await Promise.all(Array.from({ length: 4 }, () => opened()));
      const made = await Promise.all(sessions.map((session) => grant(session, day(60n, 100n), null)));
      expect(made.filter(({ outcome }) => outcome === 'changed')).toHaveLength(1);
      expect(await windowOf(sessions[0]!)).toMatchObject({ limit: 100n, available: 40n });
      await expect(
        grant(
          sessions.find((_, at) => made[at]!.outcome === 'stale')!,
          day(60n, 100n),
        ),
      ).rejects.toThrow('short of 20');
    });

    test('grants of what was seen to be available no more than is', async () => {
      const [first, second, third] = [await opened(), await opened(), await opened()];
      await grant(first, day(5n, 100n));
      const seen = await windowOf(first);
      expect((await grant(second, day(60n, 100n), seen)).outcome).toBe('changed');
      expect((await grant(third, day(60n, 100n), seen)).outcome).toBe('stale');
      expect((await stored(third)).windows.size).toBe(0);
    });

    test('grants nothing to a session that was deleted', async () => {
      const session = await opened({ deleted: true });
      expect((await grant(session, day(5n, 100n))).outcome).toBe('stale');
      expect(await books.windows.readWindow({ managerId: session.managerId, key: KEY })).toBeNull();
    });

    test('takes from another session what it has free, even where that is over, and never what it has spent', async () => {
      const [rich, poor] = [await opened(), await opened()];
      await grant(rich, day(80n, 100n));
      await reserve(rich, [day(50n, 100n)], { amount: 50n });
      const window = await windowOf(rich);
      const charge = day(45n, 100n);
      const asking = { sessionId: poor.sessionId, grant: undefined };
      const seen = (await stored(rich)).windows.get(KEY)!;
      const ref = { managerId: rich.managerId, key: KEY };
      const change = planStealBack(window, asking, charge, [{ sessionId: rich.sessionId, grant: seen }]);
      expect(change).toMatchObject({ by: 45n, takings: [{ sessionId: rich.sessionId, amount: 25n }] });
      const { entry } = await reserve(rich, [day(6n, 100n)], { amount: 6n });
      expect(await books.windows.change(ref, change)).toBe('stale');
      await close('release', rich, entry);
      expect(await books.windows.change(ref, change)).toBe('changed');
      expect(await windowOf(rich)).toMatchObject({ available: 0n });
      expect((await reserve(poor, [charge], { amount: 45n })).outcome.kind).toBe('reserved');
      expect((await reserve(rich, [day(6n, 100n)])).outcome.kind).toBe('refused');
      expect((await reserve(rich, [day(5n, 100n)])).outcome.kind).toBe('reserved');
    });

    test('gives back to a window that is open, and to none that has closed', async () => {
      const session = await opened();
      await grant(session, day(10n, 80n));
      const both = [day(5n, 80n), sum('toolSum1', 5n, 100n)];
      const [early, late] = [(await reserve(session, both)).entry, (await reserve(session, both)).entry];
      expect(await close('release', session, early, addMs(CLOSES_AT, -1))).toBe('done');
      expect((await stored(session)).windows.get(KEY)).toMatchObject({ free: 5n, used: 5n });
      expect(await close('release', session, early, addMs(CLOSES_AT, -1))).toBe('absent');
      expect(await close('release', session, late, CLOSES_AT)).toBe('done');
      const after = await stored(session);
      expect(after.windows.get(KEY)).toMatchObject({ free: 5n, used: 5n });
      expect([after.counters.get('toolSum1'), after.inFlight]).toEqual([0n, 0]);
    });

    test('gives back to those windows of an entry that are open where another has closed', async () => {
      const session = await opened();
      const hour: WindowCharge = { ...day(5n, 80n), key: 'hourKey0000', closesAt: addMs(CLOSES_AT, -1) };
      await grant(session, day(10n, 80n));
      await grant(session, hour);
      const { entry } = await reserve(session, [hour, day(5n, 80n)]);
      expect(await close('release', session, entry, hour.closesAt)).toBe('done');
      const { windows } = await stored(session);
      expect([windows.get('hourKey0000')?.used, windows.get(KEY)?.used]).toEqual([5n, 0n]);
    });

    test('takes back from a session no more than it has free by then', async () => {
      const session = await opened();
      await grant(session, day(50n, 400n));
      const lowered = planGrant(await windowOf(session), askingOf(await stored(session)), day(5n, 20n));
      if (lowered.kind === 'short') throw new Error('short');
      expect(lowered.change.by).toBeLessThan(0n);
      await reserve(session, [day(30n, 400n)], { amount: 30n });
      const ref = { managerId: session.managerId, key: KEY };
      expect(await books.windows.change(ref, lowered.change)).toBe('stale');
      expect(await windowOf(session)).toMatchObject({ limit: 400n });
    });

    test('writes down a lowered limit that others have to pay for, and lets nobody spend under it yet', async () => {
      const [first, second] = [await opened(), await opened()];
      await grant(first, day(60n, 100n));
      await grant(second, day(20n, 100n));
      await reserve(first, [day(60n, 100n)], { amount: 60n });
      const siblings = [{ sessionId: first.sessionId, grant: (await stored(first)).windows.get(KEY)! }];
      const change = planStealBack(await windowOf(second), askingOf(await stored(second)), day(5n, 30n), siblings);
      expect(change).toMatchObject({ settles: false, limit: 30n });
      expect(await books.windows.change({ managerId: first.managerId, key: KEY }, change)).toBe('changed');
      expect((await windowOf(second)).limit).toBe(30n);
      expect((await windowOf(second)).available).toBeLessThan(0n);
      expect((await stored(second)).windows.get(KEY)).toMatchObject({ limit: 100n });
      expect((await reserve(second, [day(1n, 30n)])).outcome.kind).toBe('refused');
    });

    test('takes away the counter of a closed window with a reserve, and closes entries that name it all the same', async () => {
      const session = await opened();
      await grant(session, day(10n, 80n));
      const { entry } = await reserve(session, [day(5n, 80n)]);
      await reserve(session, [], { now: addMs(CLOSES_AT, 60_000), prune: [KEY] });
      expect((await stored(session)).windows.size).toBe(0);
      expect(await close('release', session, entry, addMs(CLOSES_AT, 60_001))).toBe('done');
      expect((await stored(session)).windows.size).toBe(0);
    });

    test('spends nothing that was granted under a higher limit than the payment has', async () => {
      const session = await opened();
      await grant(session, day(50n, 400n));
      expect((await reserve(session, [day(5n, 399n)])).outcome.kind).toBe('refused');
      expect((await grant(session, day(5n, 20n))).outcome).toBe('changed');
      expect(await windowOf(session)).toMatchObject({ limit: 20n, available: 0n });
      expect((await reserve(session, [day(20n, 20n)], { amount: 20n })).outcome.kind).toBe('reserved');
      await expect(grant(session, day(1n, 20n))).rejects.toThrow('short of 1');
      expect((await grant(session, day(1n, 100n))).outcome).toBe('changed');
      expect((await windowOf(session)).limit).toBe(100n);
    });

    test('holds under a lowered limit what other sessions have used', async () => {
      const [first, second] = [await opened(), await opened()];
      await grant(first, day(60n, 100n));
      await reserve(first, [day(40n, 100n)], { amount: 40n });
      await expect(grant(second, day(1n, 50n))).rejects.toThrow('short of 11');
      const window = await windowOf(first);
      const siblings = [{ sessionId: first.sessionId, grant: (await stored(first)).windows.get(KEY)! }];
      const change = planStealBack(window, { sessionId: second.sessionId, grant: undefined }, day(10n, 50n), siblings);
      expect(await books.windows.change({ managerId: first.managerId, key: KEY }, change)).toBe('changed');
      expect(await windowOf(first)).toMatchObject({ limit: 50n, available: 0n });
      expect((await reserve(second, [day(10n, 50n)], { amount: 10n })).outcome.kind).toBe('reserved');
      expect((await reserve(first, [day(1n, 50n)])).outcome.kind).toBe('refused');
    });

    test('folds what a session had: what was free returns, what was used stays counted, once', async () => {
      const session = await opened();
      await grant(session, day(10n, 80n));
      const { entry } = await reserve(session, [day(4n, 80n)], { amount: 4n });
      await close('settle', session, entry);
      const seen = await stored(session);
      expect(await books.windows.fold(seen, KEY)).toBe('changed');
      expect(await books.windows.fold(seen, KEY)).toBe('stale');
      const window = await windowOf(session);
      expect(window).toMatchObject({ limit: 80n, available: 76n, spent: 4n });
      expect(window.grants.size).toBe(0);
      expect((await stored(session)).windows.size).toBe(0);
    });

    test('does not fold a grant that changed since it was seen', async () => {
      const session = await opened();
      await grant(session, day(10n, 80n));
      const seen = await stored(session);
      await reserve(session, [day(4n, 80n)], { amount: 4n });
      expect(await books.windows.fold(seen, KEY)).toBe('stale');
      await windowOf(session);
    });
  });
}
