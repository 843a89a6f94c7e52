import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll } from 'vitest';
import { createLedger } from '../../lib/ledger/dynamodb/books/ledger.ts';
import { toSessionItem } from '../../lib/ledger/dynamodb/books/new-session-item.ts';
import { createStoreClient } from '../../lib/ledger/dynamodb/store/sdk-client.ts';
import { createWindowBooks } from '../../lib/ledger/dynamodb/windows/window-books.ts';
import { chargesContract } from '../contracts/charges.ts';
import { withDatabase } from '../support/database.ts';
import { newBooks } from '../support/model-ledger.ts';
import { carryTo, createModelLedger, windowsOver } from '../support/model-ports.ts';
import { withSession } from '../support/model-operator.ts';
import { wiring } from '../support/wiring.ts';

const database = withDatabase();
beforeAll(() => {
  Object.assign(process.env, database.environment);
});

chargesContract('the ledger on DynamoDB', async () => {
  const { booksTable: tableName } = await database.freshTables();
  const client = createStoreClient({ maxAttempts: 3 });
  return {
    ledger: createLedger({ ...wiring, tableName, client, singleSendClient: createStoreClient({ maxAttempts: 1 }) }),
    windows: createWindowBooks({ tableName, client }),
    open: async (session) => {
      await database.client.send(new PutItemCommand({ TableName: tableName, Item: toSessionItem(session, 'hash') }));
    },
  };
});

chargesContract("the explorer's model", async () => {
  const holder = { books: newBooks() };
  return {
    ledger: createModelLedger(holder),
    windows: windowsOver(carryTo(holder)),
    open: async (session) => {
      holder.books = withSession(holder.books, session);
    },
  };
});
