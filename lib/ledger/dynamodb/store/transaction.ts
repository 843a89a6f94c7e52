import { StoreRefused, WriteConflict, type CancellationReason, type Item, type TransactWriteItem } from './client.ts';
import type { Condition, StoreTable } from './conditional-write.ts';
import { repeatConflicts } from './write-conflicts.ts';

/** One part of a transaction. `add` counts up or down, from zero where the attribute is missing. */
export type TransactionPart =
  | {
      readonly kind: 'put';
      readonly item: Item;
      readonly condition?: Condition;
      /** @default the one of the transaction */
      readonly tableName?: string;
    }
  | {
      readonly kind: 'update';
      readonly key: Item;
      readonly set?: Item;
      readonly add?: Item;
      readonly remove?: readonly string[];
      readonly condition: Condition;
    }
  /** An update in DynamoDB's own words, for what lies within maps. */
  | {
      readonly kind: 'expressed';
      readonly key: Item;
      readonly update: string;
      readonly condition: string;
      /** By placeholder. */
      readonly names: Readonly<Record<string, string>>;
      readonly values: Item;
    }
  | { readonly kind: 'delete'; readonly key: Item; readonly condition?: Condition };

export type TransactionOutcome =
  | { readonly kind: 'applied' }
  /** Nothing was written. For each part whose condition failed, by its place: the item it saw, or `null` for none. */
  | { readonly kind: 'refused'; readonly failed: ReadonlyMap<number, Item | null> };

/**
 * Writes all parts or none. The client repeats a transaction whose reply was lost under the same request token, so a repetition
 * is recognised by DynamoDB itself.
 * @throws NotNow where transactions of others have one of the items, again and again
 * @throws OutcomeUnknown also where an earlier try of this very transaction is still at work
 */
export async function transactIf(table: StoreTable, parts: readonly TransactionPart[]): Promise<TransactionOutcome> {
  const TransactItems = parts.map((part) => toWriteItem(table, part));
  return repeatConflicts(() => sendTransaction(table, TransactItems));
}

async function sendTransaction(
  { client }: StoreTable,
  TransactItems: readonly TransactWriteItem[],
): Promise<TransactionOutcome> {
  const answer = await client.transactWriteItems({ TransactItems });
  return answer.kind === 'applied' ? answer : toRefusal(answer.reasons);
}

/** Reasons that pass by themselves. */
const TRANSIENT = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);

function toRefusal(reasons: readonly CancellationReason[]): TransactionOutcome {
  const failed = new Map(
    reasons.flatMap(({ code, item }, place) => (code === 'ConditionalCheckFailed' ? [[place, item] as const] : [])),
  );
  if (failed.size > 0) return { kind: 'refused', failed };
  const codes = reasons.map(({ code }) => code);
  if (!codes.some((code) => TRANSIENT.has(code))) {
    throw new StoreRefused('TransactionCanceledException', `the transaction was cancelled: ${codes.join(', ')}`);
  }
  throw new WriteConflict('another write has one of the items of the transaction');
}

function toWriteItem({ tableName }: StoreTable, part: TransactionPart): TransactWriteItem {
  switch (part.kind) {
    case 'put':
      return { Put: { TableName: part.tableName ?? tableName, Item: part.item, ...maybeCondition(part.condition) } };
    case 'delete':
      return {
        Delete: {
          TableName: tableName,
          Key: part.key,
          ...maybeCondition(part.condition),
        },
      };
    case 'expressed':
      return {
        Update: {
          TableName: tableName,
          Key: part.key,
          UpdateExpression: part.update,
          ConditionExpression: part.condition,
          ...(Object.keys(part.names).length === 0 ? {} : { ExpressionAttributeNames: part.names }),
          ExpressionAttributeValues: part.values,
          ReturnValuesOnConditionCheckFailure: 'NONE',
        },
      };
    case 'update':
      return { Update: { TableName: tableName, Key: part.key, ...toUpdateInput(part) } };
  }
}

function maybeCondition(condition: Condition | undefined) {
  return condition === undefined ? {} : toConditionInput(condition, []);
}

function toUpdateInput({ set = {}, add = {}, remove = [], condition }: Extract<TransactionPart, { kind: 'update' }>) {
  const setNames = Object.keys(set);
  const addNames = Object.keys(add);
  const clauses = [
    setNames.length === 0 ? '' : `SET ${setNames.map((name) => `#${name} = :set_${name}`).join(', ')}`,
    remove.length === 0 ? '' : `REMOVE ${remove.map((name) => `#${name}`).join(', ')}`,
    addNames.length === 0 ? '' : `ADD ${addNames.map((name) => `#${name} :add_${name}`).join(', ')}`,
  ];
  const { ExpressionAttributeValues: values, ...rest } = toConditionInput(condition, [
    ...setNames,
    ...addNames,
    ...remove,
  ]);
  return {
    UpdateExpression: clauses.filter((clause) => clause !== '').join(' '),
    ...rest,
    ExpressionAttributeValues: {
      ...Object.fromEntries(Object.entries(set).map(([name, value]) => [`:set_${name}`, value])),
      ...Object.fromEntries(Object.entries(add).map(([name, value]) => [`:add_${name}`, value])),
      ...values,
    },
  };
}

function toConditionInput({ expression, names = [], values }: Condition, moreNames: readonly string[]) {
  const aliases = Object.fromEntries([...names, ...moreNames].map((name) => [`#${name}`, name]));
  return {
    ConditionExpression: expression,
    ...(Object.keys(aliases).length === 0 ? {} : { ExpressionAttributeNames: aliases }),
    ...(values === undefined ? {} : { ExpressionAttributeValues: values }),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  };
}
