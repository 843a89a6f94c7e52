import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createGateReader } from '../../lib/ledger/dynamodb/books/gate-item.ts';
import { createPaymentLog } from '../../lib/ledger/dynamodb/books/payment-log.ts';
import { createSessionStore } from '../../lib/ledger/dynamodb/books/session-store.ts';
import { createSignedSums } from '../../lib/ledger/dynamodb/books/signed-sums.ts';
import { createPolicyKeeper } from '../../lib/ledger/dynamodb/policies/policy-store.ts';
import { createStoreClient } from '../../lib/ledger/dynamodb/store/sdk-client.ts';
import { createWindowBooks } from '../../lib/ledger/dynamodb/windows/window-books.ts';
import { createClientTokens } from '../../lib/ledger/dynamodb/registry/client-tokens.ts';
import { createIssuerIndex } from '../../lib/ledger/dynamodb/registry/issuer-index.ts';
import { processPayment } from '../../lib/service/paying/process-payment.ts';
import { sweepOnce } from '../../lib/service/sweeping/sweep.ts';
import { withDatabase } from '../support/database.ts';
import { createPayingWorld, createTestClock, paid, type PayingWorld, type TestClock } from '../support/paying.ts';
import { startStoreHop, type SeenCall, type StoreHop } from '../support/store-hop.ts';
import { wiring } from '../support/wiring.ts';

// The database of the tests answers every read with the latest write, so that only the request shows what DynamoDB would do.
const database = withDatabase();
let hop: StoreHop;
let clock: TestClock;
let world: PayingWorld;
beforeAll(async () => {
  hop = await startStoreHop(database.endpoint);
});
afterAll(() => hop.close());
beforeEach(async () => {
  clock = createTestClock();
  world = await createPayingWorld(database, { clock, endpoint: hop.endpoint });
});

/** The reads by key among the calls, each as what it read and whether it asked for the latest. */
function readsOf(calls: readonly SeenCall[]): readonly { readonly key: string; readonly isConsistent: boolean }[] {
  return calls.flatMap(({ operation, body }) => {
    if (operation === 'GetItem') {
      const { pk } = body['Key'] as { pk: { S: string } };
      return [{ key: pk.S.split('#')[0]!, isConsistent: body['ConsistentRead'] === true }];
    }
    // Of an index DynamoDB has no consistent read.
    if (operation === 'Query' && body['IndexName'] === undefined) {
      const [{ S: pk }] = Object.values(body['ExpressionAttributeValues'] as Record<string, { S: string }>) as [
        { S: string },
      ];
      return [{ key: `list of ${pk.split('#')[0]!}`, isConsistent: body['ConsistentRead'] === true }];
    }
    if (operation !== 'BatchGetItem') return [];
    const tables = body['RequestItems'] as Record<string, { Keys: { pk: { S: string } }[]; ConsistentRead?: boolean }>;
    return Object.values(tables).flatMap(({ Keys: keys, ConsistentRead: isConsistent = false }) =>
      keys.map(({ pk }) => ({ key: `page of ${pk.S.split('#')[0]!}`, isConsistent })),
    );
  });
}

async function readsDuring(work: () => Promise<unknown>): Promise<readonly string[]> {
  hop.forget();
  await work();
  const reads = readsOf(hop.calls);
  expect(reads.filter(({ isConsistent }) => !isConsistent)).toEqual([]);
  return [...new Set(reads.map(({ key }) => key))].toSorted();
}

test('a payment reads gate, manager, session, payment and instrument as they are, not as they were', async () => {
  const session = await world.open();
  const pay = async () => paid(await processPayment(world.deps, world.request(session)));
  expect(await readsDuring(pay)).toEqual(['GATE', 'INS', 'MGR', 'PAY', 'SES']);
});

test('so does a payment whose reads share a request', async () => {
  const { deps, open, request } = await createPayingWorld(database, { clock, endpoint: hop.endpoint, reads: 'joint' });
  const session = await open();
  expect(await readsDuring(async () => paid(await processPayment(deps, request(session))))).toEqual([
    'GATE',
    'page of GATE',
    'page of INS',
    'page of MGR',
    'page of PAY',
    'page of SES',
  ]);
});

test('so does the sweeper with a page of payments and their sessions', async () => {
  const session = await world.open();
  paid(await processPayment(world.deps, world.request(session)));
  clock.advance(20_000);
  expect(await readsDuring(() => sweepOnce(world.sweepDeps))).toEqual(['page of PAY', 'page of SES']);
});

test('so do receipts, sessions and the sum of what was signed', async () => {
  const session = await world.open();
  const { id } = paid(await processPayment(world.deps, world.request(session)));
  const store = { tableName: world.booksTable, client: createStoreClient({ maxAttempts: 3 }), clock };
  const log = createPaymentLog({ ...wiring, ...store });
  expect(await readsDuring(() => log.readPayment(id))).toEqual(['PAY']);
  expect(await readsDuring(() => log.listPayments(session, { maxResults: 10 }))).toEqual(['page of PAY']);
  expect(await readsDuring(() => createSessionStore(store).readSession(session))).toEqual(['SES']);
  expect(await readsDuring(() => createSignedSums(store).sumSigned(session))).toEqual(['page of PAY']);
});

test('so do lists of connectors and instruments, client tokens and the judge of issuers', async () => {
  const { manager, instrument, registry } = world;
  const { managerId } = manager;
  const page = { maxResults: 10 };
  const table = { tableName: world.registryTable, client: createStoreClient({ maxAttempts: 3 }) };
  expect(await readsDuring(() => registry.listConnectors(managerId, page))).toEqual(['list of MGR']);
  expect(await readsDuring(() => registry.listInstruments(instrument, page))).toEqual(['list of INS']);
  expect(await readsDuring(() => createClientTokens(table).find('f'.repeat(64)))).toEqual(['MGR']);
  expect(await readsDuring(() => createIssuerIndex(table).findDiscoveryUrl('issuer'))).toEqual(['list of ISS']);
});

test('so do windows, the gate, and a policy with its changes', async () => {
  const client = createStoreClient({ maxAttempts: 3 });
  const books = { tableName: world.booksTable, client };
  const window = { managerId: world.manager.managerId, key: 'AbCdEfGhIjK' };
  expect(await readsDuring(() => createWindowBooks(books).readWindow(window))).toEqual(['WIN']);
  expect(await readsDuring(() => createGateReader(books).find())).toEqual(['GATE']);
  const keeper = createPolicyKeeper({ tableName: world.registryTable, booksTable: world.booksTable, client });
  const owner = { scope: 'deployment' } as const;
  expect(await readsDuring(() => keeper.readPolicy(owner))).toEqual(['POL']);
  expect(await readsDuring(() => keeper.history(owner, { maxResults: 10 }))).toEqual(['list of POL']);
});
