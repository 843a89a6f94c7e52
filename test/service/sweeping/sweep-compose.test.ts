import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { toEntryKey } from '../../../lib/domain/payment/payment.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { GATE_KEY } from '../../../lib/ledger/dynamodb/books/gate-item.ts';
import { sessionPk } from '../../../lib/ledger/dynamodb/books/keys.ts';
import { toSessionItem } from '../../../lib/ledger/dynamodb/books/new-session-item.ts';
import { toExpiryPlace } from '../../../lib/ledger/dynamodb/books/session-items.ts';
import { composeSweepReservations } from '../../../lib/functions/sweep-reservations.ts';
import { withDatabase } from '../../support/database.ts';
import { createPayingWorld, wallClock } from '../../support/paying.ts';
import { BASE_SEPOLIA, makePayment, makeSession } from '../../support/payments.ts';
import { startStoreHop, type StoreHop } from '../../support/store-hop.ts';

const EXPIRED = 150;
const HOUR_MS = 3_600_000;
const INVOCATION_MS = 90_000;
const database = withDatabase();
let hop: StoreHop;
beforeAll(async () => {
  hop = await startStoreHop(database.endpoint);
});
afterAll(() => hop.close());
afterEach(() => vi.restoreAllMocks());

/** A deployment with expired sessions, and a payment whose handler died long ago with money held. */
async function prepare() {
  const world = await createPayingWorld(database, { endpoint: hop.endpoint });
  const held = await world.open();
  const now = wallClock.now();
  const payment = makePayment(held, { leaseUntil: addMs(now, -HOUR_MS) });
  const { id, amount, leaseUntil, attempt } = payment;
  await world.ledger.putIntent(payment);
  await world.ledger.reserve({
    session: held,
    entry: toEntryKey(id, attempt),
    amount,
    leaseUntil,
    now,
    inFlightMax: 64,
    floor: null,
  });
  for (let count = 0; count < EXPIRED; count += 1) {
    const session = makeSession({ expiresAt: addMs(now, -HOUR_MS) });
    const item = { ...toSessionItem(session, 'h'), ...toExpiryPlace(session.sessionId, session.expiresAt) };
    await database.client.send(new PutItemCommand({ TableName: world.booksTable, Item: item }));
  }
  const run = composeSweepReservations({
    ...process.env,
    METRIC_NAMESPACE: 'Bursar',
    BOOKS_TABLE: world.booksTable,
    REGISTRY_TABLE: world.registryTable,
    DEPLOYMENT_PARTITION: 'aws',
    DEPLOYMENT_ACCOUNT: '111122223333',
    DEFAULT_SESSION_LIMIT_USD: '10.00',
    ALLOWED_NETWORKS: BASE_SEPOLIA.id,
  });
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  hop.forget();
  return { world, held, run };
}

test('gives back what a crash held before it looks for the first session that expired', async () => {
  const { world, held, run } = await prepare();
  const report = await run({}, { getRemainingTimeInMillis: () => INVOCATION_MS });
  expect(report).toMatchObject({ visited: 1, released: 1, failed: 0, expiredSessions: EXPIRED, failedSessions: 0 });
  expect((await world.ledger.readSession(held))?.budget.reserved).toBe(0n);
  const released = hop.calls.findIndex(({ body }) => JSON.stringify(body['Key']) === keyOf(held));
  const searched = hop.calls.findIndex(({ body }) => JSON.stringify(body).includes('{"S":"E0"}'));
  expect(released).toBeGreaterThan(0);
  expect(searched).toBeGreaterThan(released);
});

test('begins nothing in an invocation that is about to end', async () => {
  const { world, held, run } = await prepare();
  const report = await run({}, { getRemainingTimeInMillis: () => 5_000 });
  expect(report).toMatchObject({ visited: 0, failed: 0, expiredSessions: 0 });
  expect(report.shardsLeft).toBeGreaterThan(0);
  // Whether the deployment is frozen is told all the same.
  expect(hop.calls.map(({ body }) => body['Key'])).toEqual([{ pk: { S: GATE_KEY } }]);
  const { Item: item } = await database.client.send(
    new GetItemCommand({ TableName: world.booksTable, Key: { pk: { S: sessionPk(held) } } }),
  );
  expect(item?.['rs']).toEqual({ N: '500000' });
});

function keyOf(session: Parameters<typeof sessionPk>[0]): string {
  return JSON.stringify({ pk: { S: sessionPk(session) } });
}
