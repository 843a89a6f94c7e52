import { randomBytes, randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { BOOKS_TABLE_SHAPE } from '../lib/ledger/dynamodb/store/tables.ts';
import { toStoreClient } from '../lib/ledger/dynamodb/store/sdk-client.ts';
import { createDatabaseClient } from '../lib/local/database/client.ts';
import { startDatabase } from '../lib/local/database/engine.ts';
import { createTables, toTableDefinition } from '../lib/local/database/tables.ts';
import { compareRandomly } from '../test/support/differential/compare.ts';
import { createDraw } from './nemesis/plan.ts';

const USAGE = `usage: npm run differential -- [--operations N] [--seed S]

Sends the same random operations to the model of the books and to the ledger on the embedded database, and compares every
answer.

  --operations N  how many (default 10000)
  --seed S        repeats an earlier run`;

const SEED_MAX = 2 ** 31;

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '10000' },
    seed: { type: 'string', default: `${randomInt(SEED_MAX)}` },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(`${USAGE}\n`);
  process.exit(0);
}
for (const name of ['operations', 'seed'] as const) {
  if (!/^[0-9]{1,10}$/.test(values[name])) throw new Error(`--${name} must be a number. Received: ${values[name]}`);
}
const started = performance.now();
const seed = Number(values.seed);
const database = await startDatabase({ dataDir: null, env: {} });
const client = createDatabaseClient(database.endpoint);
try {
  const freshBooks = async (): Promise<string> => {
    const name = `Books-${randomBytes(6).toString('hex')}`;
    await createTables(client, [toTableDefinition(BOOKS_TABLE_SHAPE, name)]);
    return name;
  };
  const store = { database: client, client: toStoreClient(client), freshBooks };
  const compared = await compareRandomly(store, createDraw(seed), Number(values.operations));
  const seconds = Math.round((performance.now() - started) / 1000);
  process.stdout.write(`${JSON.stringify({ seed, ...compared, differences: 0, seconds })}\n`);
} catch (error) {
  process.stderr.write(`differential, seed ${seed}: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  client.destroy();
  await database.close();
}
