import { InvariantViolated } from '../../../domain/invariant.ts';
import { SESSION_ID } from '../../../domain/ids.ts';
import { SESSION_AUDIT_DELAY_MS } from '../../../domain/limits.ts';
import type { SessionStore, SessionSummary } from '../../../domain/ports/books.ts';
import type { UserKey } from '../../../domain/ports/services.ts';
import { addMs, toEpochMs } from '../../../domain/time.ts';
import { number, readInteger, readText, text } from '../store/attributes.ts';
import type { Item } from '../store/client.ts';
import { putIf, updateIf, type StoreTable } from '../store/conditional-write.ts';
import { toSessionItem } from './new-session-item.ts';
import { parseSessionItem, SESSION_LETTERS, toExpiryPlace } from './session-items.ts';
import { sessionListKey, sessionPk } from './keys.ts';
import { readListPage } from '../store/list-page.ts';
import { toUserListQuery, type UserList } from '../store/user-list.ts';

/**
 * Sessions besides the payment path, in the books table. Lists read the `by-user` index, which DynamoDB fills a moment
 * after the write; everything else is strongly consistent.
 */
export function createSessionStore(table: StoreTable): SessionStore {
  return {
    readSession: async (key) => {
      const Key = { pk: text(sessionPk(key)) };
      const item = await table.client.getItem({ TableName: table.tableName, Key, ConsistentRead: true });
      return item === null ? null : parseSessionItem(item);
    },
    createSession: async (session, requestHash) => {
      const item = { ...toSessionItem(session, requestHash), ...toExpiryPlace(session.sessionId, session.expiresAt) };
      const outcome = await putIf(table, item, { expression: 'attribute_not_exists(pk)' });
      if (outcome.kind === 'applied') return { kind: 'created' };
      if (outcome.item === null) throw new InvariantViolated(`session ${session.sessionId} vanished from the books`);
      // A repeated put meets its own item: the caller then finds its own hash and answers as for any retry.
      return { kind: 'exists', session: parseSessionItem(outcome.item), requestHash: readText(outcome.item, 'rh') };
    },
    deleteSession: async (key) => {
      const { open, ended, deleted } = SESSION_LETTERS;
      const place = toExpiryPlace(key.sessionId, addMs(key.now, SESSION_AUDIT_DELAY_MS));
      const outcome = await updateIf(
        table,
        { pk: text(sessionPk(key)) },
        { set: { st: text(deleted), ua: number(key.now), ...place }, remove: ['lk', 'ls'] },
        {
          expression: '#st IN (:open, :ended) AND u = :user',
          values: { ':open': text(open), ':ended': text(ended), ':user': text(key.userId) },
        },
      );
      if (outcome.item === null) return null;
      const session = parseSessionItem(outcome.item);
      if (outcome.kind === 'applied') return session;
      // The repetition of a delete whose reply was lost. Two deletes in one millisecond count as one, which harms nobody.
      const own = session.userId === key.userId && session.deleted && session.updatedAt === key.now;
      return own ? session : null;
    },
    listSessions: async (user, page) => {
      const list = toUserListQuery(table.tableName, user, sessionsOf(user));
      const { items, ...rest } = await readListPage(table.client, list, page);
      return { ...rest, items: items.map((item) => parseSummary(user, item)) };
    },
  };
}

function sessionsOf(user: UserKey): UserList {
  const { managerId, userId } = user;
  return {
    name: 'sessions',
    listKey: sessionListKey(managerId, userId),
    pkOf: (sessionId) => (SESSION_ID.test(sessionId) ? sessionPk({ managerId, sessionId }) : null),
  };
}

function parseSummary({ managerId, userId }: UserKey, item: Item): SessionSummary {
  return {
    managerId,
    userId,
    sessionId: readText(item, 'pk').slice(sessionPk({ managerId, sessionId: '' }).length),
    createdAt: toEpochMs(readInteger(item, 'ca')),
    expiryMinutes: readInteger(item, 'em'),
    expiresAt: toEpochMs(readInteger(item, 'ex')),
  };
}
