import { createLeanStore } from '../../lib/ledger/dynamodb/store/lean-client.ts';
import { createStoreClient } from '../../lib/ledger/dynamodb/store/sdk-client.ts';
import { storeClientContract } from '../contracts/store-client.ts';
import { withDatabase } from '../support/database.ts';

const database = withDatabase();

storeClientContract('the store over the lean transport', database, (options) =>
  createLeanStore(process.env).createClient(options),
);
storeClientContract('the store behind the SDK', database, createStoreClient);
