import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  type KeysAndAttributes,
  PutItemCommand,
  QueryCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { STORE_TIMEOUT_MS } from '../../../domain/limits.ts';
import type { Item, StoreClient, StoreClientOptions, WriteAnswer } from './client.ts';
import { toStoreError } from './failures.ts';

/** The store behind the AWS SDK: a request that takes longer than a second throws instead of logging a warning. */
export function createStoreClient({ maxAttempts, timeoutMs = STORE_TIMEOUT_MS }: StoreClientOptions): StoreClient {
  return toStoreClient(
    new DynamoDBClient({
      maxAttempts,
      requestHandler: {
        requestTimeout: timeoutMs,
        connectionTimeout: timeoutMs,
        throwOnRequestTimeout: true,
      },
    }),
  );
}

/** The store behind a client of the SDK, whose options decide on attempts and time. */
export function toStoreClient(client: DynamoDBClient): StoreClient {
  const batchGetItems: StoreClient['batchGetItems'] = (parts) =>
    run('BatchGetItem', async () => {
      const tables = parts.map(({ TableName, Keys, ...rest }): [string, KeysAndAttributes] => [
        TableName,
        { Keys: [...Keys], ...rest },
      ]);
      const command = new BatchGetItemCommand({ RequestItems: Object.fromEntries(tables) });
      const { Responses, UnprocessedKeys } = await client.send(command);
      return parts.map(({ TableName: name }) => ({
        items: Responses?.[name] ?? [],
        unprocessedKeys: UnprocessedKeys?.[name]?.Keys ?? [],
      }));
    });
  return {
    getItem: (input) => run('GetItem', async () => (await client.send(new GetItemCommand({ ...input }))).Item ?? null),
    putItem: (input) =>
      write('PutItem', async () => {
        await client.send(new PutItemCommand({ ...input }));
        return null;
      }),
    updateItem: (input) =>
      write('UpdateItem', async () => (await client.send(new UpdateItemCommand({ ...input }))).Attributes ?? null),
    deleteItem: (input) =>
      write('DeleteItem', async () => (await client.send(new DeleteItemCommand({ ...input }))).Attributes ?? null),
    query: (input) =>
      run('Query', async () => {
        const { Items: items = [], LastEvaluatedKey: lastKey = null } = await client.send(
          new QueryCommand({ ...input }),
        );
        return { items, lastKey };
      }),
    batchGetItem: async (part) => (await batchGetItems([part]))[0]!,
    batchGetItems,
    transactWriteItems: ({ TransactItems, ...rest }) =>
      run('TransactWriteItems', async () => {
        try {
          await client.send(new TransactWriteItemsCommand({ TransactItems: [...TransactItems], ...rest }));
          return { kind: 'applied' } as const;
        } catch (error) {
          if (!(error instanceof TransactionCanceledException)) throw error;
          const reasons = (error.CancellationReasons ?? []).map(({ Code: code = 'None', Item: item = null }) => ({
            code,
            item,
          }));
          return { kind: 'cancelled', reasons } as const;
        }
      }),
  };
}

async function write(operation: string, send: () => Promise<Item | null>): Promise<WriteAnswer> {
  return run(operation, async () => {
    try {
      return { kind: 'applied', item: await send() } as const;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { kind: 'refused', item: error.Item ?? null } as const;
    }
  });
}

async function run<T>(operation: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toStoreError(operation, error);
  }
}
