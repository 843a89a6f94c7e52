import {
  ConditionalCheckFailedException,
  PutItemCommand,
  UpdateItemCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { callStore, type Item } from './client.ts';

export interface StoreTable {
  readonly tableName: string;
  readonly client: DynamoDBClient;
}

/** When a write may happen. Attribute names in the expression are aliased as `#name` where `names` lists them. */
export interface Condition {
  readonly expression: string;
  readonly names?: readonly string[];
  readonly values?: Readonly<Record<`:${string}`, AttributeValue>>;
}

export type WriteOutcome =
  | { readonly kind: 'applied'; readonly item: Item }
  /** Nothing was written. The item is the one that the condition saw; `null`: there is none. */
  | { readonly kind: 'refused'; readonly item: Item | null };

/**
 * Puts an item under a condition. The SDK repeats a write whose reply was lost, and the repetition meets its own item:
 * callers must recognise it in a `refused`, or treat it like anybody else's.
 */
export async function putIf(table: StoreTable, item: Item, condition: Condition): Promise<WriteOutcome> {
  const { names = [], values } = condition;
  const command = new PutItemCommand({
    TableName: table.tableName,
    Item: item,
    ConditionExpression: condition.expression,
    ...(names.length === 0 ? {} : { ExpressionAttributeNames: toAliases(names) }),
    ...(values === undefined ? {} : { ExpressionAttributeValues: values }),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  return writeOnce('PutItem', async () => {
    await table.client.send(command);
    return item;
  });
}

/** Sets and removes attributes of an item under a condition; `applied` carries the whole new item. See `putIf`. */
export async function updateIf(
  table: StoreTable,
  key: Item,
  change: { readonly set: Item; readonly remove?: readonly string[] },
  condition: Condition,
): Promise<WriteOutcome> {
  const { set, remove = [] } = change;
  const names = Object.keys(set);
  const removal = remove.length === 0 ? '' : ` REMOVE ${remove.map((name) => `#${name}`).join(', ')}`;
  const command = new UpdateItemCommand({
    TableName: table.tableName,
    Key: key,
    UpdateExpression: `SET ${names.map((name) => `#${name} = :set_${name}`).join(', ')}${removal}`,
    ConditionExpression: condition.expression,
    ExpressionAttributeNames: toAliases([...names, ...remove, ...(condition.names ?? [])]),
    ExpressionAttributeValues: {
      ...Object.fromEntries(Object.entries(set).map(([name, value]) => [`:set_${name}`, value])),
      ...condition.values,
    },
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  return writeOnce('UpdateItem', async () => (await table.client.send(command)).Attributes ?? {});
}

function toAliases(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [`#${name}`, name]));
}

async function writeOnce(operation: string, send: () => Promise<Item>): Promise<WriteOutcome> {
  return callStore(operation, async () => {
    try {
      return { kind: 'applied', item: await send() } as const;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { kind: 'refused', item: error.Item ?? null } as const;
    }
  });
}
