import { GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SWEEP_PAGE_ITEMS } from '../../lib/domain/limits.ts';
import type { DueVisit, SweepIndex } from '../../lib/domain/ports/books.ts';
import { NotNow } from '../../lib/domain/ports/services.ts';
import type { Payment } from '../../lib/domain/payment/payment.ts';
import { addMs } from '../../lib/domain/time.ts';
import { paymentPk, sweepShard } from '../../lib/ledger/dynamodb/books/keys.ts';
import { toPaymentItem } from '../../lib/ledger/dynamodb/books/payment-items.ts';
import { toSessionItem } from '../../lib/ledger/dynamodb/books/new-session-item.ts';
import { createStoreClient } from '../../lib/ledger/dynamodb/store/sdk-client.ts';
import { createLedger } from '../../lib/ledger/dynamodb/books/ledger.ts';
import { createSweepIndex } from '../../lib/ledger/dynamodb/books/sweep-index.ts';
import { createSweepReads } from '../../lib/ledger/dynamodb/books/sweep-reads.ts';
import { withDatabase } from '../support/database.ts';
import { makePayment, makeSession, NOW } from '../support/payments.ts';
import { wiring } from '../support/wiring.ts';
import type { StoreClient } from '../../lib/ledger/dynamodb/store/client.ts';

const database = withDatabase();
let store: { tableName: string; client: StoreClient };
let index: SweepIndex;
beforeAll(() => {
  Object.assign(process.env, database.environment);
});
beforeEach(async () => {
  const { booksTable } = await database.freshTables();
  store = { tableName: booksTable, client: createStoreClient({ maxAttempts: 1 }) };
  index = createSweepIndex(store);
});

const session = makeSession();
const LATER = addMs(NOW, 60_000);

async function place(overrides: Partial<Payment> = {}): Promise<Payment> {
  const payment = makePayment(session, overrides);
  await database.client.send(
    new PutItemCommand({ TableName: store.tableName, Item: toPaymentItem(payment, wiring.schemeOf) }),
  );
  return payment;
}

const visitOf = ({ id, leaseUntil }: Payment): DueVisit => ({ id, shard: sweepShard(id), dueAt: leaseUntil });

async function itemOf({ id }: Payment) {
  const input = { TableName: store.tableName, Key: { pk: { S: paymentPk(id) } }, ConsistentRead: true };
  return (await database.client.send(new GetItemCommand(input))).Item!;
}

describe('due visits', () => {
  test('come page by page, each once, oldest first, also where some of a page are gone', async () => {
    const all: Payment[] = [];
    while (all.length < 2 * SWEEP_PAGE_ITEMS + 1) {
      const payment = makePayment(session, { leaseUntil: addMs(NOW, all.length >> 1) });
      if (sweepShard(payment.id) !== 7) continue;
      all.push(payment);
      await database.client.send(
        new PutItemCommand({ TableName: store.tableName, Item: toPaymentItem(payment, wiring.schemeOf) }),
      );
    }
    const first = await index.dueVisits(7, LATER, null);
    for (const { id } of first.slice(50)) await index.dropVisit(id, 1);
    const second = await index.dueVisits(7, LATER, first.at(-1)!);
    const third = await index.dueVisits(7, LATER, second.at(-1)!);
    const found = [...first, ...second, ...third];
    expect([first.length, second.length, third.length]).toEqual([SWEEP_PAGE_ITEMS, SWEEP_PAGE_ITEMS, 1]);
    expect(new Set(found.map(({ id }) => id))).toEqual(new Set(all.map(({ id }) => id)));
    expect(found.map(({ dueAt }) => dueAt)).toEqual(all.map(({ leaseUntil }) => leaseUntil));
    expect(await index.dueVisits(7, NOW, null)).toHaveLength(2);
  });
});

describe('a visit that failed', () => {
  test('is due later, and keeps when it was due first however often it fails', async () => {
    const payment = await place();
    const visit = visitOf(payment);
    expect(await index.putOff(visit, LATER)).toBe(payment.leaseUntil);
    expect(await index.dueVisits(visit.shard, addMs(LATER, -1), null)).toEqual([]);
    const again = { ...visit, dueAt: LATER };
    expect(await index.dueVisits(visit.shard, LATER, null)).toEqual([again]);
    expect(await index.putOff(again, addMs(LATER, 1))).toBe(payment.leaseUntil);
  });

  test('stays where it is if another run or a later attempt has moved it', async () => {
    const payment = await place();
    await index.postponeVisit(payment.id, 1, LATER);
    expect(await index.putOff(visitOf(payment), addMs(LATER, 1))).toBeNull();
    expect(await itemOf(payment)).toMatchObject({ sv: { N: String(LATER) } });
    await index.dropVisit(payment.id, 1);
    expect(await index.putOff({ ...visitOf(payment), dueAt: LATER }, addMs(LATER, 1))).toBeNull();
    expect(await itemOf(payment)).not.toHaveProperty('sv');
  });

  test('makes no item where there is none', async () => {
    const payment = makePayment(session);
    expect(await index.putOff(visitOf(payment), LATER)).toBeNull();
    expect(await itemOf(payment)).toBeUndefined();
  });

  test('is forgotten by the attempt that takes the payment over', async () => {
    const payment = await place();
    await index.putOff(visitOf(payment), LATER);
    const ledger = createLedger({ ...wiring, ...store, singleSendClient: store.client });
    const { id, attempt, owner, offer, terms } = payment;
    const leaseUntil = addMs(LATER, 60_000);
    await ledger.takeOver({ id, attempt, owner, leaseUntil, offer, terms });
    const item = await itemOf(payment);
    expect(item).toMatchObject({ sh: { S: String(sweepShard(id)) }, sv: { N: String(leaseUntil) } });
    expect(item).not.toHaveProperty('sf');
  });

  test.each(['dropVisit', 'postponeVisit'] as const)('is forgotten by the next that succeeds: %s', async (end) => {
    const payment = await place();
    await index.putOff(visitOf(payment), LATER);
    expect(await itemOf(payment)).toHaveProperty('sf');
    await index[end](payment.id, 1, addMs(LATER, 1));
    expect(await itemOf(payment)).not.toHaveProperty('sf');
  });
});

describe('reads of a page', () => {
  const reads = () => createSweepReads({ ...wiring, ...store, clock: { sleep: async () => undefined } });

  test('are in the order asked for, with null for what is not there', async () => {
    const [first, second] = [await place(), await place()];
    const missing = makePayment(session);
    const read = await reads().readPayments([second.id, missing.id, first.id]);
    expect(read.map((each) => (each.status === 'fulfilled' ? (each.value?.id ?? null) : each))).toEqual([
      second.id,
      null,
      first.id,
    ]);
  });

  test('fail for the one item that cannot be read, in its place', async () => {
    const [good, bad] = [await place(), await place()];
    await database.client.send(
      new UpdateItemCommand({
        TableName: store.tableName,
        Key: { pk: { S: paymentPk(bad.id) } },
        UpdateExpression: 'SET v = :v',
        ExpressionAttributeValues: { ':v': { N: '99' } },
      }),
    );
    const read = await reads().readPayments([bad.id, good.id]);
    expect(read.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });

  test('fail for a session whose books do not balance, and answer one session as often as it is asked for', async () => {
    const [sound, unsound] = [makeSession(), makeSession({ inFlight: 3 })];
    for (const each of [sound, unsound]) {
      await database.client.send(new PutItemCommand({ TableName: store.tableName, Item: toSessionItem(each, 'h') }));
    }
    const read = await reads().readSessions([sound, unsound, sound]);
    expect(read.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  test('fail for the keys that the database leaves unread, after asking for them again', async () => {
    const [first, second] = [await place(), await place()];
    const asked: number[] = [];
    const client: StoreClient = {
      ...store.client,
      batchGetItem: async ({ Keys: keys }) => {
        asked.push(keys.length);
        const unprocessedKeys = keys.filter(({ pk }) => pk?.S === paymentPk(second.id));
        return { items: keys.length === 1 ? [] : [await itemOf(first)], unprocessedKeys };
      },
    };
    const read = await createSweepReads({
      ...wiring,
      tableName: store.tableName,
      client,
      clock: { sleep: async () => undefined },
    }).readPayments([first.id, second.id]);
    expect(asked).toEqual([2, 1, 1, 1]);
    expect(read).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected', reason: expect.any(NotNow) }]);
  });
});
