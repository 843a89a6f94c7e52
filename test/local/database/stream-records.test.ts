import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, describe, expect, test } from 'vitest';
import { createDatabaseClient } from '../../../lib/local/database/client.ts';
import { startDatabase } from '../../../lib/local/database/engine.ts';
import { createTables } from '../../../lib/local/database/tables.ts';
import { readShards, type StreamChange } from '../../../lib/local/triggers/stream-reader.ts';

const scratch = mkdtempSync(join(tmpdir(), 'bursar-stream-records-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const DAY_SECONDS = 24 * 60 * 60;
const THINGS = {
  TableName: 'Things',
  AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' as const }],
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' as const }],
  StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' as const },
};

/** Starts the database in a directory, writes items there, and gives the changes that its stream then has. */
async function write(dataDir: string, keys: readonly string[]): Promise<readonly StreamChange[]> {
  const database = await startDatabase({ dataDir, env: {} });
  const client = createDatabaseClient(database.endpoint);
  try {
    await createTables(client, [THINGS]);
    for (const key of keys) await client.send(new PutItemCommand({ TableName: 'Things', Item: { pk: { S: key } } }));
    const [shard] = await readShards(database.endpoint, 'Things');
    return await shard!.read(null);
  } finally {
    client.destroy();
    await database.close();
  }
}

function within<T>(dataDir: string, work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(join(dataDir, 'tables.sqlite'));
  try {
    return work(database);
  } finally {
    database.close();
  }
}

const numbersOf = (changes: readonly StreamChange[]): readonly number[] =>
  changes.map(({ dynamodb }) => Number(dynamodb.SequenceNumber));

describe('the stream records of the embedded database', () => {
  test('are not all read to number a new one', async () => {
    const dataDir = join(scratch, 'numbered');
    await write(dataDir, ['one']);
    // The question as the database asks it at each write.
    const question =
      "SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1 FROM _stream_records WHERE table_name = 'Things'";
    const plan = within(dataDir, (database) => database.prepare(`EXPLAIN QUERY PLAN ${question}`).all());
    expect(plan.map(({ detail }) => detail)).toEqual([
      'SEARCH _stream_records USING COVERING INDEX bursar_stream_records_by_number (table_name=?)',
    ]);
  });

  test('go after a day, and the numbers go on', async () => {
    const dataDir = join(scratch, 'trimmed');
    expect(numbersOf(await write(dataDir, ['one', 'two', 'three']))).toEqual([1, 2, 3]);
    within(dataDir, (database) =>
      database.exec(`UPDATE _stream_records SET created_at = created_at - ${DAY_SECONDS + 1}`),
    );
    expect(numbersOf(await write(dataDir, ['four']))).toEqual([3, 4]);
  });

  test('stay for a day', async () => {
    const dataDir = join(scratch, 'kept');
    await write(dataDir, ['one', 'two']);
    expect(numbersOf(await write(dataDir, ['three']))).toEqual([1, 2, 3]);
  });
});
