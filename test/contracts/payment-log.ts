import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { PaymentLog } from '../../lib/domain/ports/books.ts';
import type { UserKey } from '../../lib/domain/ports/services.ts';
import type { Payment } from '../../lib/domain/payment/payment.ts';
import { addMs } from '../../lib/domain/time.ts';
import { NOW, makePayment, makeSession } from '../support/payments.ts';
import { makeManagerId } from '../support/registry.ts';
import { expectRefused, forgeTokens, readAll, readPages, takeToken, type ListPage } from './pages.ts';
import { times } from './parallel.ts';

const ITEMS = 250;
/** An index may lag behind its table. */
const INDEX_LAG = { timeout: 5_000, interval: 100 } as const;

export interface PaymentLogUnderTest {
  readonly log: PaymentLog;
  /** Writes a payment as its intent does. */
  readonly intend: (payment: Payment) => Promise<unknown>;
  /** Aborts a payment at its first attempt, and gives what it then is. */
  readonly abort: (payment: Payment) => Promise<Payment>;
}

/** What every log of payments must do, whatever stands behind it. */
export function paymentLogContract(name: string, make: () => Promise<PaymentLogUnderTest>): void {
  describe(`${name} keeps the contract of the payment log:`, () => {
    let under: PaymentLogUnderTest;
    const user: UserKey = { managerId: makeManagerId(), userId: 'lister#1' };
    const session = makeSession(user);
    const all = times(ITEMS, (index) => makePayment(session, { createdAt: addMs(NOW, index) }));
    const newestFirst = all.toReversed();
    const listOf =
      (owner: UserKey): ListPage<Payment> =>
      (page) =>
        under.log.listPayments(owner, page);
    const list = listOf(user);

    beforeAll(async () => {
      under = await make();
      await Promise.all(all.map(under.intend));
      await vi.waitFor(async () => expect(await readAll(list, 100)).toHaveLength(ITEMS), INDEX_LAG);
    });

    test('reads one payment, and null where there is none', async () => {
      expect(await under.log.readPayment(all[7]!.id)).toEqual(all[7]);
      expect(await under.log.readPayment(makePayment(session).id)).toBeNull();
    });

    test.each([
      [100, [100, 100, 50]],
      [50, [50, 50, 50, 50, 50]],
      [77, [77, 77, 77, 19]],
    ])('lists every payment once, whole and newest first, in pages of %i', async (maxResults, sizes) => {
      const pages = await readPages(list, maxResults);
      expect(pages.map(({ items }) => items.length)).toEqual(sizes);
      expect(pages.flatMap(({ items }) => items)).toEqual(newestFirst);
    });

    test('lists a payment as it is now, in the place of its creation', async () => {
      const owner = { managerId: makeManagerId(), userId: 'u' };
      const own = makeSession(owner);
      const [older, newer] = [makePayment(own), makePayment(own, { createdAt: addMs(NOW, 1) })];
      await under.intend(older);
      await under.intend(newer);
      const aborted = await under.abort(older);
      expect(aborted.status).toBe('ABORTED');
      await vi.waitFor(async () => expect(await readAll(listOf(owner), 10)).toEqual([newer, aborted]), INDEX_LAG);
    });

    test('lists nothing of other users and other managers', async () => {
      for (const userId of ['lister', '1', 'lister#', 'lister#1#']) {
        expect(await under.log.listPayments({ ...user, userId }, { maxResults: 10 }), userId).toEqual({ items: [] });
      }
      const stranger = { ...user, managerId: makeManagerId() };
      expect(await under.log.listPayments(stranger, { maxResults: 10 })).toEqual({ items: [] });
    });

    test('refuses a token that was forged, and takes the real one', async () => {
      const token = await takeToken(list);
      for (const forged of forgeTokens(token)) await expectRefused(list, forged);
      expect((await list({ maxResults: 10, nextToken: token })).items).toEqual(newestFirst.slice(1, 11));
    });

    test('refuses the token of another user or manager', async () => {
      const token = await takeToken(list);
      await expectRefused(listOf({ ...user, userId: 'lister#2' }), token);
      await expectRefused(listOf({ ...user, managerId: makeManagerId() }), token);
    });

    test.each([0, 101, 1.5, Number.NaN])('has no page of %d items', async (maxResults) => {
      await expect(list({ maxResults })).rejects.toThrow(RangeError);
    });
  });
}
