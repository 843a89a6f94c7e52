import { beforeAll, expect, test } from 'vitest';
import { createStoreClient } from '../../lib/ledger/dynamodb/store/sdk-client.ts';
import { createDraw } from '../../scripts/nemesis/plan.ts';
import { withDatabase } from '../support/database.ts';
import { compareRandomly } from '../support/differential/compare.ts';

/** `npm run differential` takes as many as one likes. */
const OPERATIONS = 1_600;
const database = withDatabase();
beforeAll(() => {
  Object.assign(process.env, database.environment);
});

test('model and database answer the same to random operations', { timeout: 120_000 }, async () => {
  const store = {
    database: database.client,
    client: createStoreClient({ maxAttempts: 1 }),
    freshBooks: async () => (await database.freshTables()).booksTable,
  };
  const { calls, writes } = await compareRandomly(store, createDraw(1), OPERATIONS);
  const sum = Object.values(writes).reduce((total, count) => total + count, 0);
  expect(sum).toBeGreaterThan(OPERATIONS / 12);
  for (const method of ['change', 'fold', 'reserve', 'release', 'freezePart', 'thawPart']) {
    expect(writes[method], method).toBeGreaterThan(0);
  }
  for (const method of ['putIntent', 'reserve', 'takeOver', 'decide', 'settle', 'release', 'putOff', 'dropVisit']) {
    expect(calls[method], method).toBeGreaterThan(OPERATIONS / 40);
  }
});
