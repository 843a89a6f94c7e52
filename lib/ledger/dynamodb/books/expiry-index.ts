import type { ExpiryIndex } from '../../../domain/ports/books.ts';
import { toEpochMs } from '../../../domain/time.ts';
import { number, readInteger, readText, text } from '../store/attributes.ts';
import { expiryShardKey, parseSessionPk, sessionPk } from './keys.ts';
import { readBalanced } from './ledger.ts';
import { SESSION_LETTERS } from './session-items.ts';
import { queryDue, type SweepStore } from './sweep-index.ts';

/**
 * Sessions by their expiry, and then by their audit, in the index of visits. Payments never write it: their updates of a session
 * leave its place alone, and the index holds keys only.
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
    endSession: async (session, now, auditAt) => {
      const answer = await client.updateItem({
        TableName: tableName,
        Key: { pk: text(sessionPk(session)) },
        UpdateExpression: 'SET st = :ended, sv = :audit',
        ConditionExpression: 'st = :open AND sv <= :now',
        ExpressionAttributeValues: {
          ':open': text(SESSION_LETTERS.open),
          ':ended': text(SESSION_LETTERS.ended),
          ':now': number(now),
          ':audit': number(auditAt),
        },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      if (answer.kind === 'applied') return { kind: 'ended' };
      const { item } = answer;
      // Where it has another place, or none, another run has done what was due.
      if (item?.['sv'] === undefined || readInteger(item, 'sv') > now) return { kind: 'nothing' };
      return { kind: 'audit', session: readBalanced(item) };
    },
    dropSession: async (session) => {
      // A refusal means that it was deleted meanwhile, which gives it another audit.
      await client.updateItem({
        TableName: tableName,
        Key: { pk: text(sessionPk(session)) },
        UpdateExpression: 'REMOVE sh, sv',
        ConditionExpression: 'sv = :due',
        ExpressionAttributeValues: { ':due': number(session.dueAt) },
      });
    },
  };
}
