import { randomBytes } from 'node:crypto';
import { DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll } from 'vitest';
import { BOOKS_TABLE_SHAPE, REGISTRY_TABLE_SHAPE } from '../../lib/ledger/dynamodb/store/tables.ts';
import { ANY_CREDENTIALS, createDatabaseClient, LOCAL_REGION } from '../../lib/local/database/client.ts';
import { startDatabase, type Database } from '../../lib/local/database/engine.ts';
import { createTables, toTableDefinition } from '../../lib/local/database/tables.ts';

export interface TestTables {
  readonly booksTable: string;
  readonly registryTable: string;
}

/** Valid from the first `beforeAll` on. */
export interface TestDatabase extends TestTables {
  readonly endpoint: string;
  /** A client of the tests' own; the code under test makes its clients from `environment`. */
  readonly client: DynamoDBClient;
  /**
   * What makes the SDK's default clients (`createStoreClient`) talk to it:
   * `Object.assign(process.env, database.environment)` in a `beforeAll` that is registered after `withDatabase()`.
   */
  readonly environment: Readonly<Record<string, string>>;
  /** Another pair of empty tables in the same database. */
  freshTables(): Promise<TestTables>;
}

/** An endpoint of DynamoDB Local or of AWS to test against instead; AWS takes the credentials of the environment. */
const ENDPOINT_VARIABLE = 'DDB_ENDPOINT';

/**
 * Gives a test file or a `describe` a database of its own, in memory, with empty tables named at random.
 * With `DDB_ENDPOINT` set it uses that database and deletes its tables at the end.
 */
export function withDatabase(): TestDatabase {
  let database: Database | undefined;
  let client: DynamoDBClient | undefined;
  let tables: TestTables | undefined;
  const made: string[] = [];
  const external = process.env[ENDPOINT_VARIABLE] || undefined;

  const freshTables = async (): Promise<TestTables> => {
    const suffix = randomBytes(6).toString('hex');
    const fresh = { booksTable: `Books-${suffix}`, registryTable: `Registry-${suffix}` };
    made.push(fresh.booksTable, fresh.registryTable);
    await createTables(started(client), [
      toTableDefinition(BOOKS_TABLE_SHAPE, fresh.booksTable),
      toTableDefinition(REGISTRY_TABLE_SHAPE, fresh.registryTable),
    ]);
    return fresh;
  };

  beforeAll(async () => {
    database =
      external === undefined
        ? await startDatabase({ dataDir: null, env: {} })
        : { endpoint: external, close: async () => {}, kill: async () => {} };
    client =
      external === undefined || process.env['AWS_ACCESS_KEY_ID'] === undefined
        ? createDatabaseClient(database.endpoint)
        : new DynamoDBClient({ endpoint: external });
    tables = await freshTables();
  });

  afterAll(async () => {
    if (external !== undefined) {
      for (const TableName of made) await client?.send(new DeleteTableCommand({ TableName }));
    }
    client?.destroy();
    await database?.close();
  });

  return {
    get endpoint() {
      return started(database).endpoint;
    },
    get client() {
      return started(client);
    },
    get environment() {
      return {
        AWS_ENDPOINT_URL_DYNAMODB: started(database).endpoint,
        AWS_REGION: process.env['AWS_REGION'] ?? LOCAL_REGION,
        AWS_ACCESS_KEY_ID: process.env['AWS_ACCESS_KEY_ID'] ?? ANY_CREDENTIALS.accessKeyId,
        AWS_SECRET_ACCESS_KEY: process.env['AWS_SECRET_ACCESS_KEY'] ?? ANY_CREDENTIALS.secretAccessKey,
      };
    },
    get booksTable() {
      return started(tables).booksTable;
    },
    get registryTable() {
      return started(tables).registryTable;
    },
    freshTables,
  };
}

function started<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the database is there from beforeAll on');
  return value;
}
