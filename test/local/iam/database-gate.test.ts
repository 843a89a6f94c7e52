import {
  BatchGetItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAccessPolicies } from '../../../lib/local/iam/access-policies.ts';
import { createCredentialStore } from '../../../lib/local/iam/credentials.ts';
import { startDatabaseGate, type DatabaseGate } from '../../../lib/local/iam/database-gate.ts';
import { BOOKS_TABLE_SHAPE } from '../../../lib/ledger/dynamodb/store/tables.ts';
import { toTableDefinition } from '../../../lib/local/database/tables.ts';
import { withDatabase } from '../../support/database.ts';

const environment = { partition: 'aws', region: 'us-east-1', account: '000000000000' };
const database = withDatabase();
const credentials = createCredentialStore();
const problems: string[] = [];
let gate: DatabaseGate;
let client: DynamoDBClient;

beforeAll(async () => {
  const table = `arn:aws:dynamodb:us-east-1:000000000000:table/${database.booksTable}`;
  const document = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:PutItem'],
        Resource: table,
        Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['OPEN#*'] } },
      },
      { Effect: 'Allow', Action: 'dynamodb:Query', Resource: `${table}/index/by-user` },
    ],
  };
  const arn = 'arn:aws:iam::000000000000:role/Function';
  const roles = [{ name: 'Function', arn, logicalId: 'Function', policies: [{ name: 'items', document }] }];
  gate = await startDatabaseGate({
    databaseUrl: database.endpoint,
    tables: [toTableDefinition(BOOKS_TABLE_SHAPE, database.booksTable)],
    environment,
    credentials,
    accessPolicies: createAccessPolicies(roles, environment),
    report: (problem) => problems.push(problem),
  });
  client = connect();
});

afterAll(async () => {
  client.destroy();
  await gate.close();
});

function connect(region = 'us-east-1', endpoint = gate.endpoint): DynamoDBClient {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials.issue({ roleName: 'Function', sessionName: 's' });
  return new DynamoDBClient({
    endpoint,
    region,
    maxAttempts: 1,
    credentials: { accessKeyId, secretAccessKey, sessionToken: sessionToken! },
  });
}

const item = (pk: string): { TableName: string; Item: { pk: { S: string } } } => ({
  TableName: database.booksTable,
  Item: { pk: { S: pk } },
});
const denied = { name: 'AccessDeniedException' };

describe('a role', () => {
  test('reads back through the gate what it wrote through it', async () => {
    await client.send(new PutItemCommand(item('OPEN#1')));
    const { Item } = await client.send(
      new GetItemCommand({ TableName: database.booksTable, Key: { pk: { S: 'OPEN#1' } } }),
    );
    expect(Item).toEqual({ pk: { S: 'OPEN#1' } });
  });

  test('gets the database’s own refusals as they are', async () => {
    const put = new PutItemCommand({ ...item('OPEN#1'), ConditionExpression: 'attribute_not_exists(pk)' });
    await client.send(new PutItemCommand(item('OPEN#1')));
    await expect(client.send(put)).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
  });

  test('is refused items outside its keys, and nothing is written', async () => {
    await expect(client.send(new PutItemCommand(item('SHUT#1')))).rejects.toMatchObject(denied);
    const { Item } = await database.client.send(
      new GetItemCommand({ TableName: database.booksTable, Key: { pk: { S: 'SHUT#1' } } }),
    );
    expect(Item).toBeUndefined();
  });

  test('is refused a batch with one item outside its keys', async () => {
    const batch = (...keys: string[]): BatchGetItemCommand =>
      new BatchGetItemCommand({
        RequestItems: { [database.booksTable]: { Keys: keys.map((pk) => ({ pk: { S: pk } })) } },
      });
    await client.send(batch('OPEN#1', 'OPEN#2'));
    await expect(client.send(batch('OPEN#1', 'SHUT#1'))).rejects.toMatchObject(denied);
  });

  test('is refused a transaction with one part that it may not do', async () => {
    const write = (...parts: object[]): TransactWriteItemsCommand =>
      new TransactWriteItemsCommand({ TransactItems: parts });
    await client.send(write({ Put: item('OPEN#3') }));
    const { TableName, Item: Key } = item('OPEN#3');
    await expect(client.send(write({ Put: item('OPEN#4') }, { Delete: { TableName, Key } }))).rejects.toMatchObject(
      denied,
    );
  });

  test('is refused a transaction that checks what it may not look at', async () => {
    const { TableName, Item: Key } = item('OPEN#3');
    const check = { TableName, Key, ConditionExpression: 'attribute_exists(pk)' };
    const transaction = new TransactWriteItemsCommand({ TransactItems: [{ ConditionCheck: check }] });
    await expect(client.send(transaction)).rejects.toMatchObject(denied);
  });

  test.each([
    ['delete', () => new DeleteItemCommand({ TableName: database.booksTable, Key: { pk: { S: 'OPEN#1' } } })],
    ['another table', () => new PutItemCommand({ ...item('OPEN#1'), TableName: database.registryTable })],
    ['an operation that is not about items', () => new ListTablesCommand({})],
  ])('is refused %s', async (_, command) => {
    await expect(client.send(command() as PutItemCommand)).rejects.toMatchObject(denied);
  });

  test('is refused another index than its own', async () => {
    const query = (IndexName: string, key: string): QueryCommand =>
      new QueryCommand({
        TableName: database.booksTable,
        IndexName,
        KeyConditionExpression: '#k = :v',
        ExpressionAttributeNames: { '#k': key },
        ExpressionAttributeValues: { ':v': { S: 'x' } },
      });
    await client.send(query('by-user', 'lk'));
    await expect(client.send(query('by-visit', 'sh'))).rejects.toMatchObject(denied);
  });
});

test('refuses a signature for another region', async () => {
  const elsewhere = connect('eu-west-1');
  await expect(elsewhere.send(new PutItemCommand(item('OPEN#1')))).rejects.toMatchObject({
    name: 'InvalidSignatureException',
  });
  elsewhere.destroy();
});

test('refuses an unsigned request', async () => {
  const response = await fetch(gate.endpoint, { method: 'POST', body: '{}' });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ __type: expect.stringContaining('MissingAuthenticationToken') });
});

test('cuts the connection when the database is gone, which leaves the outcome unknown', async () => {
  const broken = await startDatabaseGate({
    databaseUrl: 'http://127.0.0.1:1',
    tables: [],
    environment,
    credentials,
    accessPolicies: { isAllowed: () => Promise.resolve(true) },
    report: (problem) => problems.push(problem),
  });
  const lost = connect('us-east-1', broken.endpoint);
  await expect(lost.send(new PutItemCommand(item('OPEN#1')))).rejects.toMatchObject({
    code: 'ECONNRESET',
  });
  expect(problems.at(-1)).toContain('ECONNREFUSED');
  lost.destroy();
  await broken.close();
});
