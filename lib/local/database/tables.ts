import {
  type CreateTableCommandInput,
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  type Projection,
  ResourceInUseException,
  type TableDescription,
  UpdateTableCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import type { IndexShape, TableShape } from '../../ledger/dynamodb/store/tables.ts';

/** What `CreateTable` takes; a template's `AWS::DynamoDB::Table` has the same members. */
export type TableDefinition = Pick<
  CreateTableCommandInput,
  'AttributeDefinitions' | 'KeySchema' | 'GlobalSecondaryIndexes' | 'StreamSpecification'
> & { readonly TableName: string };

const ACTIVE_TIMEOUT_SECONDS = 60;

export function toTableDefinition(shape: TableShape, name: string): TableDefinition {
  const types = new Map<string, 'S' | 'N'>([[shape.partitionKey, 'S']]);
  if (shape.sortKey !== null) types.set(shape.sortKey, 'S');
  for (const index of shape.indexes) {
    types.set(index.partitionKey, 'S');
    types.set(index.sortKey, index.sortKeyType);
  }
  return {
    TableName: name,
    AttributeDefinitions: [...types].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
    KeySchema: toKeySchema(shape.partitionKey, shape.sortKey),
    ...(shape.indexes.length === 0
      ? {}
      : {
          GlobalSecondaryIndexes: shape.indexes.map((index) => ({
            IndexName: index.name,
            KeySchema: toKeySchema(index.partitionKey, index.sortKey),
            Projection: toProjection(index.include),
          })),
        }),
  };
}

function toProjection(include: IndexShape['include']): Projection {
  if (include === 'all') return { ProjectionType: 'ALL' };
  if (include === 'keys') return { ProjectionType: 'KEYS_ONLY' };
  return { ProjectionType: 'INCLUDE', NonKeyAttributes: [...include] };
}

function toKeySchema(partitionKey: string, sortKey: string | null): NonNullable<CreateTableCommandInput['KeySchema']> {
  const partition = { AttributeName: partitionKey, KeyType: 'HASH' as const };
  return sortKey === null ? [partition] : [partition, { AttributeName: sortKey, KeyType: 'RANGE' as const }];
}

/**
 * Makes the tables that do not exist yet, on demand, begins the streams that are asked for, and waits until all can be used.
 * @throws Error where a table exists with other keys or indexes: it holds somebody's books and is never replaced
 */
export async function createTables(client: DynamoDBClient, definitions: readonly TableDefinition[]): Promise<void> {
  for (const definition of definitions) {
    try {
      await client.send(new CreateTableCommand({ ...definition, BillingMode: 'PAY_PER_REQUEST' }));
    } catch (error) {
      if (!(error instanceof ResourceInUseException)) throw error;
    }
    // The waiter's first poll comes at once, but a table that is ready needs no waiter.
    const table = await describe(client, definition.TableName);
    if (table.TableStatus !== 'ACTIVE') {
      await waitUntilTableExists(
        { client, maxWaitTime: ACTIVE_TIMEOUT_SECONDS, minDelay: 1, maxDelay: 2 },
        { TableName: definition.TableName },
      );
    }
    const [expected, found] = [formatKeys(definition), formatKeys(table)];
    if (found !== expected) {
      throw new Error(`table ${definition.TableName} exists with other keys: expected ${expected}, found ${found}`);
    }
    const { StreamSpecification: stream, TableName } = definition;
    if (stream?.StreamEnabled === true && table.StreamSpecification?.StreamEnabled !== true) {
      // A table of an earlier release.
      await client.send(new UpdateTableCommand({ TableName, StreamSpecification: stream }));
    }
  }
}

async function describe(client: DynamoDBClient, name: string): Promise<TableDescription> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
  if (Table === undefined) throw new Error(`DescribeTable of ${name} answered without a table`);
  return Table;
}

function formatKeys(table: Pick<TableDescription, 'KeySchema' | 'GlobalSecondaryIndexes'>): string {
  const indexes = (table.GlobalSecondaryIndexes ?? []).map(
    (index) => `${index.IndexName}(${formatKeySchema(index.KeySchema)})`,
  );
  return [formatKeySchema(table.KeySchema), ...indexes.sort()].join(' ');
}

function formatKeySchema(schema: TableDescription['KeySchema']): string {
  return (schema ?? []).map((key) => key.AttributeName).join('+');
}
