import type { AttributeValue, Item, StoreClient } from './client.ts';

export interface StoreTable {
  readonly tableName: string;
  readonly client: StoreClient;
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
 * Puts an item under a condition. The client repeats a write whose reply was lost, and the repetition meets its own item:
 * callers must recognise it in a `refused`, or treat it like anybody else's.
 */
export async function putIf(table: StoreTable, item: Item, condition: Condition): Promise<WriteOutcome> {
  const { names = [], values } = condition;
  const answer = await table.client.putItem({
    TableName: table.tableName,
    Item: item,
    ConditionExpression: condition.expression,
    ...(names.length === 0 ? {} : { ExpressionAttributeNames: toAliases(names) }),
    ...(values === undefined ? {} : { ExpressionAttributeValues: values }),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  return answer.kind === 'applied' ? { kind: 'applied', item } : answer;
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
  const answer = await table.client.updateItem({
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
  return answer.kind === 'applied' ? { kind: 'applied', item: answer.item ?? {} } : answer;
}

function toAliases(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [`#${name}`, name]));
}
