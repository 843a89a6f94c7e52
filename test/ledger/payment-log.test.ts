import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BATCH_READ_ATTEMPTS_MAX, BATCH_READ_WAIT_MIN_MS } from '../../lib/domain/limits.ts';
import type { PaymentLog } from '../../lib/domain/ports/books.ts';
import { NotNow } from '../../lib/domain/ports/services.ts';
import { addMs } from '../../lib/domain/time.ts';
import { encodeItem } from '../../lib/ledger/dynamodb/store/attribute-json.ts';
import { createLeanStore, type LeanStore } from '../../lib/ledger/dynamodb/store/lean-client.ts';
import { createStoreClient } from '../../lib/ledger/dynamodb/store/sdk-client.ts';
import { startWire, type Wire } from '../support/wire.ts';
import { toPaymentItem } from '../../lib/ledger/dynamodb/books/payment-items.ts';
import { createLedger } from '../../lib/ledger/dynamodb/books/ledger.ts';
import { createPaymentLog } from '../../lib/ledger/dynamodb/books/payment-log.ts';
import { paymentLogContract } from '../contracts/payment-log.ts';
import { times } from '../contracts/parallel.ts';
import { withDatabase } from '../support/database.ts';
import { NOW, makePayment, makeSession } from '../support/payments.ts';
import { makeManagerId } from '../support/registry.ts';
import { startStoreHop, type StoreHop } from '../support/store-hop.ts';
import { wiring } from '../support/wiring.ts';

const database = withDatabase();
const sleeps: number[] = [];
const clock = {
  sleep: async (ms: number) => {
    sleeps.push(ms);
  },
};
let hop: StoreHop;

beforeAll(async () => {
  hop = await startStoreHop(database.endpoint);
  Object.assign(process.env, database.environment, { AWS_ENDPOINT_URL_DYNAMODB: hop.endpoint });
});
afterAll(() => hop.close());

function makeLog() {
  const client = createStoreClient({ maxAttempts: 3, timeoutMs: 20_000 });
  const tableName = database.booksTable;
  const log: PaymentLog = createPaymentLog({ ...wiring, tableName, client, clock });
  return { client, log, ledger: createLedger({ ...wiring, tableName, client, singleSendClient: client }) };
}

paymentLogContract('the payment log on DynamoDB', async () => {
  const { log, ledger } = makeLog();
  return {
    log,
    intend: (payment) => ledger.putIntent(payment),
    abort: async (payment) => (await ledger.decide(payment.id, 1, { status: 'ABORTED', at: addMs(NOW, 9) })).payment,
  };
});

describe('a page of payments', () => {
  test('costs two requests, however long the list', async () => {
    const session = makeSession({ managerId: makeManagerId() });
    const { log, ledger } = makeLog();
    await Promise.all(times(30, () => ledger.putIntent(makePayment(session))));
    hop.forget();
    expect((await log.listPayments(session, { maxResults: 10 })).items).toHaveLength(10);
    expect(hop.calls.map(({ operation }) => operation)).toEqual(['Query', 'BatchGetItem']);
  });

  test('costs one request where there is nothing', async () => {
    hop.forget();
    expect(await makeLog().log.listPayments(makeSession(), { maxResults: 10 })).toEqual({ items: [] });
    expect(hop.calls.map(({ operation }) => operation)).toEqual(['Query']);
  });
});

describe('a database that', () => {
  const tableName = 'books';
  const session = makeSession();
  const payments = times(3, (index) => makePayment(session, { createdAt: addMs(NOW, index) }));
  const items = payments.map((payment) => toPaymentItem(payment, wiring.schemeOf));
  const keysOf = (indexes: readonly number[]) => ({ Keys: indexes.map((index) => ({ pk: items[index]!['pk']! })) });
  const onWire = (indexes: readonly number[]) => indexes.map((index) => encodeItem(items[index]!));

  let wire: Wire;
  let store: LeanStore;
  beforeEach(async () => {
    wire = await startWire();
    store = createLeanStore(wire.environment);
    sleeps.length = 0;
  });
  afterEach(async () => {
    store.close();
    await wire.close();
  });

  /** A log whose index has all payments, and whose batches are answered so, the last of them for ever. */
  function scriptLog(...batches: readonly object[]): PaymentLog {
    let next = 0;
    wire.reply = ({ operation }) =>
      operation === 'Query'
        ? { body: { Items: onWire([0, 1, 2]) } }
        : { body: batches[Math.min(next++, batches.length - 1)]! };
    return createPaymentLog({ ...wiring, tableName, client: store.createClient({ maxAttempts: 1 }), clock });
  }
  const batches = () => wire.requests.filter(({ operation }) => operation === 'BatchGetItem');

  test('names a payment in the index that it no longer has gets the others listed', async () => {
    const log = scriptLog({ Responses: { [tableName]: onWire([2, 0]) } });
    expect((await log.listPayments(session, { maxResults: 10 })).items).toEqual([payments[0], payments[2]]);
  });

  test('leaves keys unprocessed is asked for them again, ever later, and the page keeps its order', async () => {
    const log = scriptLog(
      { Responses: { [tableName]: onWire([1]) }, UnprocessedKeys: { [tableName]: keysOf([2, 0]) } },
      { Responses: { [tableName]: onWire([2]) }, UnprocessedKeys: { [tableName]: keysOf([0]) } },
      { Responses: { [tableName]: onWire([0]) }, UnprocessedKeys: {} },
    );
    expect((await log.listPayments(session, { maxResults: 10 })).items).toEqual(payments);
    const asked = batches().map(({ body }) => {
      const { RequestItems: tables } = JSON.parse(body) as { RequestItems: Record<string, { Keys: unknown }> };
      return tables[tableName]?.Keys;
    });
    expect(asked).toEqual([keysOf([0, 1, 2]).Keys, keysOf([2, 0]).Keys, keysOf([0]).Keys]);
    expect(sleeps).toEqual([BATCH_READ_WAIT_MIN_MS, 2 * BATCH_READ_WAIT_MIN_MS]);
  });

  test('never processes a key is given up on with NotNow', async () => {
    const log = scriptLog({ UnprocessedKeys: { [tableName]: keysOf([0]) } });
    await expect(log.listPayments(session, { maxResults: 10 })).rejects.toThrow(NotNow);
    expect(batches()).toHaveLength(BATCH_READ_ATTEMPTS_MAX);
    expect(sleeps).toHaveLength(BATCH_READ_ATTEMPTS_MAX - 1);
  });
});
