import {
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
  type TransactWriteItem,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAccessPolicies } from '../../../lib/local/iam/access-policies.ts';
import { createCredentialStore } from '../../../lib/local/iam/credentials.ts';
import { startDatabaseGate, type DatabaseGate } from '../../../lib/local/iam/database-gate.ts';
import { REGISTRY_TABLE_SHAPE } from '../../../lib/ledger/dynamodb/store/tables.ts';
import { toTableDefinition } from '../../../lib/local/database/tables.ts';
import { withDatabase } from '../../support/database.ts';

const environment = { partition: 'aws', region: 'us-east-1', account: '000000000000' };
const database = withDatabase();
let gate: DatabaseGate;
let client: DynamoDBClient;

/** Each action on items of its own, so that a part that is judged by another one's action or key is refused. */
const KEY_OF_ACTION = { PutItem: 'PUT', UpdateItem: 'SET', DeleteItem: 'DROP', ConditionCheckItem: 'SEEN' };

beforeAll(async () => {
  const table = `arn:aws:dynamodb:us-east-1:000000000000:table/${database.registryTable}`;
  const statements = Object.entries(KEY_OF_ACTION).map(([action, key]) => ({
    Effect: 'Allow',
    Action: `dynamodb:${action}`,
    Resource: table,
    Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [`${key}#*`] } },
  }));
  const document = { Version: '2012-10-17', Statement: statements };
  const arn = 'arn:aws:iam::000000000000:role/Function';
  const roles = [{ name: 'Function', arn, logicalId: 'Function', policies: [{ name: 'items', document }] }];
  const credentials = createCredentialStore();
  gate = await startDatabaseGate({
    databaseUrl: database.endpoint,
    tables: [toTableDefinition(REGISTRY_TABLE_SHAPE, database.registryTable)],
    environment,
    credentials,
    accessPolicies: createAccessPolicies(roles, environment),
    report: () => {},
  });
  const { accessKeyId, secretAccessKey, sessionToken } = credentials.issue({ roleName: 'Function', sessionName: 's' });
  client = new DynamoDBClient({
    endpoint: gate.endpoint,
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: { accessKeyId, secretAccessKey, sessionToken: sessionToken! },
  });
});

afterAll(async () => {
  client.destroy();
  await gate.close();
});

const at = (pk: string) => ({ pk: { S: pk }, sk: { S: 'x' } });
const inTable = () => ({ TableName: database.registryTable });

const parts: Readonly<Record<keyof typeof KEY_OF_ACTION, (pk: string) => TransactWriteItem>> = {
  PutItem: (pk) => ({ Put: { ...inTable(), Item: at(pk) } }),
  UpdateItem: (pk) => ({
    Update: {
      ...inTable(),
      Key: at(pk),
      UpdateExpression: 'SET a = :a',
      ExpressionAttributeValues: { ':a': { S: 'a' } },
    },
  }),
  DeleteItem: (pk) => ({ Delete: { ...inTable(), Key: at(pk) } }),
  ConditionCheckItem: (pk) => ({
    ConditionCheck: { ...inTable(), Key: at(pk), ConditionExpression: 'attribute_not_exists(gone)' },
  }),
};

const write = (...TransactItems: TransactWriteItem[]) => client.send(new TransactWriteItemsCommand({ TransactItems }));

/** Asked of the database itself. */
async function exists(pk: string): Promise<boolean> {
  const { Item } = await database.client.send(new GetItemCommand({ ...inTable(), Key: at(pk) }));
  return Item !== undefined;
}

describe('a transaction', () => {
  test('does all that its parts may do', async () => {
    await database.client.send(new PutItemCommand({ ...inTable(), Item: at('DROP#all') }));
    const { PutItem, UpdateItem, DeleteItem, ConditionCheckItem } = parts;
    await write(PutItem('PUT#all'), UpdateItem('SET#all'), DeleteItem('DROP#all'), ConditionCheckItem('SEEN#all'));
    expect([await exists('PUT#all'), await exists('SET#all'), await exists('DROP#all')]).toEqual([true, true, false]);
  });

  test.each(Object.keys(KEY_OF_ACTION) as (keyof typeof KEY_OF_ACTION)[])(
    'is refused as a whole for one %s outside its keys, wherever that stands',
    async (action) => {
      const allowed = parts.PutItem(`PUT#beside-${action}`);
      const own = KEY_OF_ACTION[action];
      for (const key of Object.values(KEY_OF_ACTION).filter((other) => other !== own)) {
        const forbidden = parts[action](`${key}#other`);
        for (const order of [
          [allowed, forbidden],
          [forbidden, allowed],
        ]) {
          await expect(write(...order)).rejects.toMatchObject({
            name: 'AccessDeniedException',
            message: expect.stringContaining(`dynamodb:${action} on resource`),
          });
        }
      }
      expect(await exists(`PUT#beside-${action}`)).toBe(false);
    },
  );

  test('is refused for a part in another table', async () => {
    const elsewhere = { Put: { TableName: database.booksTable, Item: { pk: { S: 'PUT#1' } } } };
    await expect(write(parts.PutItem('PUT#1'), elsewhere)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect(await exists('PUT#1')).toBe(false);
  });
});

test('a role deletes the items that it may delete and no others', async () => {
  for (const pk of ['DROP#1', 'PUT#2']) {
    await database.client.send(new PutItemCommand({ ...inTable(), Item: at(pk) }));
  }
  await client.send(new DeleteItemCommand({ ...inTable(), Key: at('DROP#1') }));
  const other = client.send(new DeleteItemCommand({ ...inTable(), Key: at('PUT#2') }));
  await expect(other).rejects.toMatchObject({ name: 'AccessDeniedException' });
  expect([await exists('DROP#1'), await exists('PUT#2')]).toEqual([false, true]);
});
