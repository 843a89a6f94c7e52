import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll } from 'vitest';
import { toSessionItem } from '../../lib/ledger/dynamodb/books/new-session-item.ts';
import { createStoreClient } from '../../lib/ledger/dynamodb/store/sdk-client.ts';
import { createLedger } from '../../lib/ledger/dynamodb/books/ledger.ts';
import { ledgerRepetitionsContract } from '../contracts/ledger-repetitions.ts';
import { ledgerContract, type LedgerUnderTest } from '../contracts/ledger.ts';
import { withDatabase } from '../support/database.ts';
import { wiring } from '../support/wiring.ts';

const database = withDatabase();
beforeAll(() => {
  Object.assign(process.env, database.environment);
});

const make = async (): Promise<LedgerUnderTest> => ({
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
});

ledgerContract('the ledger on DynamoDB', make);
ledgerRepetitionsContract('the ledger on DynamoDB', make);
