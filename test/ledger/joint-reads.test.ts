import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { OutcomeUnknown } from '../../lib/domain/ports/services.ts';
import {
  StoreRefused,
  type BatchGetItemInput,
  type Item,
  type StoreClient,
} from '../../lib/ledger/dynamodb/store/client.ts';
import { withJointReads } from '../../lib/ledger/dynamodb/store/joint-reads.ts';
import { withDatabase } from '../support/database.ts';
import { startStoreHop, type StoreHop } from '../support/store-hop.ts';
import { TRANSPORTS, type StoreTransport } from '../support/transports.ts';

const database = withDatabase();
const READS_MAX = 100;

describe.each(TRANSPORTS)('reads of one moment through %s', (_name, open) => {
  let hop: StoreHop;
  let transport: StoreTransport;
  let client: StoreClient;
  beforeAll(async () => {
    hop = await startStoreHop(database.endpoint);
    const env = { ...database.environment, AWS_ENDPOINT_URL_DYNAMODB: hop.endpoint };
    transport = open(env, { maxAttempts: 2, timeoutMs: 20_000 });
    const put = (TableName: string, item: Item) => transport.client.putItem({ TableName, Item: item });
    for (const item of [book('a'), book('b')]) await put(database.booksTable, item);
    for (const item of [entry('a', 'x'), entry('a', 'y')]) await put(database.registryTable, item);
  });
  afterAll(async () => {
    transport.close();
    await hop.close();
  });
  beforeEach(() => {
    hop.setFaults(null);
    hop.forget();
    client = withJointReads(transport.client);
  });

  const book = (pk: string): Item => ({ pk: { S: pk }, of: { S: `book ${pk}` } });
  const entry = (pk: string, sk: string): Item => ({ pk: { S: pk }, sk: { S: sk }, of: { S: `entry ${pk} ${sk}` } });
  const readBook = (pk: string, of = client) =>
    of.getItem({ TableName: database.booksTable, Key: { pk: { S: pk } }, ConsistentRead: true });
  const readEntry = (pk: string, sk: string) =>
    client.getItem({ TableName: database.registryTable, Key: { pk: { S: pk }, sk: { S: sk } }, ConsistentRead: true });
  const operations = () => hop.calls.map(({ operation }) => operation);
  const tablesAsked = () => hop.calls[0]!.body['RequestItems'] as Record<string, Omit<BatchGetItemInput, 'TableName'>>;

  test('go out as one request for both tables, consistent in each, and each gets its own item', async () => {
    const read = await Promise.all([
      readBook('b'),
      readEntry('a', 'y'),
      readBook('none'),
      readBook('a'),
      readEntry('a', 'x'),
      readEntry('b', 'x'),
    ]);
    expect(read).toEqual([book('b'), entry('a', 'y'), null, book('a'), entry('a', 'x'), null]);
    expect(operations()).toEqual(['BatchGetItem']);
    const asked = tablesAsked();
    expect(Object.keys(asked).toSorted()).toEqual([database.booksTable, database.registryTable].toSorted());
    expect(Object.values(asked).map(({ ConsistentRead }) => ConsistentRead)).toEqual([true, true]);
  });

  test('cost the units that they cost alone', async () => {
    await Promise.all([readBook('a'), readBook('none'), readEntry('a', 'x')]);
    const together = hop.calls[0]!.units;
    hop.forget();
    await readBook('a');
    await readBook('none');
    await readEntry('a', 'x');
    expect(operations()).toEqual(['GetItem', 'GetItem', 'GetItem']);
    expect(together).toBe(hop.calls.reduce((sum, { units }) => sum + units, 0));
    expect(together).toBe(3);
  });

  test('come along where they follow others within a turn, and not a turn later', async () => {
    const late = async (turns: number) => {
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      return readBook('a');
    };
    await Promise.all([late(0), late(1), late(5)]);
    expect(operations()).toEqual(['BatchGetItem']);
    hop.forget();
    const first = readBook('a');
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([first, readBook('b')]);
    expect(operations()).toEqual(['GetItem', 'GetItem']);
  });

  test('ask for a key once, however many want it', async () => {
    expect(await Promise.all([readBook('a'), readBook('a'), readBook('b')])).toEqual([book('a'), book('a'), book('b')]);
    expect(tablesAsked()[database.booksTable]!.Keys).toHaveLength(2);
  });

  test('do not hold back what may be stale, nor what comes alone', async () => {
    const stale = client.getItem({ TableName: database.booksTable, Key: { pk: { S: 'a' } } });
    expect(await Promise.all([stale, readBook('b')])).toEqual([book('a'), book('b')]);
    expect(operations()).toEqual(['GetItem', 'GetItem']);
    expect(new Set(hop.calls.map(({ body }) => body['ConsistentRead']))).toEqual(new Set([undefined, true]));
  });

  test(`are at most ${READS_MAX} in a request, which DynamoDB takes`, async () => {
    const keys = Array.from({ length: READS_MAX + 3 }, (_, at) => `many-${at}`);
    expect(await Promise.all([...keys, 'a'].map((pk) => readBook(pk)))).toEqual([...keys.map(() => null), book('a')]);
    expect(operations()).toEqual(['BatchGetItem', 'BatchGetItem']);
  });

  test('fail all together where the answer is lost, again and again, and not before it was asked for twice', async () => {
    hop.setFaults(() => 'lose_reply');
    const failures = await Promise.allSettled([readBook('a'), readBook('none')]);
    expect(failures.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    for (const failure of failures) expect(failure).toMatchObject({ reason: expect.any(OutcomeUnknown) });
    expect(operations()).toEqual(['BatchGetItem', 'BatchGetItem']);
    hop.setFaults((call) => (call === hop.calls[2] ? 'lose_request' : null));
    expect(await Promise.all([readBook('a'), readBook('none')])).toEqual([book('a'), null]);
  });

  test('throttled as a whole fail as one that is throttled alone does', async () => {
    hop.setFaults(() => 'throttle');
    const alone: unknown = await readBook('a', transport.client).catch((error: unknown) => error);
    const together = await Promise.allSettled([readBook('a'), readBook('b')]);
    expect(alone).toBeInstanceOf(Error);
    for (const each of together) {
      expect(each).toMatchObject({ status: 'rejected', reason: expect.any((alone as Error).constructor) });
    }
  });

  test('that the database refuses are asked for one by one, so that only the refused one fails', async () => {
    const wrong = client.getItem({ TableName: 'none', Key: { pk: { S: 'a' } }, ConsistentRead: true });
    const [right, refused] = await Promise.allSettled([readBook('a'), wrong]);
    expect(right).toEqual({ status: 'fulfilled', value: book('a') });
    expect(refused).toMatchObject({ status: 'rejected', reason: expect.any(StoreRefused) });
    expect(operations()).toEqual(['BatchGetItem', 'GetItem', 'GetItem']);
  });

  /** Leaves keys unread as DynamoDB does where a partition has no capacity left. */
  const leaving = (unread: readonly string[]): StoreClient => ({
    ...transport.client,
    batchGetItems: async (parts) => {
      const isUnread = (key: Item) => unread.includes(key['pk']!.S!);
      const reduced = parts.map((part) => ({ ...part, Keys: part.Keys.filter((key) => !isUnread(key)) }));
      const asked = reduced.filter(({ Keys }) => Keys.length > 0);
      const answers = asked.length === 0 ? [] : await transport.client.batchGetItems(asked);
      return parts.map(({ TableName, Keys }) => ({
        items: answers[asked.findIndex((part) => part.TableName === TableName)]?.items ?? [],
        unprocessedKeys: Keys.filter(isUnread),
      }));
    },
  });

  test('that were left unread are no missing items: they are asked for alone, consistent', async () => {
    client = withJointReads(leaving(['a']));
    expect(await Promise.all([readBook('a'), readBook('b'), readBook('none'), readEntry('a', 'x')])).toEqual([
      book('a'),
      book('b'),
      null,
      entry('a', 'x'),
    ]);
    expect(hop.calls.map(({ operation, body }) => [operation, body['ConsistentRead']])).toEqual([
      ['BatchGetItem', undefined],
      ['GetItem', true],
      ['GetItem', true],
    ]);
  });

  test('that were left unread fail as they do alone, and take no other with them', async () => {
    client = withJointReads(leaving(['a']));
    hop.setFaults(({ operation }) => (operation === 'GetItem' ? 'throttle' : null));
    const alone: unknown = await readBook('a', transport.client).catch((error: unknown) => error);
    const [unread, read] = await Promise.allSettled([readBook('a'), readBook('b')]);
    expect(unread).toMatchObject({ status: 'rejected', reason: expect.any((alone as Error).constructor) });
    expect(unread).toMatchObject({ reason: { message: (alone as Error).message } });
    expect(read).toEqual({ status: 'fulfilled', value: book('b') });
  });
});
