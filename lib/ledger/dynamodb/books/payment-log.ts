import { parsePaymentId } from '../../../domain/ids.ts';
import type { PaymentLog } from '../../../domain/ports/books.ts';
import type { SchemeOf } from '../../../domain/ports/schemes.ts';
import { NotNow, type UserKey } from '../../../domain/ports/services.ts';
import { readText, text } from '../store/attributes.ts';
import { readBatch, type BatchStore } from '../store/batch-read.ts';
import { parsePaymentItem } from './payment-items.ts';
import { paymentListKey, paymentPk } from './keys.ts';
import { readListPage } from '../store/list-page.ts';
import { toUserListQuery, type UserList } from '../store/user-list.ts';

export interface PaymentLogStore extends BatchStore {
  readonly schemeOf: SchemeOf;
}

/**
 * A user's payments for reading. The order comes from the `by-user` index, which DynamoDB fills a moment after the
 * write; what a payment holds is read from the payment itself, strongly consistent.
 */
export function createPaymentLog(store: PaymentLogStore): PaymentLog {
  return {
    readPayment: async (id) => {
      const Key = { pk: text(paymentPk(id)) };
      const item = await store.client.getItem({ TableName: store.tableName, Key, ConsistentRead: true });
      return item === null ? null : parsePaymentItem(item, store.schemeOf);
    },
    listPayments: async (user, page) => {
      const list = toUserListQuery(store.tableName, user, paymentsOf(user));
      const { items, ...rest } = await readListPage(store.client, list, page);
      const keys = items.map((item) => readText(item, 'pk'));
      const { found, unread } = await readBatch(store, keys);
      if (unread.size > 0) throw new NotNow('BatchGetItem left keys unprocessed');
      const payments = keys.flatMap((key) => {
        const item = found.get(key);
        return item === undefined ? [] : [parsePaymentItem(item, store.schemeOf)];
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
