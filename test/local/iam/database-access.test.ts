import { expect, test } from 'vitest';
import { readAccess } from '../../../lib/local/iam/database-access.ts';

const TABLES = [
  {
    TableName: 'registry',
    AttributeDefinitions: [],
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' as const },
      { AttributeName: 'sk', KeyType: 'RANGE' as const },
    ],
  },
];
const KEY = { pk: { S: 'MGR#acme' }, sk: { S: 'MGR' } };

const attributesOf = (operation: string, input: object): readonly string[] | undefined =>
  readAccess(operation, { TableName: 'registry', ...input }, TABLES)?.[0]?.attributes;

test('an update names its key, what it sets, adds and removes, and what its condition asks for', () => {
  const attributes = attributesOf('UpdateItem', {
    Key: KEY,
    UpdateExpression:
      'SET #tags = :tags, revision = revision + :one, a = if_not_exists(b, list_append(c, :more)) REMOVE lk, d[1] ADD n :one',
    ConditionExpression:
      'attribute_not_exists (gone) AND (#status <> :deleted OR NOT size(e) BETWEEN :a AND :b) and f IN (:a, g)',
    ExpressionAttributeNames: { '#tags': 'tags', '#status': 'status' },
  });
  expect(attributes).toEqual([
    'a',
    'b',
    'c',
    'd',
    'e',
    'f',
    'g',
    'gone',
    'lk',
    'n',
    'pk',
    'revision',
    'sk',
    'status',
    'tags',
  ]);
});

test('a path counts as the attribute that it begins with', () => {
  const attributes = attributesOf('UpdateItem', {
    Key: KEY,
    UpdateExpression: 'SET jwt.#issuer = :issuer, tags.owner = :owner',
    ExpressionAttributeNames: { '#issuer': 'issuer' },
  });
  expect(attributes).toEqual(['jwt', 'pk', 'sk', 'tags']);
});

test('a put names every attribute of its item', () => {
  expect(attributesOf('PutItem', { Item: { ...KEY, jwt: { S: '{}' } } })).toEqual(['jwt', 'pk', 'sk']);
});

test('each part of a transaction names its own', () => {
  const accesses = readAccess(
    'TransactWriteItems',
    {
      TransactItems: [
        { Update: { TableName: 'registry', Key: KEY, UpdateExpression: 'ADD instruments :one' } },
        { ConditionCheck: { TableName: 'registry', Key: KEY, ConditionExpression: 'attribute_exists(jwt)' } },
      ],
    },
    TABLES,
  );
  expect(accesses).toMatchObject([
    { action: 'UpdateItem', leadingKeys: ['MGR#acme'], attributes: ['instruments', 'pk', 'sk'] },
    { action: 'ConditionCheckItem', leadingKeys: ['MGR#acme'], attributes: ['jwt', 'pk', 'sk'] },
  ]);
});

test('a read names none: its attributes are those that come back', () => {
  expect(attributesOf('GetItem', { Key: KEY })).toEqual([]);
});
