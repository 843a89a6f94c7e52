import type { ExpiryIndex } from '../../../domain/ports/books.ts';
import { toEpochMs } from '../../../domain/time.ts';
import { number, readInteger, readText, text } from '../store/attributes.ts';
import { expiryShardKey, parseSessionPk, sessionPk } from './keys.ts';
import { queryDue, type SweepStore } from './sweep-index.ts';

/**
 * Sessions by their expiry, in the index of visits. Payments never write it: their updates of a session leave its place
 * alone, and the index holds keys only.
 */
export function createExpiryIndex({ client, tableName }: SweepStore): ExpiryIndex {
  return {
    dueSessions: async (shard, now, after) => {
      const from = after === null ? null : { pk: sessionPk(after), dueAt: after.dueAt };
      const items = await queryDue({ client, tableName }, expiryShardKey(shard), now, from);
      return items.map((item) => ({
        ...parseSessionPk(readText(item, 'pk')),
        dueAt: toEpochMs(readInteger(item, 'sv')),
      }));
    },
    markExpired: async (session, now) => {
      // A refusal means that it was deleted, or marked by another run: nothing is left to say.
      await client.updateItem({
        TableName: tableName,
        Key: { pk: text(sessionPk(session)) },
        UpdateExpression: 'REMOVE sh, sv',
        ConditionExpression: 'st = :active AND sv <= :now',
        ExpressionAttributeValues: { ':active': text('A'), ':now': number(now) },
      });
    },
  };
}
