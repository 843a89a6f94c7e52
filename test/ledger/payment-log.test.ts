import { BatchGetItemCommand, DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BATCH_READ_ATTEMPTS_MAX, BATCH_READ_WAIT_MIN_MS } from '../../lib/domain/limits.ts';
import type { PaymentLog } from '../../lib/domain/ports/books.ts';
import { NotNow } from '../../lib/domain/ports/services.ts';
import { addMs } from '../../lib/domain/time.ts';
import { toPaymentItem } from '../../lib/ledger/dynamodb/books/payment-items.ts';
import { createStoreClient, toStoreClient } from '../../lib/ledger/dynamodb/store/sdk-client.ts';
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

  function mockLog() {
    const client = new DynamoDBClient({ region: 'us-east-1' });
    const mock = mockClient(client);
    mock.on(QueryCommand).resolves({ Items: items });
    sleeps.length = 0;
    return { mock, log: createPaymentLog({ ...wiring, tableName, client: toStoreClient(client), clock }) };
  }

  test('names a payment in the index that it no longer has gets the others listed', async () => {
    const { mock, log } = mockLog();
    mock.on(BatchGetItemCommand).resolves({ Responses: { [tableName]: [items[2]!, items[0]!] } });
    expect((await log.listPayments(session, { maxResults: 10 })).items).toEqual([payments[0], payments[2]]);
  });

  test('leaves keys unprocessed is asked for them again, ever later, and the page keeps its order', async () => {
    const { mock, log } = mockLog();
    mock
      .on(BatchGetItemCommand)
      .resolvesOnce({ Responses: { [tableName]: [items[1]!] }, UnprocessedKeys: { [tableName]: keysOf([2, 0]) } })
      .resolvesOnce({ Responses: { [tableName]: [items[2]!] }, UnprocessedKeys: { [tableName]: keysOf([0]) } })
      .resolvesOnce({ Responses: { [tableName]: [items[0]!] }, UnprocessedKeys: {} });
    expect((await log.listPayments(session, { maxResults: 10 })).items).toEqual(payments);
    const asked = mock
      .commandCalls(BatchGetItemCommand)
      .map(({ args }) => args[0].input.RequestItems?.[tableName]?.Keys);
    expect(asked).toEqual([keysOf([0, 1, 2]).Keys, keysOf([2, 0]).Keys, keysOf([0]).Keys]);
    expect(sleeps).toEqual([BATCH_READ_WAIT_MIN_MS, 2 * BATCH_READ_WAIT_MIN_MS]);
  });

  test('never processes a key is given up on with NotNow', async () => {
    const { mock, log } = mockLog();
    mock.on(BatchGetItemCommand).resolves({ UnprocessedKeys: { [tableName]: keysOf([0]) } });
    await expect(log.listPayments(session, { maxResults: 10 })).rejects.toThrow(NotNow);
    expect(mock.commandCalls(BatchGetItemCommand)).toHaveLength(BATCH_READ_ATTEMPTS_MAX);
    expect(sleeps).toHaveLength(BATCH_READ_ATTEMPTS_MAX - 1);
  });
});
