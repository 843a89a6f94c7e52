import type { SweepReads } from '../../../domain/ports/books.ts';
import type { SchemeOf } from '../../../domain/ports/schemes.ts';
import { NotNow } from '../../../domain/ports/services.ts';
import { readBatch, type BatchStore } from '../store/batch-read.ts';
import type { Item } from '../store/client.ts';
import { parsePaymentItem } from './payment-items.ts';
import { paymentPk, sessionPk } from './keys.ts';
import { readBalanced } from './ledger.ts';

/** Reads payments and sessions by the page: two calls for a hundred visits, where one each would be two hundred. */
export function createSweepReads(store: BatchStore & { readonly schemeOf: SchemeOf }): SweepReads {
  return {
    readPayments: (ids) => readAll(store, ids.map(paymentPk), (item) => parsePaymentItem(item, store.schemeOf)),
    readSessions: (keys) => readAll(store, keys.map(sessionPk), readBalanced),
  };
}

async function readAll<T>(
  store: BatchStore,
  pks: readonly string[],
  parse: (item: Item) => T,
): Promise<PromiseSettledResult<T | null>[]> {
  const { found, unread } = await readBatch(store, pks);
  const resultOf = (pk: string): PromiseSettledResult<T | null> => {
    if (unread.has(pk)) return { status: 'rejected', reason: new NotNow('BatchGetItem left keys unprocessed') };
    const item = found.get(pk);
    try {
      return { status: 'fulfilled', value: item === undefined ? null : parse(item) };
    } catch (reason) {
      return { status: 'rejected', reason };
    }
  };
  const results = new Map([...new Set(pks)].map((pk) => [pk, resultOf(pk)]));
  return pks.map((pk) => results.get(pk)!);
}
