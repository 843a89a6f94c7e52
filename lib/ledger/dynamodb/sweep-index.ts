import {
  ConditionalCheckFailedException,
  QueryCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import type { PaymentId } from '../../domain/ids.ts';
import { SWEEP_PAGE_ITEMS } from '../../domain/limits.ts';
import type { SweepIndex } from '../../domain/ports.ts';
import { number, readText, text } from './attributes.ts';
import { callStore } from './client.ts';
import { paymentPk } from './items.ts';
import { BY_VISIT_INDEX } from './tables.ts';

export interface SweepStore {
  readonly tableName: string;
  readonly client: DynamoDBClient;
}

/** The sparse index of payments that are to be visited once their lease has ended. */
export function createSweepIndex(store: SweepStore): SweepIndex {
  return {
    duePayments: async (shard, now) => {
      const output = await callStore('Query', () =>
        store.client.send(
          new QueryCommand({
            TableName: store.tableName,
            IndexName: BY_VISIT_INDEX,
            KeyConditionExpression: 'sh = :shard AND sv <= :now',
            ExpressionAttributeValues: { ':shard': text(shard.toString()), ':now': number(now) },
            Limit: SWEEP_PAGE_ITEMS,
          }),
        ),
      );
      return (output.Items ?? []).map((item) => readText(item, 'pk').slice('PAY#'.length) as PaymentId);
    },
    hasVisits: async (shard) => {
      const output = await callStore('Query', () =>
        store.client.send(
          new QueryCommand({
            TableName: store.tableName,
            IndexName: BY_VISIT_INDEX,
            KeyConditionExpression: 'sh = :shard',
            ExpressionAttributeValues: { ':shard': text(shard.toString()) },
            Limit: 1,
          }),
        ),
      );
      return (output.Items ?? []).length > 0;
    },
    dropVisit: (id, attempt) => changeVisit(store, id, attempt, 'REMOVE sh, sv', {}),
    postponeVisit: (id, attempt, until) =>
      changeVisit(store, id, attempt, 'SET sv = :until', { ':until': number(until) }),
  };
}

async function changeVisit(
  { client, tableName }: SweepStore,
  id: PaymentId,
  attempt: number,
  expression: string,
  values: Record<string, ReturnType<typeof number>>,
): Promise<void> {
  await callStore('UpdateItem', async () => {
    try {
      await client.send(
        new UpdateItemCommand({
          TableName: tableName,
          Key: { pk: text(paymentPk(id)) },
          UpdateExpression: expression,
          ConditionExpression: 'k = :k AND attribute_exists(sh)',
          ExpressionAttributeValues: { ...values, ':k': number(attempt) },
        }),
      );
    } catch (error) {
      // A later attempt has its own visit; this one is moot.
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  });
}
