import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { composeSweepReservations } from '../../../lib/functions/sweep-reservations.ts';
import { AUDIT_PAGES_MAX, SESSION_AUDIT_DELAY_MS } from '../../../lib/domain/limits.ts';
import { toEntryKey, type Payment } from '../../../lib/domain/payment/payment.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import { addMs, type EpochMs } from '../../../lib/domain/time.ts';
import { createExpiryIndex } from '../../../lib/ledger/dynamodb/books/expiry-index.ts';
import { sessionPk } from '../../../lib/ledger/dynamodb/books/keys.ts';
import { createSessionStore } from '../../../lib/ledger/dynamodb/books/session-store.ts';
import { createWindowBooks } from '../../../lib/ledger/dynamodb/windows/window-books.ts';
import { createSignedSums } from '../../../lib/ledger/dynamodb/books/signed-sums.ts';
import { createStoreClient } from '../../../lib/ledger/dynamodb/store/sdk-client.ts';
import { processPayment } from '../../../lib/service/paying/process-payment.ts';
import { visitDueSessions, type ExpiryProblem } from '../../../lib/service/sweeping/expiry.ts';
import { auditSession } from '../../../lib/service/sweeping/session-audit.ts';
import { withDatabase } from '../../support/database.ts';
import { sweepTwice } from '../../support/faults.ts';
import { createPayingWorld, createTestClock, paid, type PayingWorld, type TestClock } from '../../support/paying.ts';
import { BASE_SEPOLIA, makePayment, makeSession } from '../../support/payments.ts';
import { expectPublished, metricsOf } from '../../telemetry/log-schema.ts';

const MINUTE_MS = 60_000;
const database = withDatabase();
let clock: TestClock;
let world: PayingWorld;
let reported: ExpiryProblem[];
beforeEach(async () => {
  clock = createTestClock();
  world = await createPayingWorld(database, { clock });
  reported = [];
});
afterEach(() => vi.restoreAllMocks());

const tableOf = () => ({ tableName: world.booksTable, client: createStoreClient({ maxAttempts: 3 }) });

async function openSession(overrides: Partial<Session> = {}): Promise<Session> {
  const { managerId } = world.manager;
  const { userId } = world.instrument;
  const now = clock.now();
  const times = { createdAt: now, updatedAt: now, expiresAt: addMs(now, 60 * MINUTE_MS) };
  const session = makeSession({ managerId, userId, ...times, ...overrides });
  await createSessionStore(tableOf()).createSession(session, 'h');
  return session;
}

const pay = async (session: Session) => paid(await processPayment(world.deps, world.request(session)));

/** The request of a payment's reserve, as the handler sent it. */
function reserveOf(session: Session, { id, amount, leaseUntil, attempt }: Payment, now: EpochMs) {
  const entry = toEntryKey(id, attempt);
  return world.ledger.reserve({ session, entry, amount, leaseUntil, now, inFlightMax: 64, floor: null });
}

function runOnce() {
  const store = { ...tableOf(), clock };
  const deps = { ledger: world.ledger, clock, sums: createSignedSums(store), windows: createWindowBooks(store) };
  return visitDueSessions(
    {
      index: createExpiryIndex(store),
      audit: (session) => auditSession(deps, session),
      clock,
      report: (problem) => void reported.push(problem),
    },
    addMs(clock.now(), MINUTE_MS),
  );
}

/** The session comes to its end, and its audit's time comes. */
async function endAndAudit(session: Session) {
  clock.advance(Math.max(0, session.expiresAt - clock.now()));
  await runOnce();
  clock.advance(SESSION_AUDIT_DELAY_MS);
  return runOnce();
}

const budgetOf = async (session: Session) => (await world.ledger.readSession(session))!.budget;

describe('the audit of a session that has ended', () => {
  test('finds nothing wrong where what was spent is what was signed in it, and in no other session of the user', async () => {
    const [session, other] = [await openSession(), await openSession()];
    await pay(session);
    await pay(session);
    await pay(other);
    expect(await endAndAudit(session)).toMatchObject({ auditedSessions: 2, spentMismatches: 0, failedSessions: 0 });
    expect(reported).toEqual([]);
  });

  test('tells of a reserve that the network delivered again after its settle, which counts it twice', async () => {
    const session = await openSession();
    const payment = await pay(session);
    await sweepTwice(clock, world.sweepDeps);
    expect((await reserveOf(session, payment, clock.now())).kind).toBe('reserved');
    expect(await endAndAudit(session)).toMatchObject({ auditedSessions: 1, spentMismatches: 1 });
    const { managerId, sessionId } = session;
    const sums = { spentMicroUsd: '1000000', signedMicroUsd: '500000' };
    expect(reported).toEqual([{ event: 'sweep.spent_mismatch', managerId, sessionId, ...sums }]);
    expect(await runOnce()).toMatchObject({ auditedSessions: 0 });
  });

  test('tells of a signed payment that is not counted', async () => {
    const session = await openSession();
    await pay(session);
    await database.client.send(
      new UpdateItemCommand({
        TableName: world.booksTable,
        Key: { pk: { S: sessionPk(session) } },
        UpdateExpression: 'SET sp = sp - :a, av = av + :a',
        ExpressionAttributeValues: { ':a': { N: '500000' } },
      }),
    );
    expect(await endAndAudit(session)).toMatchObject({ spentMismatches: 1 });
    expect(reported).toMatchObject([{ spentMicroUsd: '0', signedMicroUsd: '500000' }]);
  });

  test('gives back what a reserve holds that came after the last visit of its payment', async () => {
    const session = await openSession();
    const payment = makePayment(session, { leaseUntil: addMs(clock.now(), 17_000) });
    await world.ledger.putIntent(payment);
    await sweepTwice(clock, world.sweepDeps);
    expect((await reserveOf(session, payment, payment.createdAt)).kind).toBe('reserved');
    await sweepTwice(clock, world.sweepDeps);
    expect((await budgetOf(session)).reserved).toBe(500_000n);
    expect(await endAndAudit(session)).toMatchObject({ auditedSessions: 1, spentMismatches: 0 });
    expect(await budgetOf(session)).toEqual({ available: 10_000_000n, reserved: 0n, spent: 0n });
  });

  test('comes for a session that was deleted as well', async () => {
    const session = await openSession();
    const payment = makePayment(session, { leaseUntil: addMs(clock.now(), 17_000) });
    await world.ledger.putIntent(payment);
    await reserveOf(session, payment, clock.now());
    await createSessionStore(tableOf()).deleteSession({ ...session, now: clock.now() });
    clock.advance(SESSION_AUDIT_DELAY_MS);
    expect(await runOnce()).toMatchObject({ auditedSessions: 1, failedSessions: 0 });
    expect((await budgetOf(session)).reserved).toBe(0n);
  });

  test('comes again where it failed', async () => {
    const session = await openSession();
    const { ledger } = world;
    await reserveOf(session, makePayment(session), clock.now());
    const release = vi.spyOn(ledger, 'release').mockRejectedValueOnce(new Error('planted'));
    expect(await endAndAudit(session)).toMatchObject({ auditedSessions: 0, failedSessions: 1 });
    expect(release).toHaveBeenCalledTimes(1);
    expect(await runOnce()).toMatchObject({ auditedSessions: 1, failedSessions: 0 });
  });

  test('is skipped, and says so, where the user made more payments in its time than are read', async () => {
    const session = await openSession();
    let pages = 0;
    const client = {
      ...tableOf().client,
      query: async () => {
        pages += 1;
        return { items: [], lastKey: { pk: { S: 'PAY#next' } } };
      },
    };
    const sums = createSignedSums({ tableName: world.booksTable, client, clock });
    const { windows } = world.deps;
    expect(await auditSession({ ledger: world.ledger, clock, sums, windows }, session)).toEqual({ kind: 'unread' });
    expect(pages).toBe(AUDIT_PAGES_MAX);
  });
});

test('a session that the sweeper has ended takes no reserve, not even one that was sent in time', async () => {
  const session = await openSession();
  const payment = makePayment(session);
  clock.advance(60 * MINUTE_MS);
  await runOnce();
  expect(await reserveOf(session, payment, addMs(session.expiresAt, -1))).toMatchObject({ kind: 'refused' });
  expect((await budgetOf(session)).reserved).toBe(0n);
});

test('the deployed sweeper alarms where a session has spent something else than was signed', async () => {
  const now = Date.now();
  const ended = addMs(clock.now(), now - clock.now() - SESSION_AUDIT_DELAY_MS);
  const session = await openSession({ createdAt: addMs(ended, -60 * MINUTE_MS), expiresAt: ended });
  const reserved = makePayment(session, { createdAt: addMs(ended, -MINUTE_MS) });
  await world.ledger.putIntent(reserved);
  await reserveOf(session, reserved, addMs(ended, -MINUTE_MS));
  const { id, amount } = reserved;
  await world.ledger.settle({ session, entry: toEntryKey(id, 1), amount, now: ended });
  await createExpiryIndex(tableOf()).endSession(session, ended, ended);

  const logs: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((line) => logs.push(String(line)) > 0);
  const run = composeSweepReservations({
    ...process.env,
    BOOKS_TABLE: world.booksTable,
    METRIC_NAMESPACE: 'Bursar',
    REGISTRY_TABLE: world.registryTable,
    DEPLOYMENT_PARTITION: 'aws',
    DEPLOYMENT_ACCOUNT: '111122223333',
    DEFAULT_SESSION_LIMIT_USD: '10.00',
    ALLOWED_NETWORKS: BASE_SEPOLIA.id,
  });
  const report = await run({}, { getRemainingTimeInMillis: () => 29_000 });
  expect(report).toMatchObject({ auditedSessions: 1, spentMismatches: 1 });
  const { sessionId } = session;
  const mismatch = { event: 'sweep.spent_mismatch', level: 'ERROR', sessionId, signedMicroUsd: '0' };
  expect(expectPublished(logs)).toMatchObject([mismatch, { event: 'sweep.finished', spentMismatches: 1 }]);
  expect(metricsOf(logs)).toMatchObject({ 'SpentMismatches{}': 1 });
});
