import { doublingWaitMs } from '../../../domain/doubling-wait.ts';
import { BATCH_READ_ATTEMPTS_MAX, BATCH_READ_WAIT_MIN_MS } from '../../../domain/limits.ts';
import type { Clock } from '../../../domain/time.ts';
import { readText, text } from './attributes.ts';
import type { Item } from './client.ts';
import type { StoreTable } from './conditional-write.ts';

export interface BatchStore extends StoreTable {
  readonly clock: Pick<Clock, 'sleep'>;
}

export interface BatchRead {
  /** By partition key; a key without an item is left out. */
  readonly found: ReadonlyMap<string, Item>;
  /** Keys that the database would not read, though it was asked `BATCH_READ_ATTEMPTS_MAX` times. */
  readonly unread: ReadonlySet<string>;
}

/** Reads up to a hundred items by key, strongly consistent. Asks again for what DynamoDB leaves unprocessed. */
export async function readBatch({ client, clock, tableName }: BatchStore, keys: Iterable<string>): Promise<BatchRead> {
  const found = new Map<string, Item>();
  let pending: readonly Item[] = [...new Set(keys)].map((pk) => ({ pk: text(pk) }));
  for (let attempt = 0; pending.length > 0 && attempt < BATCH_READ_ATTEMPTS_MAX; attempt += 1) {
    if (attempt > 0) await clock.sleep(doublingWaitMs(attempt - 1, { minMs: BATCH_READ_WAIT_MIN_MS }));
    const output = await client.batchGetItem({ TableName: tableName, Keys: pending, ConsistentRead: true });
    for (const item of output.items) found.set(readText(item, 'pk'), item);
    pending = output.unprocessedKeys;
  }
  return { found, unread: new Set(pending.map((key) => readText(key, 'pk'))) };
}
