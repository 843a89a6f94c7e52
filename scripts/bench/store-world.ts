import { randomBytes } from 'node:crypto';
import { BOOKS_TABLE_SHAPE, REGISTRY_TABLE_SHAPE } from '../../lib/ledger/dynamodb/store/tables.ts';
import { ANY_CREDENTIALS, createDatabaseClient, LOCAL_REGION } from '../../lib/local/database/client.ts';
import { startDatabase } from '../../lib/local/database/engine.ts';
import { createTables, toTableDefinition } from '../../lib/local/database/tables.ts';
import type { TestDatabase } from '../../test/support/database.ts';
import { createPayingWorld, createTestClock, type PayingWorld, type TestClock } from '../../test/support/paying.ts';
import { startStoreHop, type SeenCall, type StoreHop } from '../../test/support/store-hop.ts';

/** The payment path on the embedded database, with the tests' counting hop between the two. */
export interface StoreWorld {
  readonly world: PayingWorld;
  readonly hop: StoreHop;
  readonly database: TestDatabase;
  readonly clock: TestClock;
}

/** For hundreds of requests at a time through one client on a busy machine: nothing here may time out and be sent again. */
const STORE_TIMEOUT_MS = 60_000;

/** Runs `use` with a store of its own, which is gone afterwards. */
export async function withStore<T>(use: (store: StoreWorld) => Promise<T>): Promise<T> {
  const engine = await startDatabase({ dataDir: null, env: {} });
  const client = createDatabaseClient(engine.endpoint);
  const hop = await startStoreHop(engine.endpoint);
  try {
    const freshTables = async () => {
      const suffix = randomBytes(6).toString('hex');
      const fresh = { booksTable: `Books-${suffix}`, registryTable: `Registry-${suffix}` };
      await createTables(client, [
        toTableDefinition(BOOKS_TABLE_SHAPE, fresh.booksTable),
        toTableDefinition(REGISTRY_TABLE_SHAPE, fresh.registryTable),
      ]);
      return fresh;
    };
    const environment = {
      AWS_REGION: LOCAL_REGION,
      AWS_ACCESS_KEY_ID: ANY_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: ANY_CREDENTIALS.secretAccessKey,
    };
    const database = { endpoint: engine.endpoint, client, environment, freshTables, ...(await freshTables()) };
    const clock = createTestClock();
    const world = await createPayingWorld(database, { clock, endpoint: hop.endpoint, timeoutMs: STORE_TIMEOUT_MS });
    return await use({ world, hop, database, clock });
  } finally {
    client.destroy();
    await hop.close();
    await engine.close();
  }
}

/** Requests that waited for one another's answers. */
export function serialTrips(calls: readonly SeenCall[]): number {
  return new Set(calls.map(({ round }) => round)).size;
}

/** Capacity units of the writes, indexes included, as the database counts them. */
export function writeUnits(calls: readonly SeenCall[]): number {
  return sumUnits(calls.filter(isWrite));
}

export function readUnits(calls: readonly SeenCall[]): number {
  return sumUnits(calls.filter((call) => !isWrite(call)));
}

function isWrite({ operation }: SeenCall): boolean {
  return /^(Put|Update|Delete)Item$/.test(operation);
}

function sumUnits(calls: readonly SeenCall[]): number {
  return calls.reduce((sum, { units }) => sum + units, 0);
}
