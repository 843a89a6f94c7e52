import { StoreRefused, type GetItemInput, type Item, type StoreClient } from './client.ts';

/** DynamoDB's own limit of a batch. */
const KEYS_MAX = 100;

interface Read {
  readonly input: GetItemInput;
  readonly answer: (item: Item | null | Promise<Item | null>) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * The same store, but that consistent reads by key which are asked for in one turn of the event loop go out as one request. Each
 * is answered, or fails, as it would alone: what DynamoDB leaves out of its answer for lack of capacity, and all of a request that
 * it refuses, is asked for again one by one. Reads that may be stale, and one that comes alone, are sent as they are.
 */
export function withJointReads(client: StoreClient): StoreClient {
  let waiting: Read[] = [];
  const send = () => {
    const reads = waiting;
    waiting = [];
    void readAll(client, reads);
  };
  return {
    ...client,
    getItem: (input) =>
      input.ConsistentRead === true
        ? new Promise((answer, fail) => {
            const count = waiting.push({ input, answer, fail });
            // After all that is ready to run, so that reads behind a few awaits come along.
            if (count === 1) process.nextTick(send);
            if (count === KEYS_MAX) send();
          })
        : client.getItem(input),
  };
}

async function readAll(client: StoreClient, reads: readonly Read[]): Promise<void> {
  if (reads.length < 2) {
    for (const { input, answer } of reads) answer(client.getItem(input));
    return;
  }
  // By table, and in it by the text of a key: DynamoDB refuses a batch that names a key twice.
  const asked = new Map<string, Map<string, Item>>();
  for (const { TableName, Key } of reads.map(({ input }) => input)) {
    const keys = asked.get(TableName) ?? new Map<string, Item>();
    asked.set(TableName, keys.set(formatKey(Key, Key), Key));
  }
  try {
    const answers = await client.batchGetItems(
      [...asked].map(([TableName, keys]) => ({ TableName, Keys: [...keys.values()], ConsistentRead: true })),
    );
    const tables = [...asked.keys()];
    for (const { input, answer } of reads) {
      const { items, unprocessedKeys } = answers[tables.indexOf(input.TableName)]!;
      const key = formatKey(input.Key, input.Key);
      const isAsked = (item: Item) => formatKey(item, input.Key) === key;
      const found = items.find(isAsked) ?? null;
      answer(found === null && unprocessedKeys.some(isAsked) ? client.getItem(input) : found);
    }
  } catch (error) {
    // A refusal is of the request as a whole, and says of none of the reads that it would be refused.
    const isRefused = error instanceof StoreRefused;
    for (const { input, answer, fail } of reads) {
      if (isRefused) answer(client.getItem(input));
      else fail(error);
    }
  }
}

/** What an item has under a key's names. Its parts are texts, and what stands before the last one is as long as it says. */
function formatKey(item: Item, key: Item): string {
  let text = '';
  for (const name in key) {
    const part = item[name]?.S;
    text += `${part?.length},${part}`;
  }
  return text;
}
