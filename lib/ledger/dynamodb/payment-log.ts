import { BatchGetItemCommand, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { parsePaymentId } from '../../domain/ids.ts';
import { BATCH_READ_ATTEMPTS_MAX, BATCH_READ_WAIT_MIN_MS } from '../../domain/limits.ts';
import { NotNow, type PaymentLog, type UserKey } from '../../domain/ports.ts';
import type { Clock } from '../../domain/time.ts';
import { readText, text } from './attributes.ts';
import { callStore, type Item } from './client.ts';
import type { StoreTable } from './conditional-write.ts';
import { parsePaymentItem, paymentListKey, paymentPk } from './items.ts';
import { readListPage } from './list-page.ts';
import { toUserListQuery, type UserList } from './user-list.ts';

export interface PaymentLogStore extends StoreTable {
  readonly clock: Pick<Clock, 'sleep'>;
}

/**
 * A user's payments for reading. The order comes from the `by-user` index, which DynamoDB fills a moment after the
 * write; what a payment holds is read from the payment itself, strongly consistent.
 */
export function createPaymentLog(store: PaymentLogStore): PaymentLog {
  return {
    readPayment: async (id) => {
      const input = { TableName: store.tableName, Key: { pk: text(paymentPk(id)) }, ConsistentRead: true };
      const output = await callStore('GetItem', () => store.client.send(new GetItemCommand(input)));
      return output.Item === undefined ? null : parsePaymentItem(output.Item);
    },
    listPayments: async (user, page) => {
      const list = toUserListQuery(store.tableName, user, paymentsOf(user));
      const { items, ...rest } = await readListPage(store.client, list, page);
      const keys = items.map((item) => readText(item, 'pk'));
      const stored = await readBatch(store, keys);
      const payments = keys.flatMap((key) => {
        const item = stored.get(key);
        return item === undefined ? [] : [parsePaymentItem(item)];
      });
      return { ...rest, items: payments };
    },
  };
}

function paymentsOf(user: UserKey): UserList {
  return {
    name: 'payments',
    listKey: paymentListKey(user.managerId, user.userId),
    pkOf: (idText) => {
      const id = parsePaymentId(idText);
      return id === null ? null : paymentPk(id);
    },
  };
}

/**
 * Reads up to a page of items by key; a key without an item is left out. DynamoDB may leave keys unprocessed, which are
 * asked for again. Throws `NotNow` when some are still left after `BATCH_READ_ATTEMPTS_MAX` reads.
 */
async function readBatch(
  { client, clock, tableName }: PaymentLogStore,
  keys: readonly string[],
): Promise<ReadonlyMap<string, Item>> {
  const found = new Map<string, Item>();
  let pending: Item[] = keys.map((pk) => ({ pk: text(pk) }));
  for (let attempt = 0; pending.length > 0; attempt += 1) {
    if (attempt === BATCH_READ_ATTEMPTS_MAX) throw new NotNow('BatchGetItem left keys unprocessed');
    if (attempt > 0) await clock.sleep(BATCH_READ_WAIT_MIN_MS * 2 ** (attempt - 1));
    const command = new BatchGetItemCommand({
      RequestItems: { [tableName]: { Keys: pending, ConsistentRead: true } },
    });
    const output = await callStore('BatchGetItem', () => client.send(command));
    for (const item of output.Responses?.[tableName] ?? []) found.set(readText(item, 'pk'), item);
    pending = output.UnprocessedKeys?.[tableName]?.Keys ?? [];
  }
  return found;
}
