import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll } from 'vitest';
import { toSessionItem } from '../../lib/ledger/dynamodb/books/session-items.ts';
import { createStoreClient } from '../../lib/ledger/dynamodb/store/sdk-client.ts';
import { createLedger } from '../../lib/ledger/dynamodb/books/ledger.ts';
import { ledgerContract } from '../contracts/ledger.ts';
import { withDatabase } from '../support/database.ts';
import { wiring } from '../support/wiring.ts';

const database = withDatabase();
beforeAll(() => {
  Object.assign(process.env, database.environment);
});

ledgerContract('the ledger on DynamoDB', async () => ({
  ledger: createLedger({
    ...wiring,
    tableName: database.booksTable,
    client: createStoreClient({ maxAttempts: 3 }),
    singleSendClient: createStoreClient({ maxAttempts: 1 }),
  }),
  open: async (session) => {
    const item = toSessionItem(session, 'hash');
    await database.client.send(new PutItemCommand({ TableName: database.booksTable, Item: item }));
  },
}));
