import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Ledger, SessionStore } from '../../lib/domain/ports/books.ts';
import { NotNow, OutcomeUnknown, PageTokenRefused } from '../../lib/domain/ports/services.ts';
import { toEntryKey } from '../../lib/domain/payment/payment.ts';
import { assertSessionBalances, type Session } from '../../lib/domain/payment/session.ts';
import { addMs } from '../../lib/domain/time.ts';
import { createStoreClient } from '../../lib/ledger/dynamodb/store/sdk-client.ts';
import { createLedger } from '../../lib/ledger/dynamodb/books/ledger.ts';
import { formatPageToken } from '../../lib/ledger/dynamodb/store/page-token.ts';
import { createPaymentLog } from '../../lib/ledger/dynamodb/books/payment-log.ts';
import { createSessionStore } from '../../lib/ledger/dynamodb/books/session-store.ts';
import { expectRefused, takeToken } from '../contracts/pages.ts';
import { times } from '../contracts/parallel.ts';
import { sessionStoreContract } from '../contracts/session-store.ts';
import { withDatabase } from '../support/database.ts';
import { spoilCalls } from '../support/faults.ts';
import { NOW, makePayment, makeSession } from '../support/payments.ts';
import { makeManagerId } from '../support/registry.ts';
import { startStoreHop, type StoreHop } from '../support/store-hop.ts';
import { wiring } from '../support/wiring.ts';

const database = withDatabase();
let hop: StoreHop;
let store: SessionStore;
let ledger: Ledger;

beforeAll(async () => {
  hop = await startStoreHop(database.endpoint);
  Object.assign(process.env, database.environment, { AWS_ENDPOINT_URL_DYNAMODB: hop.endpoint });
  const client = createStoreClient({ maxAttempts: 3, timeoutMs: 20_000 });
  store = createSessionStore({ tableName: database.booksTable, client });
  ledger = createLedger({ ...wiring, tableName: database.booksTable, client, singleSendClient: client });
});
afterEach(() => hop.setFaults(null));
afterAll(() => hop.close());

sessionStoreContract('the sessions on DynamoDB', async () => store);

describe('a lost reply', () => {
  test('does not hide that the session was created', async () => {
    const session = makeSession();
    spoilCalls(hop, 'lose_reply', 0, 'one');
    expect(await store.createSession(session, 'h1')).toEqual({ kind: 'exists', session, requestHash: 'h1' });
  });

  test('does not hide that the session was deleted', async () => {
    const session = makeSession();
    await store.createSession(session, 'h1');
    spoilCalls(hop, 'lose_reply', 0, 'one');
    expect(await store.deleteSession({ ...session, now: addMs(NOW, 7) })).toMatchObject({ deleted: true });
  });

  test('of every try leaves the outcome unknown, and a throttled call has none', async () => {
    const session = makeSession();
    const client = createStoreClient({ maxAttempts: 1 });
    const impatient = createSessionStore({ tableName: database.booksTable, client });
    hop.setFaults(() => 'lose_reply');
    await expect(impatient.createSession(session, 'h1')).rejects.toThrow(OutcomeUnknown);
    await expect(impatient.listSessions(session, { maxResults: 1 })).rejects.toThrow(OutcomeUnknown);
    hop.setFaults(() => 'throttle');
    await expect(impatient.deleteSession({ ...session, now: NOW })).rejects.toThrow(NotNow);
  });
});

describe('a deleted session with money in flight', () => {
  test('takes no new reservation, and still settles and releases what it holds', async () => {
    const session = makeSession();
    await store.createSession(session, 'h1');
    const payments = times(3, () => makePayment(session));
    const reserve = (payment: (typeof payments)[number]) =>
      ledger.reserve({
        session,
        entry: toEntryKey(payment.id, 1),
        amount: payment.amount,
        leaseUntil: payment.leaseUntil,
        floor: null,
        now: NOW,
        inFlightMax: 64,
      });
    const close = (payment: (typeof payments)[number]) => ({
      session,
      entry: toEntryKey(payment.id, 1),
      amount: payment.amount,
      now: addMs(NOW, 9),
    });
    const [settled, released, late] = [payments[0]!, payments[1]!, payments[2]!];
    expect((await reserve(settled)).kind).toBe('reserved');
    expect((await reserve(released)).kind).toBe('reserved');
    const deleted = await store.deleteSession({ ...session, now: addMs(NOW, 5) });
    expect(deleted?.inFlight).toBe(2);

    expect((await reserve(late)).kind).toBe('refused');
    expect(await ledger.settle(close(settled))).toBe('done');
    expect(await ledger.release(close(released))).toBe('done');
    const books = (await store.readSession(session))!;
    assertSessionBalances(books);
    expect(books).toMatchObject({ deleted: true, inFlight: 0, budget: { reserved: 0n, spent: settled.amount } });
  });
});

describe('the list of a user', () => {
  test('refuses the token of the same user in the other list', async () => {
    const session = makeSession({ managerId: makeManagerId() });
    await store.createSession(session, 'h1');
    await store.createSession(makeSession({ managerId: session.managerId }), 'h1');
    await ledger.putIntent(makePayment(session));
    await ledger.putIntent(makePayment(session));
    const clock = { sleep: async () => {} };
    const client = createStoreClient({ maxAttempts: 3 });
    const log = createPaymentLog({ ...wiring, tableName: database.booksTable, client, clock });
    const listSessions: Parameters<typeof takeToken>[0] = (page) => store.listSessions(session, page);
    const listPayments: Parameters<typeof takeToken>[0] = (page) => log.listPayments(session, page);
    await expectRefused(listSessions, await takeToken(listPayments));
    await expectRefused(listPayments, await takeToken(listSessions));
  });

  test('stays inside a user, whatever position a token claims', async () => {
    const managerId = makeManagerId();
    const [own, foreign] = ['own', 'foreign'].map((userId) => {
      return times(4, (index) => makeSession({ managerId, userId, createdAt: addMs(NOW, index) }));
    }) as [Session[], Session[]];
    for (const session of [...own, ...foreign]) await store.createSession(session, 'h1');
    const forge = (position: string) => formatPageToken(['sessions', managerId, 'own'], position);
    const read = (position: string) =>
      store.listSessions({ managerId, userId: 'own' }, { maxResults: 10, nextToken: forge(position) });

    const newer = foreign[2]!;
    expect((await read(`${newer.createdAt}#${newer.sessionId}`)).items.map(({ userId }) => userId)).toEqual(
      own
        .filter(({ createdAt, sessionId }) => `${createdAt}#${sessionId}` < `${newer.createdAt}#${newer.sessionId}`)
        .map(() => 'own'),
    );
    for (const position of [
      '',
      'x',
      `#${newer.sessionId}`,
      `${newer.createdAt}#`,
      `${newer.createdAt}#x`,
      newer.sessionId,
    ]) {
      await expect(read(position), position).rejects.toThrow(PageTokenRefused);
    }
  });

  test('costs one query of the page and one item, however long the list', async () => {
    const costs: number[] = [];
    for (const length of [20, 250]) {
      const user = { managerId: makeManagerId(), userId: 'u' };
      await Promise.all(times(length, () => store.createSession(makeSession(user), 'h1')));
      hop.forget();
      expect((await store.listSessions(user, { maxResults: 10 })).items).toHaveLength(10);
      expect(hop.calls.map(({ operation, body }) => [operation, body['Limit']])).toEqual([['Query', 11]]);
      costs.push(hop.calls[0]!.units);
    }
    expect(costs[1]).toBe(costs[0]);
    expect(costs[0]).toBeGreaterThan(0);
  });

  test('costs a payment nothing: only creation, deletion and the sweeper write the indexes', async () => {
    const session = makeSession();
    hop.forget();
    await store.createSession(session, 'h1');
    const payment = makePayment(session);
    await ledger.reserve({
      session,
      entry: toEntryKey(payment.id, 1),
      amount: payment.amount,
      leaseUntil: payment.leaseUntil,
      floor: null,
      now: NOW,
      inFlightMax: 64,
    });
    await store.deleteSession({ ...session, now: NOW });
    // The item, its place in the list, and the one by expiry, which deletion takes away and writes anew.
    expect(hop.calls.map(({ units }) => units)).toEqual([3, 1, 4]);
  });
});
