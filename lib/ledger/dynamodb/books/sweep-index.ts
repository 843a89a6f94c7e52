import type { PaymentId } from '../../../domain/ids.ts';
import { SWEEP_PAGE_ITEMS } from '../../../domain/limits.ts';
import type { DueVisit, SweepIndex } from '../../../domain/ports/books.ts';
import { toEpochMs, type EpochMs } from '../../../domain/time.ts';
import { number, readInteger, readText, text } from '../store/attributes.ts';
import { paymentPk } from './keys.ts';
import type { AttributeValue, Item, StoreClient } from '../store/client.ts';
import { BY_VISIT_INDEX } from '../store/tables.ts';

/** Where payments stand in the index of which something may come back; no shard of the sweeper's is called so. */
export const TRUE_UP_SHARD = 'T';

export interface SweepStore {
  readonly tableName: string;
  readonly client: StoreClient;
}

/** The sparse index of payments that are to be visited once their lease has ended. */
export function createSweepIndex(store: SweepStore): SweepIndex {
  return {
    dueVisits: async (shard, now, after) => {
      const from = after === null ? null : { pk: paymentPk(after.id), dueAt: after.dueAt };
      const items = await queryDue(store, shard.toString(), now, from);
      return items.map((item) => ({
        id: readText(item, 'pk').slice('PAY#'.length) as PaymentId,
        shard,
        dueAt: toEpochMs(readInteger(item, 'sv')),
      }));
    },
    hasVisits: async (shard) => {
      const { items } = await store.client.query({
        TableName: store.tableName,
        IndexName: BY_VISIT_INDEX,
        KeyConditionExpression: 'sh = :shard',
        ExpressionAttributeValues: { ':shard': text(shard.toString()) },
        Limit: 1,
      });
      return items.length > 0;
    },
    dropVisit: (id, attempt) => changeVisit(store, id, attempt, 'REMOVE sh, sv, sf', {}),
    handOver: (id, attempt, visitAt) =>
      changeVisit(store, id, attempt, 'SET sh = :shelf, sv = :until REMOVE sf', {
        ':shelf': text(TRUE_UP_SHARD),
        ':until': number(visitAt),
      }),
    postponeVisit: (id, attempt, until) =>
      changeVisit(store, id, attempt, 'SET sv = :until REMOVE sf', { ':until': number(until) }),
    putOff: (visit, until) => putOff(store, visit, until),
  };
}

/**
 * One page of what is due in a shard of the index, oldest first.
 * @param after the last of the page before; it need not be there any more
 */
export async function queryDue(
  { client, tableName }: SweepStore,
  shardKey: string,
  now: EpochMs,
  after: { readonly pk: string; readonly dueAt: EpochMs } | null,
): Promise<readonly Item[]> {
  const { items } = await client.query({
    TableName: tableName,
    IndexName: BY_VISIT_INDEX,
    KeyConditionExpression: 'sh = :shard AND sv <= :now',
    ExpressionAttributeValues: { ':shard': text(shardKey), ':now': number(now) },
    Limit: SWEEP_PAGE_ITEMS,
    ...(after === null
      ? {}
      : { ExclusiveStartKey: { pk: text(after.pk), sh: text(shardKey), sv: number(after.dueAt) } }),
  });
  return items;
}

async function changeVisit(
  { client, tableName }: SweepStore,
  id: PaymentId,
  attempt: number,
  expression: string,
  values: Record<string, AttributeValue>,
): Promise<void> {
  // A refusal is fine: a later attempt has its own visit, and this one is moot.
  await client.updateItem({
    TableName: tableName,
    Key: { pk: text(paymentPk(id)) },
    UpdateExpression: expression,
    ConditionExpression: 'k = :k AND attribute_exists(sh)',
    ExpressionAttributeValues: { ...values, ':k': number(attempt) },
  });
}

async function putOff(
  { client, tableName }: SweepStore,
  { id, shard, dueAt }: DueVisit,
  until: EpochMs,
): Promise<EpochMs | null> {
  const answer = await client.updateItem({
    TableName: tableName,
    Key: { pk: text(paymentPk(id)) },
    UpdateExpression: 'SET sv = :until, sf = if_not_exists(sf, :due)',
    ConditionExpression: 'sh = :shard AND sv = :due',
    ExpressionAttributeValues: {
      ':until': number(until),
      ':due': number(dueAt),
      ':shard': text(shard.toString()),
    },
    ReturnValues: 'UPDATED_NEW',
  });
  // Refused: finished, or put elsewhere by another run or a later attempt.
  return answer.kind === 'refused' ? null : toEpochMs(readInteger(answer.item ?? {}, 'sf'));
}
