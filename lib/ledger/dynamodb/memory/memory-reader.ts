import { doublingWaitMs } from '../../../domain/doubling-wait.ts';
import { BATCH_READ_ATTEMPTS_MAX, BATCH_READ_WAIT_MIN_MS } from '../../../domain/limits.ts';
import { NotNow } from '../../../domain/ports/services.ts';
import type { MemoryReader } from '../../../domain/ports/memory.ts';
import { readText } from '../store/attributes.ts';
import type { Item } from '../store/client.ts';
import type { StoreTable } from '../store/conditional-write.ts';
import {
  failuresKey,
  parseFailuresItem,
  parsePinItem,
  parsePriceItem,
  parseTallyItem,
  pinKey,
  priceKey,
  tallyKey,
} from './memory-items.ts';

/** Reads what rules remember with one request, asked again for what DynamoDB leaves unprocessed. */
export function createMemoryReader(table: StoreTable): MemoryReader {
  return {
    recall: async ({ pins, price, failures, tallies }) => {
      const pinKeys = pins.map(pinKey);
      const tallyKeys = tallies.map(tallyKey);
      const found = await readItems(table, [
        ...pinKeys,
        ...(price === null ? [] : [priceKey(price)]),
        ...(failures === null ? [] : [failuresKey(failures)]),
        ...tallyKeys,
      ]);
      const read = <T>(key: Item | null, parse: (item: Item) => T): T | null => {
        const item = key === null ? undefined : found.get(readText(key, 'pk'));
        return item === undefined ? null : parse(item);
      };
      return {
        pins: pinKeys.map((key) => read(key, parsePinItem)),
        price: read(price && priceKey(price), parsePriceItem),
        failures: read(failures && failuresKey(failures), parseFailuresItem),
        tallies: tallyKeys.map((key) => read(key, parseTallyItem) ?? 0n),
      };
    },
  };
}

/** No two keys that are asked for differ in their sort key alone. */
async function readItems({ client, tableName }: StoreTable, keys: readonly Item[]): Promise<ReadonlyMap<string, Item>> {
  const found = new Map<string, Item>();
  let pending: readonly Item[] = [...new Map(keys.map((key) => [readText(key, 'pk'), key])).values()];
  for (let attempt = 0; pending.length > 0; attempt += 1) {
    if (attempt === BATCH_READ_ATTEMPTS_MAX) throw new NotNow('what a rule remembers could not be read');
    if (attempt > 0) await wait(doublingWaitMs(attempt - 1, { minMs: BATCH_READ_WAIT_MIN_MS }));
    const output = await client.batchGetItem({ TableName: tableName, Keys: pending });
    for (const item of output.items) found.set(readText(item, 'pk'), item);
    pending = output.unprocessedKeys;
  }
  return found;
}

async function wait(ms: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
