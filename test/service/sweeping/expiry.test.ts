import { describe, expect, test } from 'vitest';
import { toEpochMs, addMs, type EpochMs } from '../../../lib/domain/time.ts';
import type { SessionKey } from '../../../lib/domain/payment/session.ts';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll } from 'vitest';
import { createStoreClient } from '../../../lib/ledger/dynamodb/store/sdk-client.ts';
import { createExpiryIndex } from '../../../lib/ledger/dynamodb/books/expiry-index.ts';
import { sessionPk } from '../../../lib/ledger/dynamodb/books/keys.ts';
import { createSessionStore } from '../../../lib/ledger/dynamodb/books/session-store.ts';
import { createSweepIndex } from '../../../lib/ledger/dynamodb/books/sweep-index.ts';
import { EXPIRY_MARKS_AT_ONCE, SWEEP_PAGE_ITEMS, SWEEP_SHARDS } from '../../../lib/domain/limits.ts';
import { markExpiredSessions, type ExpiryDeps } from '../../../lib/service/sweeping/expiry.ts';
import { withDatabase } from '../../support/database.ts';
import { makeSession, NOW } from '../../support/payments.ts';

const database = withDatabase();
let table: { tableName: string; client: ReturnType<typeof createStoreClient> };
beforeAll(() => {
  Object.assign(process.env, database.environment);
  table = { tableName: database.booksTable, client: createStoreClient({ maxAttempts: 1 }) };
});

const LATER = addMs(NOW, 3_600_000);
const at = (now: EpochMs): Omit<ExpiryDeps, 'index'> => ({ clock: { now: () => now }, report: () => undefined });
const run = (now: EpochMs) => markExpiredSessions({ ...at(now), index: createExpiryIndex(table) }, addMs(now, 10_000));

async function placeOf(session: SessionKey) {
  const input = { TableName: table.tableName, Key: { pk: { S: sessionPk(session) } } };
  const { Item: item } = await database.client.send(new GetItemCommand(input));
  return item?.['sv']?.N ?? null;
}

describe('sessions whose time has come', () => {
  test('are marked once, at that instant and not before', async () => {
    const store = createSessionStore(table);
    const [first, second] = [makeSession(), makeSession({ expiresAt: addMs(LATER, 1) })];
    await store.createSession(first, 'h');
    await store.createSession(second, 'h');
    expect(await run(addMs(NOW, 3_599_999))).toEqual({ expiredSessions: 0, failedSessions: 0 });
    expect(await run(LATER)).toEqual({ expiredSessions: 1, failedSessions: 0 });
    expect([await placeOf(first), await placeOf(second)]).toEqual([null, String(second.expiresAt)]);
    expect(await run(LATER)).toEqual({ expiredSessions: 0, failedSessions: 0 });
    expect(await run(addMs(LATER, 1))).toEqual({ expiredSessions: 1, failedSessions: 0 });
  });

  test('are not marked once they are deleted, even by a run that found them before', async () => {
    const session = makeSession();
    await createSessionStore(table).createSession(session, 'h');
    const found = createExpiryIndex(table);
    await createSessionStore(table).deleteSession({ ...session, now: NOW });
    await found.markExpired(session, LATER);
    expect(await run(LATER)).toEqual({ expiredSessions: 0, failedSessions: 0 });
  });

  test('are never taken for payments', async () => {
    await createSessionStore(table).createSession(makeSession(), 'h');
    for (let shard = 0; shard < SWEEP_SHARDS; shard += 1) {
      expect(await createSweepIndex(table).dueVisits(shard, LATER, null)).toEqual([]);
    }
    await run(LATER);
  });

  test('that cannot be marked keep neither the others nor the caller from going on', async () => {
    const problems: (string | null)[] = [];
    const marked: string[] = [];
    const sessions = ['a', 'broken', 'c'].map((sessionId) => ({ managerId: 'm', sessionId, dueAt: NOW }));
    const index: ExpiryDeps['index'] = {
      dueSessions: async (shard) => {
        if (shard === 1) throw new Error('planted');
        return shard === 0 ? sessions : [];
      },
      markExpired: async ({ sessionId }) => {
        if (sessionId === 'broken') throw new Error('planted');
        marked.push(sessionId);
      },
    };
    const report = await markExpiredSessions(
      { clock: { now: () => toEpochMs(0) }, report: ({ sessionId }) => problems.push(sessionId), index },
      toEpochMs(1),
    );
    expect(report).toEqual({ expiredSessions: 2, failedSessions: 2 });
    expect(marked).toEqual(['a', 'c']);
    expect(problems).toEqual(['broken', null]);
  });

  /** Sessions that are due in one shard, of which none can be marked where `broken` says so. */
  const backlog = (count: number, broken: (position: number) => boolean) => {
    const all = Array.from({ length: count }, (_, position) => ({
      managerId: 'm',
      sessionId: `${position}`,
      dueAt: addMs(NOW, position),
    }));
    const marked: string[] = [];
    let nowMs = Number(LATER);
    const deps: ExpiryDeps = {
      clock: { now: () => toEpochMs(nowMs) },
      report: () => undefined,
      index: {
        dueSessions: async (shard, _now, after) => {
          nowMs += 10;
          const rest = all.filter(({ dueAt, sessionId }) => dueAt > (after?.dueAt ?? 0) && !marked.includes(sessionId));
          return shard === 0 ? rest.slice(0, SWEEP_PAGE_ITEMS) : [];
        },
        markExpired: async ({ sessionId }) => {
          nowMs += 10;
          if (broken(Number(sessionId))) throw new Error('planted');
          marked.push(sessionId);
        },
      },
    };
    return { deps, marked, now: () => toEpochMs(nowMs) };
  };

  test('are marked although a hundred before them cannot be', async () => {
    const { deps, marked } = backlog(SWEEP_PAGE_ITEMS + 1, (position) => position < SWEEP_PAGE_ITEMS);
    const report = await markExpiredSessions(deps, addMs(LATER, 60_000));
    expect(report).toEqual({ expiredSessions: 1, failedSessions: SWEEP_PAGE_ITEMS });
    expect(marked).toEqual([`${SWEEP_PAGE_ITEMS}`]);
  });

  test('wait for the next run where the time for them is up', async () => {
    const { deps, marked, now } = backlog(500, () => false);
    const until = addMs(LATER, 1_500);
    const { expiredSessions, failedSessions } = await markExpiredSessions(deps, until);
    expect(failedSessions).toBe(0);
    expect(expiredSessions).toBeGreaterThan(50);
    expect(expiredSessions).toBeLessThan(500);
    expect(now() - until).toBeLessThanOrEqual(10 * EXPIRY_MARKS_AT_ONCE);
    await markExpiredSessions(deps, addMs(until, 60_000));
    expect(marked).toHaveLength(500);
  });
});
