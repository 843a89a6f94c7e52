import { BatchWriteItemCommand, ScanCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, test } from 'vitest';
import { firstFreeIndex } from '../../../lib/domain/tenants/key-index.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { createGateKeeper } from '../../../lib/ledger/dynamodb/books/gate-keeper.ts';
import { toStoreClient } from '../../../lib/ledger/dynamodb/store/sdk-client.ts';
import { createPayerCache } from '../../../lib/service/paying/payer.ts';
import { processPayment } from '../../../lib/service/paying/process-payment.ts';
import { withDatabase } from '../../support/database.ts';
import { createPayingWorld, createTestClock, paid, type PayingWorld, type TestClock } from '../../support/paying.ts';
import { wiring } from '../../support/wiring.ts';

// What a restore to an earlier instant does to a deployment: both tables as they were, and a chain that forgot nothing.

const database = withDatabase();
let world: PayingWorld;
let clock: TestClock;

beforeEach(async () => {
  Object.assign(process.env, database.environment);
  clock = createTestClock();
  world = await createPayingWorld(database, { clock });
});

type Items = readonly Record<string, AttributeValue>[];

async function itemsOf(tableName: string): Promise<Items> {
  const { Items: items = [] } = await database.client.send(new ScanCommand({ TableName: tableName }));
  return items;
}

async function replaceItems(tableName: string, items: Items): Promise<void> {
  const keyOf = ({ pk, sk }: Items[number]) => ({ pk: pk!, ...(sk === undefined ? {} : { sk }) });
  const gone = (await itemsOf(tableName)).map((item) => ({ DeleteRequest: { Key: keyOf(item) } }));
  const back = items.map((item) => ({ PutRequest: { Item: item } }));
  for (const requests of [gone, back]) {
    if (requests.length === 0) continue;
    await database.client.send(new BatchWriteItemCommand({ RequestItems: { [tableName]: requests } }));
  }
}

/** Takes the tables back to how they are now, whenever the result is called; then does what the runbook says. */
async function pointInTime(): Promise<() => Promise<void>> {
  const tables = [world.booksTable, world.registryTable];
  const copies = await Promise.all(tables.map(itemsOf));
  return async () => {
    for (const [at, table] of tables.entries()) await replaceItems(table, copies[at]!);
    const keeper = createGateKeeper(
      { tableName: world.booksTable, client: toStoreClient(database.client) },
      wiring.drawDeploymentId,
    );
    clock.advance(60_000);
    const since = clock.now();
    await keeper.freeze(null, { at: since, by: 'operator' });
    await keeper.raiseFloor(since);
    await keeper.thaw(null, { since, at: since, by: 'operator' });
    clock.advance(1_000);
  };
}

const later = () => ({ deadline: addMs(clock.now(), 15_000) });

describe('books that were restored to an instant before', () => {
  test('a payment: its session is closed, and its token signs the same authorization again at most', async () => {
    const session = await world.open();
    const restore = await pointInTime();
    const request = world.request(session);
    const lost = paid(await processPayment(world.deps, request));
    await restore();
    const deps = { ...world.deps, payers: createPayerCache() };
    expect(await processPayment(deps, { ...request, ...later() })).toMatchObject({
      ok: false,
      error: { reason: 'session_below_floor' },
    });
    const fresh = await world.open({ createdAt: clock.now(), expiresAt: addMs(clock.now(), 3_600_000) });
    const again = paid(await processPayment(world.deps, { ...request, ...later(), sessionId: fresh.sessionId }));
    // One nonce of one payer: the chain takes one of the two.
    expect(again.terms).toMatchObject({ from: lost.terms.from, nonce: lost.terms.nonce });
  });

  test('a payment: a process that remembers the session from before is refused as well', async () => {
    const session = await world.open();
    paid(await processPayment(world.deps, world.request(session)));
    const restore = await pointInTime();
    await restore();
    const outcome = await processPayment(world.deps, world.request(session, later()));
    expect(outcome).toMatchObject({ ok: false, error: { reason: 'session_below_floor' } });
    expect((await world.ledger.readSession(session))?.budget.spent).toBe(500_000n);
  });

  test('an instrument: no index of a key is given twice', async () => {
    const { managerId, connectorId } = world.instrument;
    const restore = await pointInTime();
    const lost = await Promise.all([0, 1, 2].map(() => world.registry.takeKeyIndex(managerId, connectorId, 0)));
    await restore();
    const floor = (await world.ledger.readGate()).floor!;
    const next = await world.registry.takeKeyIndex(managerId, connectorId, firstFreeIndex(floor));
    expect(lost).not.toContain(next);
    expect(next).toBe(firstFreeIndex(floor));
    expect(next).toBeLessThan(firstFreeIndex(clock.now()));
  });

  test('the deletion of a session and of an instrument: what was closed pays nothing', async () => {
    const session = await world.open();
    const restore = await pointInTime();
    await world.open({ ...session, deleted: true });
    await world.registry.deleteInstrument(
      { managerId: session.managerId, userId: session.userId },
      world.instrument.instrumentId,
      clock.now(),
    );
    await restore();
    expect(await processPayment(world.deps, world.request(session, later()))).toMatchObject({
      ok: false,
      error: { reason: 'session_below_floor' },
    });
    expect((await world.ledger.readSession(session))?.budget).toMatchObject({ reserved: 0n, spent: 0n });
  });
});
