import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetItemCommand, ListTablesCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, describe, expect, test } from 'vitest';
import { BOOKS_TABLE_SHAPE, REGISTRY_TABLE_SHAPE } from '../../../lib/ledger/dynamodb/store/tables.ts';
import { createDatabaseClient } from '../../../lib/local/database/client.ts';
import { findBinary, startDatabase } from '../../../lib/local/database/engine.ts';
import { createTables, toTableDefinition } from '../../../lib/local/database/tables.ts';
import { withDatabase } from '../../support/database.ts';
import { close, listen } from '../../../lib/local/loopback/server.ts';

const ENGINE = new URL('../../../lib/local/database/engine.ts', import.meta.url).href;
const KILLED_AFTER_WRITES = 300;
const scratch = mkdtempSync(join(tmpdir(), 'bursar-database-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('the embedded database', () => {
  test.each(['close', 'kill'] as const)('keeps what was written before %s', async (end) => {
    const dataDir = join(scratch, end);
    const definition = toTableDefinition(BOOKS_TABLE_SHAPE, 'Books');
    const key = { pk: { S: 'one' } };

    const first = await startDatabase({ dataDir, env: {} });
    const writer = createDatabaseClient(first.endpoint);
    await createTables(writer, [definition]);
    await writer.send(new PutItemCommand({ TableName: 'Books', Item: key }));
    await first[end]();
    writer.destroy();

    const second = await startDatabase({ dataDir, env: {} });
    const reader = createDatabaseClient(second.endpoint);
    await createTables(reader, [definition]);
    const { Item } = await reader.send(new GetItemCommand({ TableName: 'Books', Key: key, ConsistentRead: true }));
    reader.destroy();
    await second.close();
    expect(Item).toEqual(key);
  });

  test('keeps every write that was answered when it is killed in the midst of writing', async () => {
    const dataDir = join(scratch, 'killed');
    const first = await startDatabase({ dataDir, env: {} });
    const writer = createDatabaseClient(first.endpoint);
    await createTables(writer, [toTableDefinition(BOOKS_TABLE_SHAPE, 'Books')]);
    const answered: string[] = [];
    const write = async (name: string): Promise<void> => {
      for (let turn = 0; ; turn += 1) {
        const key = `${name}-${turn}`;
        await writer.send(new PutItemCommand({ TableName: 'Books', Item: { pk: { S: key } } }));
        answered.push(key);
        if (answered.length === KILLED_AFTER_WRITES) void first.kill();
      }
    };
    const ends = await Promise.allSettled(Array.from({ length: 8 }, (_, index) => write(`writer${index}`)));
    writer.destroy();
    expect(ends.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 'rejected'));

    const second = await startDatabase({ dataDir, env: {} });
    const reader = createDatabaseClient(second.endpoint);
    const lost: string[] = [];
    for (const key of answered) {
      const { Item } = await reader.send(new GetItemCommand({ TableName: 'Books', Key: { pk: { S: key } } }));
      if (Item === undefined) lost.push(key);
    }
    reader.destroy();
    await second.close();
    expect(answered.length).toBeGreaterThanOrEqual(KILLED_AFTER_WRITES);
    expect(lost).toEqual([]);
  });

  test('forgets everything without a data directory', async () => {
    const first = await startDatabase({ dataDir: null, env: {} });
    const writer = createDatabaseClient(first.endpoint);
    await createTables(writer, [toTableDefinition(REGISTRY_TABLE_SHAPE, 'Registry')]);
    await first.close();
    writer.destroy();

    const second = await startDatabase({ dataDir: null, env: {} });
    const reader = createDatabaseClient(second.endpoint);
    const { TableNames } = await reader.send(new ListTablesCommand({}));
    reader.destroy();
    await second.close();
    expect(TableNames).toEqual([]);
  });

  test('is gone after close', async () => {
    const database = await startDatabase({ dataDir: null, env: {} });
    await database.close();
    await expect(fetch(database.endpoint)).rejects.toThrow('fetch failed');
  });

  test('ends when the process that started it is killed', async () => {
    const program = `
      const { startDatabase } = await import(${JSON.stringify(ENGINE)});
      const { endpoint } = await startDatabase({ dataDir: null, env: {} });
      process.stdout.write(endpoint);`;
    const starter = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [endpoint] = (await once(starter.stdout, 'data')) as [Buffer];
    const connection = connect(Number(new URL(String(endpoint)).port), '127.0.0.1');
    await once(connection, 'connect');
    starter.kill('SIGKILL');
    // Cut with a reset or without: the one is told as an error first.
    await new Promise((resolve) => connection.once('error', resolve).once('close', resolve));
    // It drops its connections before it stops to listen.
    const isUp = () => fetch(String(endpoint)).then(Boolean, () => false);
    await expect.poll(isUp, { timeout: 60_000 }).toBe(false);
  });

  test('refuses a port that is taken', async () => {
    const squatter = createServer();
    const port = await listen(squatter, 0);
    await expect(startDatabase({ dataDir: null, port, env: {} })).rejects.toThrow(`port ${port} is already in use`);
    await close(squatter);
  });

  test('is replaced by the one that DYNAMODB_ENDPOINT names', async () => {
    const endpoint = 'http://127.0.0.1:8000';
    const database = await startDatabase({ dataDir: null, env: { DYNAMODB_ENDPOINT: endpoint } });
    expect(database.endpoint).toBe(endpoint);
    await database.close();
  });

  test('refuses a platform without a binary and says what to set', () => {
    expect(() => findBinary('sunos-x64')).toThrow(/no embedded database for sunos-x64.*DYNAMODB_ENDPOINT/);
  });
});

describe('tables', () => {
  const database = withDatabase();

  test('have the keys and indexes of their shapes', async () => {
    await createTables(database.client, [
      toTableDefinition(BOOKS_TABLE_SHAPE, database.booksTable),
      toTableDefinition(REGISTRY_TABLE_SHAPE, database.registryTable),
    ]);
  });

  test('refuse to be taken for tables with other keys', async () => {
    const other = toTableDefinition(REGISTRY_TABLE_SHAPE, database.booksTable);
    await expect(createTables(database.client, [other])).rejects.toThrow(
      `table ${database.booksTable} exists with other keys: expected pk+sk by-list(lk+ls), found pk by-user(lk+ls) by-visit(sh+sv)`,
    );
  });

  test('are fresh when asked for again', async () => {
    const fresh = await database.freshTables();
    expect(fresh.booksTable).not.toBe(database.booksTable);
    const { TableNames } = await database.client.send(new ListTablesCommand({}));
    expect(TableNames).toContain(fresh.registryTable);
  });
});
