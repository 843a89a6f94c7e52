import { ConditionalCheckFailedException, QueryCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { SWEEP_PAGE_ITEMS } from '../../domain/limits.ts';
import type { ExpiryIndex } from '../../domain/ports.ts';
import { number, readText, text } from './attributes.ts';
import { callStore } from './client.ts';
import { expiryShardKey, parseSessionPk, sessionPk } from './items.ts';
import type { SweepStore } from './sweep-index.ts';
import { BY_VISIT_INDEX } from './tables.ts';

/**
 * Sessions by their expiry, in the index of visits. Payments never write it: their updates of a session leave its place
 * alone, and the index holds keys only.
 */
export function createExpiryIndex({ client, tableName }: SweepStore): ExpiryIndex {
  return {
    dueSessions: async (shard, now) => {
      const output = await callStore('Query', () =>
        client.send(
          new QueryCommand({
            TableName: tableName,
            IndexName: BY_VISIT_INDEX,
            KeyConditionExpression: 'sh = :shard AND sv <= :now',
            ExpressionAttributeValues: { ':shard': text(expiryShardKey(shard)), ':now': number(now) },
            Limit: SWEEP_PAGE_ITEMS,
          }),
        ),
      );
      return (output.Items ?? []).map((item) => parseSessionPk(readText(item, 'pk')));
    },
    markExpired: async (session, now) => {
      await callStore('UpdateItem', async () => {
        try {
          await client.send(
            new UpdateItemCommand({
              TableName: tableName,
              Key: { pk: text(sessionPk(session)) },
              UpdateExpression: 'REMOVE sh, sv',
              ConditionExpression: 'st = :active AND sv <= :now',
              ExpressionAttributeValues: { ':active': text('A'), ':now': number(now) },
            }),
          );
        } catch (error) {
          // Deleted, or marked by another run: nothing is left to say.
          if (!(error instanceof ConditionalCheckFailedException)) throw error;
        }
      });
    },
  };
}
