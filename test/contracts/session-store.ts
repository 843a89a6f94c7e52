import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { SessionStore, SessionSummary } from '../../lib/domain/ports/books.ts';
import type { UserKey } from '../../lib/domain/ports/services.ts';
import type { Session } from '../../lib/domain/payment/session.ts';
import { addMs } from '../../lib/domain/time.ts';
import { NOW, makeSession } from '../support/payments.ts';
import { makeManagerId } from '../support/registry.ts';
import { expectRefused, forgeTokens, readAll, readPages, takeToken, type ListPage } from './pages.ts';
import { PARALLEL, countKinds, times } from './parallel.ts';

const ITEMS = 250;
/** Sessions that share each instant, so that the order of equals is tested too. */
const PER_INSTANT = 5;
/** An index may lag behind its table. */
const INDEX_LAG = { timeout: 5_000, interval: 100 } as const;

const LATER = addMs(NOW, 5_000);

function summaryOf(session: Session): SessionSummary {
  const { managerId, sessionId, userId, expiryMinutes, createdAt, expiresAt } = session;
  return { managerId, sessionId, userId, expiryMinutes, createdAt, expiresAt };
}

/** What every store of sessions must do, whatever stands behind it. */
export function sessionStoreContract(name: string, makeStore: () => Promise<SessionStore>): void {
  describe(`${name} keeps the contract of sessions:`, () => {
    let store: SessionStore;
    beforeAll(async () => {
      store = await makeStore();
    });
    creationContract(() => store);
    deletionContract(() => store);
    listContract(() => store);
  });
}

function creationContract(store: () => SessionStore): void {
  describe('a session', () => {
    test('reads back as it was created, with and without a limit', async () => {
      for (const session of [makeSession({ managerId: makeManagerId() }), makeSession({ limit: null })]) {
        expect(await store().createSession(session, 'h1')).toEqual({ kind: 'created' });
        expect(await store().readSession(session)).toEqual(session);
      }
    });

    test('is null where none was created, and under another manager', async () => {
      const session = makeSession();
      expect(await store().readSession(session)).toBeNull();
      await store().createSession(session, 'h1');
      expect(await store().readSession({ ...session, managerId: makeManagerId() })).toBeNull();
    });

    test('keeps the first creation when there is a second one', async () => {
      const session = makeSession();
      await store().createSession(session, 'h1');
      const second = await store().createSession({ ...session, expiryMinutes: 480 }, 'h2');
      expect(second).toEqual({ kind: 'exists', session, requestHash: 'h1' });
      expect(await store().readSession(session)).toEqual(session);
    });

    test('is created once by parallel creations', async () => {
      const session = makeSession();
      const outcomes = await Promise.all(times(PARALLEL, () => store().createSession(session, 'h1')));
      expect(countKinds(outcomes)).toEqual({ created: 1, exists: PARALLEL - 1 });
    });
  });
}

function deletionContract(store: () => SessionStore): void {
  async function created(): Promise<Session> {
    const session = makeSession({ managerId: makeManagerId() });
    await store().createSession(session, 'h1');
    return session;
  }
  const remove = (session: Session, now = LATER) => store().deleteSession({ ...session, now });

  describe('a deletion', () => {
    test('marks the session and changes nothing else', async () => {
      const session = await created();
      const expected = { ...session, deleted: true, updatedAt: LATER };
      expect(await remove(session)).toEqual(expected);
      expect(await store().readSession(session)).toEqual(expected);
    });

    test('is null for a session that is missing, foreign or deleted already', async () => {
      const session = await created();
      expect(await remove(makeSession())).toBeNull();
      expect(await remove({ ...session, userId: 'somebody else' })).toBeNull();
      expect(await remove({ ...session, managerId: makeManagerId() })).toBeNull();
      expect(await store().readSession(session)).toEqual(session);
      expect(await remove(session)).not.toBeNull();
      expect(await remove(session, addMs(LATER, 1))).toBeNull();
      expect(await remove({ ...session, userId: 'somebody else' })).toBeNull();
    });

    test('happens once for parallel requests', async () => {
      const session = await created();
      const outcomes = await Promise.all(times(PARALLEL, (index) => remove(session, addMs(NOW, index))));
      expect(outcomes.filter((outcome) => outcome !== null)).toHaveLength(1);
    });

    test('is final: the same creation finds the deleted session', async () => {
      const session = await created();
      const deleted = await remove(session);
      expect(await store().createSession(session, 'h1')).toEqual({
        kind: 'exists',
        session: deleted,
        requestHash: 'h1',
      });
    });

    test('takes the session off its list, also between two pages', async () => {
      const user = { managerId: makeManagerId(), userId: 'u' };
      const sessions = times(6, (index) => makeSession({ ...user, createdAt: addMs(NOW, index) }));
      for (const session of sessions) await store().createSession(session, 'h1');
      const list = listOf(store, user);
      await vi.waitFor(async () => expect(await readAll(list, 100)).toHaveLength(6), INDEX_LAG);

      const first = await list({ maxResults: 3 });
      const gone = sessions[3]!;
      expect(first.items.at(-1)).toEqual(summaryOf(gone));
      await remove(gone);
      await vi.waitFor(async () => expect(await readAll(list, 100)).toHaveLength(5), INDEX_LAG);
      const second = await list({ maxResults: 3, nextToken: first.nextToken! });
      expect(second).toEqual({ items: [sessions[2], sessions[1], sessions[0]].map((each) => summaryOf(each!)) });
    });
  });
}

function listOf(store: () => SessionStore, user: UserKey): ListPage<SessionSummary> {
  return (page) => store().listSessions(user, page);
}

function listContract(store: () => SessionStore): void {
  describe('a list of sessions', () => {
    const user: UserKey = { managerId: makeManagerId(), userId: 'lister#1' };
    const all = times(ITEMS, (index) =>
      makeSession({ ...user, createdAt: addMs(NOW, Math.floor(index / PER_INSTANT)), expiryMinutes: 15 + index }),
    );
    const newestFirst = all
      .toSorted((a, b) => b.createdAt - a.createdAt || (a.sessionId < b.sessionId ? 1 : -1))
      .map(summaryOf);
    const list = listOf(store, user);

    beforeAll(async () => {
      await Promise.all(all.map((session) => store().createSession(session, 'h1')));
      await vi.waitFor(async () => expect(await readAll(list, 100)).toHaveLength(ITEMS), INDEX_LAG);
    });

    test.each([
      [100, [100, 100, 50]],
      [50, [50, 50, 50, 50, 50]],
      [33, [33, 33, 33, 33, 33, 33, 33, 19]],
    ])('has every session once, newest first, in pages of %i', async (maxResults, sizes) => {
      const pages = await readPages(list, maxResults);
      expect(pages.map(({ items }) => items.length)).toEqual(sizes);
      expect(pages.flatMap(({ items }) => items)).toEqual(newestFirst);
    });

    test('is empty for other users and other managers', async () => {
      for (const userId of ['lister', '1', 'lister#', 'lister#1#']) {
        expect(await store().listSessions({ ...user, userId }, { maxResults: 10 }), userId).toEqual({ items: [] });
      }
      const stranger = { ...user, managerId: makeManagerId() };
      expect(await store().listSessions(stranger, { maxResults: 10 })).toEqual({ items: [] });
    });

    test('refuses a token that was forged, and takes the real one', async () => {
      const token = await takeToken(list);
      for (const forged of forgeTokens(token)) await expectRefused(list, forged);
      expect((await list({ maxResults: 10, nextToken: token })).items).toEqual(newestFirst.slice(1, 11));
    });

    test('refuses the token of another user or manager', async () => {
      const token = await takeToken(list);
      await expectRefused(listOf(store, { ...user, userId: 'lister#2' }), token);
      await expectRefused(listOf(store, { ...user, managerId: makeManagerId() }), token);
    });

    test.each([0, 101, 1.5, Number.NaN])('has no page of %d items', async (maxResults) => {
      await expect(list({ maxResults })).rejects.toThrow(RangeError);
    });
  });
}
