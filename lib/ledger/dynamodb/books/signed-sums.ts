import { AUDIT_CLOCK_SKEW_MS, AUDIT_PAGE_ITEMS, AUDIT_PAGES_MAX } from '../../../domain/limits.ts';
import { toMicroUsd } from '../../../domain/money.ts';
import type { SignedSums } from '../../../domain/ports/books.ts';
import { NotNow } from '../../../domain/ports/services.ts';
import type { Session } from '../../../domain/payment/session.ts';
import { addMs } from '../../../domain/time.ts';
import { readText, text } from '../store/attributes.ts';
import { readBatch, type BatchStore } from '../store/batch-read.ts';
import type { Item, QueryInput } from '../store/client.ts';
import { BY_USER_INDEX } from '../store/tables.ts';
import { listSort, paymentListKey } from './keys.ts';
import { parsePaymentSummary } from './payment-items.ts';

/** Sums over the user's payments in the time of a session; the index has no list by session, which would cost every payment. */
export function createSignedSums(store: BatchStore): SignedSums {
  return {
    sumSigned: async (session) => {
      let sum = 0n;
      let start: Item | null = null;
      for (let page = 0; page < AUDIT_PAGES_MAX; page += 1) {
        const { items, lastKey } = await store.client.query(pageQuery(store.tableName, session, start));
        sum += await sumOfPage(store, session, items);
        start = lastKey;
        if (start === null) return toMicroUsd(sum);
      }
      return null;
    },
  };
}

function pageQuery(tableName: string, session: Session, start: Item | null): QueryInput {
  const { managerId, userId, createdAt, expiresAt } = session;
  return {
    TableName: tableName,
    IndexName: BY_USER_INDEX,
    KeyConditionExpression: 'lk = :list AND ls BETWEEN :from AND :to',
    ExpressionAttributeValues: {
      ':list': text(paymentListKey(managerId, userId)),
      // The two functions that wrote the instants have clocks of their own.
      ':from': text(listSort(addMs(createdAt, -AUDIT_CLOCK_SKEW_MS), '')),
      ':to': text(listSort(addMs(expiresAt, AUDIT_CLOCK_SKEW_MS), '')),
    },
    Limit: AUDIT_PAGE_ITEMS,
    ...(start === null ? {} : { ExclusiveStartKey: start }),
  };
}

async function sumOfPage(store: BatchStore, session: Session, listed: readonly Item[]): Promise<bigint> {
  const { found, unread } = await readBatch(
    store,
    listed.map((item) => readText(item, 'pk')),
  );
  if (unread.size > 0) throw new NotNow('BatchGetItem left keys unprocessed');
  let sum = 0n;
  for (const item of found.values()) {
    const { managerId, sessionId, status, amount } = parsePaymentSummary(item);
    const isOwn = managerId === session.managerId && sessionId === session.sessionId;
    if (isOwn && status === 'SIGNED') sum += amount;
  }
  return sum;
}
