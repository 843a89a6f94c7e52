import type { TableDefinition } from '../database/tables.ts';

/** One thing that a DynamoDB request wants to do, as IAM sees it. */
export interface TableAccess {
  /** Without the service: `PutItem`. */
  readonly action: string;
  /** As in `table/NAME` or `table/NAME/index/INDEX`. */
  readonly resource: string;
  /** The partition keys of the items, for `dynamodb:LeadingKeys`. */
  readonly leadingKeys: readonly string[];
  /**
   * The attributes that a write names, in its key, its item and its expressions, for `dynamodb:Attributes`: of a path the
   * first part. Empty for reads, whose attributes are those that come back.
   */
  readonly attributes: readonly string[];
}

type Input = Readonly<Record<string, unknown>>;

/** What each part of a transaction asks for. */
const PARTS: Readonly<Record<string, string>> = {
  Get: 'GetItem',
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
};
const WRITES: ReadonlySet<string> = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'ConditionCheckItem']);
/** A name or an alias of one, a value, or a word of the language; of a path only its first part is an attribute. */
const TERM = /(?<path>[.][#\w]+)|(?<value>:\w+)|(?<name>#?[A-Za-z_]\w*)(?<call>\s*\()?/g;
/** Reserved words, which can't be names of attributes unless by an alias. */
const KEYWORDS: ReadonlySet<string> = new Set(['ADD', 'AND', 'BETWEEN', 'DELETE', 'IN', 'NOT', 'OR', 'REMOVE', 'SET']);
const SINGLE: ReadonlySet<string> = new Set(['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query', 'Scan']);

/**
 * Reads from a DynamoDB request what it does to which tables; `null` where that is not known here. The partition key of a
 * query stands in an expression and is not read, so policies on leading keys do not bind queries.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
 */
export function readAccess(
  operation: string,
  input: unknown,
  tables: readonly TableDefinition[],
): readonly TableAccess[] | null {
  if (!isObject(input)) return null;
  if (SINGLE.has(operation)) return [toAccess(operation, input, tables)];
  if (operation === 'BatchGetItem' || operation === 'BatchWriteItem') {
    if (!isObject(input['RequestItems'])) return null;
    return Object.entries(input['RequestItems']).map(([TableName, request]) => {
      const items = batchItems(request).map((Key) => toAccess(operation, { TableName, Key }, tables));
      const { resource } = toAccess(operation, { TableName }, tables);
      const leadingKeys = items.flatMap((item) => item.leadingKeys);
      return { action: operation, resource, leadingKeys, attributes: [] };
    });
  }
  if (operation === 'TransactGetItems' || operation === 'TransactWriteItems') {
    return toList(input['TransactItems']).flatMap((item) =>
      Object.entries(isObject(item) ? item : {}).map(([part, request]) =>
        toAccess(PARTS[part] ?? part, isObject(request) ? request : {}, tables),
      ),
    );
  }
  return null;
}

function toAccess(action: string, input: Input, tables: readonly TableDefinition[]): TableAccess {
  const name = String(input['TableName']);
  const index = input['IndexName'];
  const partitionKey = tables
    .find(({ TableName }) => TableName === name)
    ?.KeySchema?.find(({ KeyType }) => KeyType === 'HASH')?.AttributeName;
  const item = input['Key'] ?? input['Item'];
  const value = isObject(item) && partitionKey !== undefined ? item[partitionKey] : undefined;
  return {
    action,
    resource: typeof index === 'string' ? `table/${name}/index/${index}` : `table/${name}`,
    leadingKeys: isObject(value) ? Object.values(value).map(String) : [],
    attributes: WRITES.has(action) ? readAttributes(input) : [],
  };
}

function readAttributes(input: Input): string[] {
  const aliases = isObject(input['ExpressionAttributeNames']) ? input['ExpressionAttributeNames'] : {};
  const named = ['UpdateExpression', 'ConditionExpression'].flatMap((member) => {
    const terms = String(input[member] ?? '').matchAll(TERM);
    return [...terms].flatMap(({ groups: { name, call } = {} }) => {
      if (name === undefined || call !== undefined || KEYWORDS.has(name.toUpperCase())) return [];
      return [name.startsWith('#') ? String(aliases[name]) : name];
    });
  });
  const whole = [input['Key'], input['Item']].flatMap((item) => (isObject(item) ? Object.keys(item) : []));
  return [...new Set([...whole, ...named])].sort();
}

/** The keys or items of one table's part of a batch. */
function batchItems(request: unknown): unknown[] {
  if (isObject(request)) return [...toList(request['Keys'])];
  return toList(request).map((write) => {
    const { PutRequest, DeleteRequest } = isObject(write) ? write : {};
    if (isObject(PutRequest)) return PutRequest['Item'];
    return isObject(DeleteRequest) ? DeleteRequest['Key'] : undefined;
  });
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isObject(value: unknown): value is Input {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
