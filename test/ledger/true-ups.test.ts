import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll } from 'vitest';
import { createLedger } from '../../lib/ledger/dynamodb/books/ledger.ts';
import { toSessionItem } from '../../lib/ledger/dynamodb/books/new-session-item.ts';
import { createTrueUps } from '../../lib/ledger/dynamodb/books/true-ups.ts';
import { createStoreClient } from '../../lib/ledger/dynamodb/store/sdk-client.ts';
import { trueUpsContract } from '../contracts/true-ups.ts';
import { withDatabase } from '../support/database.ts';
import { newBooks } from '../support/model-ledger.ts';
import { carryTo, createModelLedger, trueUpsOver } from '../support/model-ports.ts';
import { withSession } from '../support/model-operator.ts';
import { wiring } from '../support/wiring.ts';

const database = withDatabase();
beforeAll(() => {
  Object.assign(process.env, database.environment);
});

trueUpsContract('DynamoDB', async () => {
  const table = { tableName: database.booksTable, client: createStoreClient({ maxAttempts: 3 }) };
  return {
    ledger: createLedger({ ...wiring, ...table, singleSendClient: createStoreClient({ maxAttempts: 1 }) }),
    trueUps: createTrueUps(table),
    open: async (session) => {
      const item = toSessionItem(session, 'hash');
      await database.client.send(new PutItemCommand({ TableName: database.booksTable, Item: item }));
    },
  };
});

trueUpsContract("the explorer's model", async () => {
  const holder = { books: newBooks() };
  return {
    ledger: createModelLedger(holder),
    trueUps: trueUpsOver(carryTo(holder)),
    open: async (session) => {
      holder.books = withSession(holder.books, session);
    },
  };
});
