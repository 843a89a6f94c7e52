import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BOOKS_TABLE_SHAPE } from '../../../lib/ledger/dynamodb/store/tables.ts';
import { createDatabaseClient } from '../../../lib/local/database/client.ts';
import { startDatabase, type Database } from '../../../lib/local/database/engine.ts';
import { createTables, toTableDefinition } from '../../../lib/local/database/tables.ts';
import type { InvocationResult } from '../../../lib/local/runtime/runtime.ts';
import { createStreamDriver } from '../../../lib/local/triggers/stream-driver.ts';

let database: Database;
let client: DynamoDBClient;
const directory = mkdtempSync(join(tmpdir(), 'bursar-streams-'));
beforeAll(async () => {
  database = await startDatabase({ dataDir: null, env: {} });
  client = createDatabaseClient(database.endpoint);
});
afterAll(async () => {
  client.destroy();
  await database.close();
  rmSync(directory, { recursive: true });
});

interface Handed {
  readonly Records: readonly {
    readonly eventName: string;
    readonly dynamodb: { readonly NewImage: { n: { N: string } } };
  }[];
}

/** A driver of one table with a function that gives back its answers in turn. */
function drive(tableName: string, path: string | null, timers: 'running' | null = null) {
  const handed: string[][] = [];
  const first = Promise.withResolvers<void>();
  const driver = createStreamDriver({
    mappings: [
      {
        logicalId: 'Mapping',
        streamArn: 'arn',
        tableName,
        functionName: 'f',
        filters: [{ dynamodb: { NewImage: { n: { N: [{ 'anything-but': ['0'] }] } } } }],
        batchRecordsMax: 2,
        attemptsMax: 2,
        halvesFailedBatches: true,
        readsFailures: true,
      },
    ],
    databaseEndpoint: database.endpoint,
    region: 'us-east-1',
    path,
    invoke: async (_, event): Promise<InvocationResult> => {
      handed.push((event as Handed).Records.map(({ dynamodb }) => dynamodb.NewImage.n.N));
      first.resolve();
      return { status: 'succeeded', payload: null };
    },
    report: () => undefined,
    timers,
  });
  return { driver, handed, first: first.promise };
}

async function write(tableName: string, ...values: number[]): Promise<void> {
  for (const n of values) {
    await client.send(new PutItemCommand({ TableName: tableName, Item: { pk: { S: 'x' }, n: { N: String(n) } } }));
  }
}

const StreamSpecification = { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' } as const;
const definition = (name: string) => ({ ...toTableDefinition(BOOKS_TABLE_SHAPE, name), StreamSpecification });

test('hands over what passes the filters, in order, in batches, once', async () => {
  await createTables(client, [definition('Ordered')]);
  const { driver, handed } = drive('Ordered', null);
  await write('Ordered', 1, 0, 2, 3, 0);
  await driver.drain();
  await driver.drain();
  expect(handed).toEqual([['1', '2'], ['3']]);
  await driver.close();
});

test('goes on after a restart where it was, with what nobody took', async () => {
  const path = join(directory, 'streams.json');
  await createTables(client, [definition('Restarted')]);
  const first = drive('Restarted', path);
  await write('Restarted', 1, 2);
  await first.driver.drain();
  await first.driver.close();
  await write('Restarted', 3);
  const second = drive('Restarted', path);
  await second.driver.drain();
  expect([first.handed, second.handed]).toEqual([[['1', '2']], [['3']]]);
  await second.driver.close();
});

test('begins the stream of a table that an earlier release made without one', async () => {
  const { StreamSpecification: _, ...old } = definition('Upgraded');
  await createTables(client, [old]);
  await createTables(client, [definition('Upgraded')]);
  const { driver, handed } = drive('Upgraded', null);
  await write('Upgraded', 7);
  await driver.drain();
  expect(handed).toEqual([['7']]);
  await driver.close();
});

test('hands nothing over from a table without a stream', async () => {
  const { StreamSpecification: _, ...silent } = definition('Silent');
  await createTables(client, [silent]);
  const { driver, handed } = drive('Silent', null);
  await write('Silent', 7);
  await driver.drain();
  expect(handed).toEqual([]);
  await driver.close();
});

test('hears of writes, and hands over by itself what they changed', async () => {
  await createTables(client, [definition('Heard')]);
  const { driver, handed, first } = drive('Heard', null, 'running');
  await write('Heard', 1);
  driver.noteWrite();
  await first;
  await driver.close();
  expect(handed).toEqual([['1']]);
});
