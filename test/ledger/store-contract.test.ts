import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StoreRefused, WriteConflict, type Item, type StoreClient } from '../../lib/ledger/dynamodb/store/client.ts';
import { BY_LIST_INDEX } from '../../lib/ledger/dynamodb/store/tables.ts';
import { withDatabase } from '../support/database.ts';
import { TRANSPORTS, type StoreTransport } from '../support/transports.ts';

const database = withDatabase();

/** One value of each kind that the store may ever hold, and some that are hard to carry. */
const EVERYTHING: Item = {
  text: { S: 'ünïcode 💸 "quoted" \\ \u0000 end' },
  empty: { S: '' },
  number: { N: '12345678901234567890123456789012345678' },
  negative: { N: '-1' },
  bytes: { B: Uint8Array.from([0, 1, 254, 255]) },
  list: { L: [{ S: 'a' }, { B: Uint8Array.from([7]) }, { L: [] }, { M: { x: { N: '1' } } }] },
  map: { M: { inner: { M: { bytes: { B: Uint8Array.from([9]) } } }, B: { S: 'an attribute named B' } } },
  none: { NULL: true },
  yes: { BOOL: true },
  no: { BOOL: false },
  texts: { SS: ['a', 'b'] },
  byteses: { BS: [Uint8Array.from([1])] },
};

describe.each(TRANSPORTS)('the store through %s', (_name, open) => {
  let transport: StoreTransport;
  let client: StoreClient;
  let TableName: string;
  beforeAll(async () => {
    TableName = (await database.freshTables()).registryTable;
    transport = open(database.environment, { maxAttempts: 1, timeoutMs: 20_000 });
    client = transport.client;
  });
  afterAll(() => transport.close());

  const keyOf = (pk: string, sk = 'x'): Item => ({ pk: { S: pk }, sk: { S: sk } });
  const read = (pk: string, sk?: string) => client.getItem({ TableName, Key: keyOf(pk, sk), ConsistentRead: true });

  test('reads what was put, of every kind, and null where there is nothing', async () => {
    expect(await read('missing')).toBeNull();
    const item = { ...keyOf('everything'), ...EVERYTHING };
    expect(await client.putItem({ TableName, Item: item })).toEqual({ kind: 'applied', item: null });
    const found = await read('everything');
    expect(found).toEqual(item);
    expect(Buffer.from(found!['bytes']!.B!).toString('hex')).toBe('0001feff');
  });

  test('shows the item that a failed condition saw, if asked for it', async () => {
    const item = { ...keyOf('held'), bytes: { B: Uint8Array.from([1]) } };
    const put = { TableName, Item: item, ConditionExpression: 'attribute_not_exists(pk)' } as const;
    expect(await client.putItem(put)).toEqual({ kind: 'applied', item: null });
    expect(await client.putItem(put)).toEqual({ kind: 'refused', item: null });
    expect(await client.putItem({ ...put, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' })).toEqual({
      kind: 'refused',
      item,
    });
    const update = {
      TableName,
      Key: keyOf('nobody'),
      UpdateExpression: 'SET a = :a',
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeValues: { ':a': { N: '1' } },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    } as const;
    expect(await client.updateItem(update)).toEqual({ kind: 'refused', item: null });
  });

  test('answers an update with as much of the item as was asked for', async () => {
    await client.putItem({ TableName, Item: { ...keyOf('count'), kept: { S: 'k' } } });
    const update = (ReturnValues: 'NONE' | 'ALL_NEW' | 'UPDATED_NEW') =>
      client.updateItem({
        TableName,
        Key: keyOf('count'),
        UpdateExpression: 'ADD #n :one',
        ExpressionAttributeNames: { '#n': 'count' },
        ExpressionAttributeValues: { ':one': { N: '1' } },
        ReturnValues,
      });
    expect(await update('NONE')).toEqual({ kind: 'applied', item: null });
    expect(await update('UPDATED_NEW')).toEqual({ kind: 'applied', item: { count: { N: '2' } } });
    expect(await update('ALL_NEW')).toEqual({
      kind: 'applied',
      item: { ...keyOf('count'), kept: { S: 'k' }, count: { N: '3' } },
    });
  });

  test('gives a deleted item once', async () => {
    const item = { ...keyOf('once'), word: { S: 'w' } };
    await client.putItem({ TableName, Item: item });
    const remove = () => client.deleteItem({ TableName, Key: keyOf('once'), ReturnValues: 'ALL_OLD' });
    expect(await remove()).toEqual({ kind: 'applied', item });
    expect(await remove()).toEqual({ kind: 'applied', item: null });
  });

  test('reads a partition page by page, forwards and back, filtered, and through an index', async () => {
    for (const sk of ['a', 'b', 'c', 'd', 'e']) {
      const place = { lk: { S: 'contract-list' }, ls: { S: sk } };
      await client.putItem({ TableName, Item: { ...keyOf('pages', sk), ...place, odd: { BOOL: 'ace'.includes(sk) } } });
    }
    const query = {
      TableName,
      KeyConditionExpression: 'pk = :p',
      ExpressionAttributeValues: { ':p': { S: 'pages' } },
      ConsistentRead: true,
    } as const;
    const sorts = ({ items }: { readonly items: readonly Item[] }) => items.map(({ sk }) => sk?.S).join('');
    const first = await client.query({ ...query, Limit: 3 });
    expect([sorts(first), first.lastKey]).toEqual(['abc', keyOf('pages', 'c')]);
    const second = await client.query({ ...query, Limit: 3, ExclusiveStartKey: first.lastKey! });
    expect([sorts(second), second.lastKey]).toEqual(['de', null]);
    expect(sorts(await client.query({ ...query, ScanIndexForward: false }))).toBe('edcba');
    const values = { ...query.ExpressionAttributeValues, ':yes': { BOOL: true } } as const;
    const filtered = { ...query, FilterExpression: 'odd = :yes', ExpressionAttributeValues: values };
    expect(sorts(await client.query(filtered))).toBe('ace');
    const listed = await client.query({
      TableName,
      IndexName: BY_LIST_INDEX,
      KeyConditionExpression: 'lk = :l',
      ExpressionAttributeValues: { ':l': { S: 'contract-list' } },
    });
    expect(sorts(listed)).toBe('abcde');
  });

  test('reads a batch of keys, those that exist', async () => {
    for (const pk of ['one', 'two']) await client.putItem({ TableName, Item: { ...keyOf(pk), ...EVERYTHING } });
    const Keys = ['one', 'none', 'two'].map((pk) => keyOf(pk));
    const { items, unprocessedKeys } = await client.batchGetItem({ TableName, Keys, ConsistentRead: true });
    expect(items.map(({ pk }) => pk?.S).toSorted()).toEqual(['one', 'two']);
    expect(items[0]).toMatchObject(EVERYTHING);
    expect(unprocessedKeys).toEqual([]);
  });

  test('reads a batch of keys of several tables, and answers for each table by itself', async () => {
    const { registryTable: other } = await database.freshTables();
    await client.putItem({ TableName, Item: { ...keyOf('here'), ...EVERYTHING } });
    await client.putItem({ TableName: other, Item: keyOf('there') });
    const Keys = ['here', 'there'].map((pk) => keyOf(pk));
    const answers = await client.batchGetItems([
      { TableName: other, Keys, ConsistentRead: true },
      { TableName, Keys, ConsistentRead: true },
    ]);
    expect(answers).toEqual([
      { items: [keyOf('there')], unprocessedKeys: [] },
      { items: [{ ...keyOf('here'), ...EVERYTHING }], unprocessedKeys: [] },
    ]);
  });

  test('writes all parts of a transaction or none, and says what was in the way', async () => {
    const held = { ...keyOf('t-held'), bytes: { B: Uint8Array.from([3]) } };
    await client.putItem({ TableName, Item: held });
    const parts = (pk: string) =>
      [
        { Put: { TableName, Item: keyOf(pk), ConditionExpression: 'attribute_not_exists(pk)' } },
        {
          Update: {
            TableName,
            Key: keyOf('t-held'),
            UpdateExpression: 'SET #x = :x',
            ConditionExpression: 'attribute_not_exists(pk)',
            ExpressionAttributeNames: { '#x': 'x' },
            ExpressionAttributeValues: { ':x': { N: '1' } },
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          },
        },
        { Delete: { TableName, Key: keyOf('t-gone') } },
      ] as const;
    expect(await client.transactWriteItems({ TransactItems: parts('t-new') })).toEqual({
      kind: 'cancelled',
      reasons: [
        { code: 'None', item: null },
        { code: 'ConditionalCheckFailed', item: held },
        { code: 'None', item: null },
      ],
    });
    expect(await read('t-new')).toBeNull();
    const [put, , gone] = parts('t-new');
    const TransactItems = [put, gone];
    expect(await client.transactWriteItems({ TransactItems })).toEqual({ kind: 'applied' });
    expect(await read('t-new')).toEqual(keyOf('t-new'));
  });

  test.each([
    ['a bug', () => client.getItem({ TableName, Key: { pk: { S: 'x' } } }), 'ValidationException'],
    ['a missing table', () => client.getItem({ TableName: 'none', Key: keyOf('x') }), 'ResourceNotFoundException'],
    [
      'an expression that makes no sense',
      () => client.updateItem({ TableName, Key: keyOf('x'), UpdateExpression: 'SET' }),
      'ValidationException',
    ],
  ])('refuses %s by name, which is no conflict', async (_what, call, code) => {
    const failure: unknown = await call().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StoreRefused);
    expect(failure).not.toBeInstanceOf(WriteConflict);
    expect(failure).toMatchObject({ name: code, code, message: expect.stringMatching(/./) });
  });
});
