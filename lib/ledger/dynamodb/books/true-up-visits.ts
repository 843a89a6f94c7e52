import type { PaymentId } from '../../../domain/ids.ts';
import type { TrueUpVisit, TrueUpVisits } from '../../../domain/ports/true-ups.ts';
import { toEpochMs } from '../../../domain/time.ts';
import { number, readInteger, readText, text } from '../store/attributes.ts';
import type { Item } from '../store/client.ts';
import { PAYMENT_PREFIX, paymentPk } from './keys.ts';
import { TRUE_UP_SHARD, queryDue, type SweepStore } from './sweep-index.ts';

/** The part of the index of visits that the sweeper hands payments over to. */
export function createTrueUpVisits(store: SweepStore): TrueUpVisits {
  const change = async ({ id, dueAt }: TrueUpVisit, expression: string, values: Item): Promise<void> => {
    // A refusal is fine: another run has done what was due.
    await store.client.updateItem({
      TableName: store.tableName,
      Key: { pk: text(paymentPk(id)) },
      UpdateExpression: expression,
      ConditionExpression: 'sh = :shelf AND sv = :due',
      ExpressionAttributeValues: { ...values, ':shelf': text(TRUE_UP_SHARD), ':due': number(dueAt) },
      ReturnValues: 'NONE',
    });
  };
  return {
    due: async (now) =>
      (await queryDue(store, TRUE_UP_SHARD, now, null)).map((item) => ({
        id: readText(item, 'pk').slice(PAYMENT_PREFIX.length) as PaymentId,
        dueAt: toEpochMs(readInteger(item, 'sv')),
      })),
    drop: (visit) => change(visit, 'REMOVE sh, sv', {}),
    putOff: (visit, until) => change(visit, 'SET sv = :until', { ':until': number(until) }),
  };
}
