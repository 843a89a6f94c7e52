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
import {
  EXPIRY_MARKS_AT_ONCE,
  SESSION_AUDIT_DELAY_MS,
  SWEEP_PAGE_ITEMS,
  SWEEP_SHARDS,
} from '../../../lib/domain/limits.ts';
import { visitDueSessions, type ExpiryDeps } from '../../../lib/service/sweeping/expiry.ts';
import { withDatabase } from '../../support/database.ts';
import { makeSession, NOW } from '../../support/payments.ts';

const database = withDatabase();
let table: { tableName: string; client: ReturnType<typeof createStoreClient> };
beforeAll(() => {
  Object.assign(process.env, database.environment);
  table = { tableName: database.booksTable, client: createStoreClient({ maxAttempts: 1 }) };
});

const LATER = addMs(NOW, 3_600_000);
const sound: ExpiryDeps['audit'] = async () => ({ kind: 'sound' });
const NOTHING = { expiredSessions: 0, auditedSessions: 0, spentMismatches: 0, failedSessions: 0 };
const run = (now: EpochMs) =>
  visitDueSessions(
    { clock: { now: () => now }, report: () => undefined, audit: sound, index: createExpiryIndex(table) },
    addMs(now, 10_000),
  );

async function placeOf(session: SessionKey) {
  const input = { TableName: table.tableName, Key: { pk: { S: sessionPk(session) } } };
  const { Item: item } = await database.client.send(new GetItemCommand(input));
  return item?.['sv']?.N ?? null;
}

describe('sessions whose time has come', () => {
  test('are ended once, at that instant and not before, and audited once, three minutes later', async () => {
    const store = createSessionStore(table);
    const [first, second] = [makeSession(), makeSession({ expiresAt: addMs(LATER, 1) })];
    await store.createSession(first, 'h');
    await store.createSession(second, 'h');
    const auditAt = addMs(LATER, SESSION_AUDIT_DELAY_MS);
    expect(await run(addMs(LATER, -1))).toEqual(NOTHING);
    expect(await run(LATER)).toEqual({ ...NOTHING, expiredSessions: 1 });
    expect([await placeOf(first), await placeOf(second)]).toEqual([String(auditAt), String(second.expiresAt)]);
    expect(await run(LATER)).toEqual(NOTHING);
    expect(await run(addMs(LATER, 1))).toEqual({ ...NOTHING, expiredSessions: 1 });
    expect(await run(addMs(auditAt, -1))).toEqual(NOTHING);
    expect(await run(auditAt)).toEqual({ ...NOTHING, auditedSessions: 1 });
    expect([await placeOf(first), await placeOf(second)]).toEqual([null, String(addMs(auditAt, 1))]);
    expect(await run(addMs(auditAt, 1))).toEqual({ ...NOTHING, auditedSessions: 1 });
    expect(await run(addMs(auditAt, 1))).toEqual(NOTHING);
  });

  test('are not ended once they are deleted, even by a run that found them before, and audited all the same', async () => {
    const session = makeSession();
    await createSessionStore(table).createSession(session, 'h');
    await createSessionStore(table).deleteSession({ ...session, now: LATER });
    const auditAt = addMs(LATER, SESSION_AUDIT_DELAY_MS);
    expect(await createExpiryIndex(table).endSession(session, LATER, auditAt)).toEqual({ kind: 'nothing' });
    expect(await run(addMs(auditAt, -1))).toEqual(NOTHING);
    expect(await run(auditAt)).toEqual({ ...NOTHING, auditedSessions: 1 });
    expect(await run(auditAt)).toEqual(NOTHING);
  });

  test('can still be deleted, and are then audited once', async () => {
    const session = makeSession();
    const store = createSessionStore(table);
    await store.createSession(session, 'h');
    await run(LATER);
    expect(await store.deleteSession({ ...session, now: addMs(LATER, 1) })).toMatchObject({ deleted: true });
    const auditAt = addMs(LATER, SESSION_AUDIT_DELAY_MS);
    expect(await run(auditAt)).toEqual(NOTHING);
    expect(await run(addMs(auditAt, 1))).toEqual({ ...NOTHING, auditedSessions: 1 });
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
      endSession: async ({ sessionId }) => {
        if (sessionId === 'broken') throw new Error('planted');
        marked.push(sessionId);
        return { kind: 'ended' };
      },
      dropSession: async () => undefined,
    };
    const report = await visitDueSessions(
      { clock: { now: () => toEpochMs(0) }, report: ({ sessionId }) => problems.push(sessionId), audit: sound, index },
      toEpochMs(1),
    );
    expect(report).toEqual({ ...NOTHING, expiredSessions: 2, failedSessions: 2 });
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
      audit: sound,
      index: {
        dueSessions: async (shard, _now, after) => {
          nowMs += 10;
          const rest = all.filter(({ dueAt, sessionId }) => dueAt > (after?.dueAt ?? 0) && !marked.includes(sessionId));
          return shard === 0 ? rest.slice(0, SWEEP_PAGE_ITEMS) : [];
        },
        endSession: async ({ sessionId }) => {
          nowMs += 10;
          if (broken(Number(sessionId))) throw new Error('planted');
          marked.push(sessionId);
          return { kind: 'ended' };
        },
        dropSession: async () => undefined,
      },
    };
    return { deps, marked, now: () => toEpochMs(nowMs) };
  };

  test('are marked although a hundred before them cannot be', async () => {
    const { deps, marked } = backlog(SWEEP_PAGE_ITEMS + 1, (position) => position < SWEEP_PAGE_ITEMS);
    const report = await visitDueSessions(deps, addMs(LATER, 60_000));
    expect(report).toEqual({ ...NOTHING, expiredSessions: 1, failedSessions: SWEEP_PAGE_ITEMS });
    expect(marked).toEqual([`${SWEEP_PAGE_ITEMS}`]);
  });

  test('wait for the next run where the time for them is up', async () => {
    const { deps, marked, now } = backlog(500, () => false);
    const until = addMs(LATER, 1_500);
    const { expiredSessions, failedSessions } = await visitDueSessions(deps, until);
    expect(failedSessions).toBe(0);
    expect(expiredSessions).toBeGreaterThan(50);
    expect(expiredSessions).toBeLessThan(500);
    expect(now() - until).toBeLessThanOrEqual(10 * EXPIRY_MARKS_AT_ONCE);
    await visitDueSessions(deps, addMs(until, 60_000));
    expect(marked).toHaveLength(500);
  });
});
