import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll, describe, expect, test } from 'vitest';
import { InvariantViolated } from '../../lib/domain/invariant.ts';
import { NotNow } from '../../lib/domain/ports/services.ts';
import { toEntryKey, type Payment } from '../../lib/domain/payment/payment.ts';
import { addMs } from '../../lib/domain/time.ts';
import { createLedger } from '../../lib/ledger/dynamodb/books/ledger.ts';
import { createRepetitionGuard } from '../../lib/ledger/dynamodb/books/repetition-guard.ts';
import { toPaymentItem } from '../../lib/ledger/dynamodb/books/payment-items.ts';
import { createSignedSums } from '../../lib/ledger/dynamodb/books/signed-sums.ts';
import type { StreamRecord } from '../../lib/ledger/dynamodb/store/stream-record.ts';
import { parseBooksChange } from '../../lib/ledger/dynamodb/books/stream-changes.ts';
import { createWithdrawalSessions } from '../../lib/ledger/dynamodb/books/withdrawal-sessions.ts';
import { WriteConflict, type QueryInput, type StoreClient } from '../../lib/ledger/dynamodb/store/client.ts';
import { createWindowBooks } from '../../lib/ledger/dynamodb/windows/window-books.ts';
import { createStoreClient } from '../../lib/ledger/dynamodb/store/sdk-client.ts';
import { paymentChange } from '../events/records.ts';
import { withDatabase } from '../support/database.ts';
import { wallClock } from '../support/paying.ts';
import { makePayment, makeSession, NOW } from '../support/payments.ts';
import { wiring } from '../support/wiring.ts';

const database = withDatabase();
let client: StoreClient;
beforeAll(() => {
  Object.assign(process.env, database.environment);
  client = createStoreClient({ maxAttempts: 1 });
});

describe('the holder of terms', () => {
  const guard = () => createRepetitionGuard({ tableName: database.registryTable, client });
  const claim = (attempt: number) => ({
    paymentId: makePayment(makeSession()).id,
    attempt,
    now: NOW,
    until: addMs(NOW, 30_001),
  });

  test('is told to the next one with its attempt and the end of its time', async () => {
    const first = claim(3);
    const held = { paymentId: first.paymentId, attempt: 3, until: first.until };
    expect(await guard().take('terms-1', first, null)).toEqual(held);
    expect(await guard().take('terms-1', claim(1), null)).toEqual(held);
  });

  test('is forgotten by the database in the second after its end', async () => {
    const first = claim(1);
    await guard().take('terms-2', first, null);
    const Key = { pk: { S: 'REP#terms-2' }, sk: { S: 'REP' } };
    const { Item } = await database.client.send(new GetItemCommand({ TableName: database.registryTable, Key }));
    expect(Item?.['expiresAtSeconds']).toEqual({ N: `${NOW / 1_000 + 31}` });
  });
});

test('the session of a withdrawal is the one that was opened first, with the request that opened it', async () => {
  const sessions = createWithdrawalSessions({ tableName: database.booksTable, client });
  const session = makeSession({ sessionId: 'withdrawal-0123456789abcde' });
  expect(await sessions.openSession(session, 'one')).toEqual({ session, requestHash: 'one' });
  const later = { ...session, expiresAt: addMs(session.expiresAt, 60_000) };
  expect(await sessions.openSession(later, 'two')).toEqual({ session, requestHash: 'one' });
});

test('the sum of what was signed goes on where its last page ended', async () => {
  const session = makeSession();
  const payments = [1, 2].map(() => {
    const payment = { ...makePayment(session), status: 'SIGNED', decidedAt: NOW } as const;
    return toPaymentItem(payment, wiring.schemeOf);
  });
  const asked: QueryInput[] = [];
  const paged: Pick<StoreClient, 'query' | 'batchGetItem'> = {
    query: async (input) => {
      asked.push(input);
      const item = payments[asked.length - 1]!;
      return { items: [item], lastKey: asked.length === 1 ? { pk: item['pk']! } : null };
    },
    batchGetItem: async ({ Keys }) => ({
      items: payments.filter(({ pk }) => Keys.some((key) => key['pk']?.S === pk?.S)),
      unprocessedKeys: [],
    }),
  };
  const store = { client: paged as StoreClient, tableName: 'Books', clock: wallClock };
  expect(await createSignedSums(store).sumSigned(session)).toBe(1_000_000n);
  expect(asked.map(({ ExclusiveStartKey }) => ExclusiveStartKey)).toEqual([undefined, { pk: payments[0]!['pk'] }]);
});

test('an entry is closed although a transaction has its session for a moment', async () => {
  let sent = 0;
  const busy: StoreClient = {
    ...client,
    updateItem: async () => {
      sent += 1;
      if (sent === 1) throw new WriteConflict('planted');
      return { kind: 'applied', item: null };
    },
  };
  const ledger = createLedger({ ...wiring, tableName: 'Books', client: busy, singleSendClient: client });
  const session = makeSession();
  const { id, amount } = makePayment(session);
  expect(await ledger.release({ session, entry: toEntryKey(id, 1), amount, now: NOW })).toBe('done');
  expect(sent).toBe(2);
});

test('a window that is made takes nothing from sessions: it has granted them nothing', async () => {
  const windows = createWindowBooks({ tableName: 'Books', client });
  const asking = { sessionId: 'asking', seenNumber: null, by: 5n };
  const takings = [{ sessionId: 'other', amount: 5n }];
  const change = { ...asking, seenLimit: null, limit: 10n, closesAt: NOW, takings, settles: true };
  await expect(windows.change({ managerId: 'm-1', key: 'AbCdEfGhIjK' }, change)).rejects.toThrow(InvariantViolated);
});

test('a session without a part of a window has nothing to give back, and nothing is written', async () => {
  const windows = createWindowBooks({ tableName: 'Books', client });
  const change = {
    sessionId: 'asking',
    seenNumber: null,
    by: -1n,
    seenLimit: 10n,
    limit: 10n,
    closesAt: NOW,
    takings: [],
    settles: true,
  };
  expect(await windows.change({ managerId: 'm-1', key: 'AbCdEfGhIjK' }, change)).toBe('stale');
});

test('a sum of which payments could not be read is none', async () => {
  const unprocessed = { pk: { S: 'PAY#1' } };
  const busy: Pick<StoreClient, 'query' | 'batchGetItem'> = {
    query: async () => ({ items: [unprocessed], lastKey: null }),
    batchGetItem: async () => ({ items: [], unprocessedKeys: [unprocessed] }),
  };
  const clock = { sleep: async () => undefined };
  const sums = createSignedSums({ client: busy as StoreClient, tableName: 'Books', clock });
  await expect(sums.sumSigned(makeSession())).rejects.toThrow(NotNow);
});

test('a modification tells what it decides, and a new item only that it is denied', () => {
  const pending = makePayment(makeSession());
  const denied = { ...pending, status: 'DENIED', decidedAt: NOW, denial: { reason: 'superseded' } } as const;
  const signed = { ...pending, status: 'SIGNED', decidedAt: NOW } as const;
  const kindOf = (after: Payment, eventName: StreamRecord['eventName']) =>
    parseBooksChange({ ...paymentChange(pending, after), eventName })?.kind ?? null;
  expect([denied, signed].map((after) => kindOf(after, 'MODIFY'))).toEqual(['payment_decided', 'payment_decided']);
  expect([denied, signed, pending].map((after) => kindOf(after, 'INSERT'))).toEqual(['payment_decided', null, null]);
  expect([denied, signed].map((after) => kindOf(after, 'REMOVE'))).toEqual([null, null]);
  const record = paymentChange(pending, denied);
  // The gate is in the same table.
  const gate = { ...record.dynamodb.NewImage, pk: { S: 'GATE' }, st: { S: 'E' } };
  const open = { ...gate, st: { S: 'A' } };
  expect(parseBooksChange({ ...record, dynamodb: { SequenceNumber: '1', OldImage: open, NewImage: gate } })).toBeNull();
});
