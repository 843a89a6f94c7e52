import type { SessionKey } from '../../../domain/payment/session.ts';
import type { TopUpLog, TopUps } from '../../../domain/ports/top-ups.ts';
import { NotNow } from '../../../domain/ports/services.ts';
import { number, readText, text } from '../store/attributes.ts';
import { readBatch, type BatchStore } from '../store/batch-read.ts';
import type { StoreTable } from '../store/conditional-write.ts';
import { readListPage, type ListQuery } from '../store/list-page.ts';
import { BY_USER_INDEX } from '../store/tables.ts';
import { transactIf } from '../store/transaction.ts';
import { sessionPk } from '../books/keys.ts';
import { SESSION_LETTERS } from '../books/session-items.ts';
import { parseTopUpItem, topUpListKey, topUpPk, toTopUpItem } from './top-up-items.ts';

/** Top-ups in the books table: the session's limit and the record of its raise, in one transaction off the way of any payment. */
export function createTopUps(table: StoreTable): TopUps {
  return {
    findTopUp: async (key) => {
      const Key = { pk: text(topUpPk(key)) };
      const item = await table.client.getItem({ TableName: table.tableName, Key, ConsistentRead: true });
      return item === null ? null : parseTopUpItem(item);
    },
    raiseLimit: async (kept, { floor }) => {
      const { topUp } = kept;
      const { from, to, at } = topUp;
      const outcome = await transactIf(table, [
        { kind: 'put', item: toTopUpItem(kept), condition: { expression: 'attribute_not_exists(pk)' } },
        {
          kind: 'expressed',
          key: { pk: text(sessionPk(topUp)) },
          update: 'SET lm = :to, av = av + :more, ua = :at, lo = if_not_exists(lo, :from)',
          condition: 'st = :open AND ex > :at AND ca >= :floor AND lm = :from',
          names: {},
          values: {
            ':from': number(from),
            ':to': number(to),
            ':more': number(to - from),
            ':at': number(at),
            ':floor': number(floor ?? 0),
            ':open': text(SESSION_LETTERS.open),
          },
        },
      ]);
      return outcome.kind === 'applied' ? 'raised' : 'stale';
    },
  };
}

/** The order comes from the `by-user` index, which follows within a moment; what a record holds is read strongly consistent. */
export function createTopUpLog(store: BatchStore): TopUpLog {
  return {
    listTopUps: async (session, page) => {
      const { items, ...rest } = await readListPage(store.client, toQuery(store.tableName, session), page);
      const keys = items.map((item) => readText(item, 'pk'));
      const { found, unread } = await readBatch(store, keys);
      if (unread.size > 0) throw new NotNow('BatchGetItem left keys unprocessed');
      const topUps = keys.flatMap((key) => {
        const item = found.get(key);
        return item === undefined ? [] : [parseTopUpItem(item).topUp];
      });
      return { ...rest, items: topUps };
    },
  };
}

// The index sorts by `<13 digits of milliseconds>#<id>`.
const POSITION = /^[0-9]{13}#([0-9a-f]{32})$/;

function toQuery(tableName: string, session: SessionKey): ListQuery {
  const listKey = topUpListKey(session);
  return {
    query: {
      TableName: tableName,
      IndexName: BY_USER_INDEX,
      KeyConditionExpression: 'lk = :list',
      ExpressionAttributeValues: { ':list': text(listKey) },
      ScanIndexForward: false,
    },
    scope: ['top-ups', session.managerId, session.sessionId],
    positionOf: (item) => readText(item, 'ls'),
    keyAt: (position) => {
      const topUpId = POSITION.exec(position)?.[1];
      if (topUpId === undefined) return null;
      return { pk: text(topUpPk({ ...session, topUpId })), lk: text(listKey), ls: text(position) };
    },
  };
}
