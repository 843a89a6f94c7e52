import { randomBytes } from 'node:crypto';
import { createJsonService, type JsonObject, type JsonService } from '../../../aws/json-service.ts';
import type { Environment } from '../../../aws/credentials.ts';
import { ServiceFailure } from '../../../aws/failures.ts';
import { STORE_ANSWER_MAX_BYTES, STORE_TIMEOUT_MS } from '../../../domain/limits.ts';
import { decodeItem, encodeItem } from './attribute-json.ts';
import type { Item, StoreClient, StoreClientOptions, TransactWriteItem, WriteAnswer } from './client.ts';
import { toStoreError } from './failures.ts';

/** DynamoDB without the SDK. Stores made from one of these share its connections. */
export interface LeanStore {
  createClient(options: StoreClientOptions): StoreClient;
  /** Opens connections ahead of the first calls. */
  connect(count: number): void;
  close(): void;
}

export function createLeanStore(env: Environment): LeanStore {
  const service = createJsonService({
    service: 'dynamodb',
    jsonVersion: '1.0',
    targetPrefix: 'DynamoDB_20120810',
    answerMaxBytes: STORE_ANSWER_MAX_BYTES,
    env,
  });
  return {
    createClient: (options) => createClient(service, options),
    connect: (count) => service.connect(count),
    close: () => service.close(),
  };
}

type Input = Readonly<Record<string, unknown>>;

function createClient(
  service: JsonService,
  { maxAttempts, timeoutMs = STORE_TIMEOUT_MS }: StoreClientOptions,
): StoreClient {
  const limits = { maxAttempts, timeoutMs };
  const send = (operation: string, input: Input) => service.call(operation, JSON.stringify(input), limits);
  const ask = async (operation: string, input: Input): Promise<JsonObject> => {
    try {
      return await send(operation, input);
    } catch (error) {
      throw toStoreError(operation, error);
    }
  };
  const write = async (operation: string, input: Input): Promise<WriteAnswer> => {
    try {
      return { kind: 'applied', item: itemIn(await send(operation, input), 'Attributes') };
    } catch (error) {
      if (!isNamed(error, 'ConditionalCheckFailedException')) throw toStoreError(operation, error);
      return { kind: 'refused', item: itemIn(error.members, 'Item') };
    }
  };
  const batchGetItems: StoreClient['batchGetItems'] = async (parts) => {
    const tables = parts.map(({ TableName, Keys, ...rest }) => [TableName, { Keys: Keys.map(encodeItem), ...rest }]);
    const { Responses, UnprocessedKeys } = await ask('BatchGetItem', { RequestItems: Object.fromEntries(tables) });
    return parts.map(({ TableName: name }) => ({
      items: itemsIn(memberOf(Responses, name)),
      unprocessedKeys: itemsIn(memberOf(memberOf(UnprocessedKeys, name), 'Keys')),
    }));
  };
  return {
    getItem: async (input) => itemIn(await ask('GetItem', encode(input)), 'Item'),
    putItem: async (input) => {
      const answer = await write('PutItem', encode(input));
      return answer.kind === 'applied' ? { kind: 'applied', item: null } : answer;
    },
    updateItem: (input) => write('UpdateItem', encode(input)),
    deleteItem: (input) => write('DeleteItem', encode(input)),
    query: async (input) => {
      const answer = await ask('Query', encode(input));
      return { items: itemsIn(answer['Items']), lastKey: itemIn(answer, 'LastEvaluatedKey') };
    },
    batchGetItem: async (part) => (await batchGetItems([part]))[0]!,
    batchGetItems,
    transactWriteItems: async ({ TransactItems, ClientRequestToken = drawToken() }) => {
      try {
        await send('TransactWriteItems', { TransactItems: TransactItems.map(encodePart), ClientRequestToken });
        return { kind: 'applied' };
      } catch (error) {
        if (!isNamed(error, 'TransactionCanceledException')) throw toStoreError('TransactWriteItems', error);
        return { kind: 'cancelled', reasons: reasonsIn(error.members) };
      }
    },
  };
}

function isNamed(error: unknown, name: string): error is ServiceFailure {
  return error instanceof ServiceFailure && error.name === name;
}

/** 32 characters; DynamoDB takes 36. */
function drawToken(): string {
  return randomBytes(16).toString('hex');
}

/** An input as it stands on the wire: the same, but for bytes. */
function encode(input: {
  readonly Key?: Item;
  readonly Item?: Item;
  readonly ExclusiveStartKey?: Item;
  readonly ExpressionAttributeValues?: Readonly<Item>;
}): Input {
  const { Key, Item: item, ExclusiveStartKey: start, ExpressionAttributeValues: values, ...rest } = input;
  return {
    ...rest,
    ...(Key === undefined ? {} : { Key: encodeItem(Key) }),
    ...(item === undefined ? {} : { Item: encodeItem(item) }),
    ...(start === undefined ? {} : { ExclusiveStartKey: encodeItem(start) }),
    ...(values === undefined ? {} : { ExpressionAttributeValues: encodeItem(values) }),
  };
}

function encodePart(part: TransactWriteItem): Input {
  if ('Put' in part) return { Put: encode(part.Put) };
  return 'Update' in part ? { Update: encode(part.Update) } : { Delete: encode(part.Delete) };
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as JsonObject)[name] : undefined;
}

function itemIn(answer: JsonObject, name: string): Item | null {
  const value = answer[name];
  return value === undefined || value === null ? null : decodeItem(value);
}

function itemsIn(value: unknown): readonly Item[] {
  return Array.isArray(value) ? value.map(decodeItem) : [];
}

function reasonsIn({ CancellationReasons: reasons }: JsonObject) {
  if (!Array.isArray(reasons)) return [];
  return reasons.map((reason: JsonObject) => ({
    code: typeof reason['Code'] === 'string' ? reason['Code'] : 'None',
    item: itemIn(reason, 'Item'),
  }));
}
