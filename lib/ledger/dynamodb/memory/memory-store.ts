import { InvariantViolated } from '../../../domain/invariant.ts';
import type { PolicyMemory } from '../../../domain/ports/memory.ts';
import { number } from '../store/attributes.ts';
import type { Item, StoreClient } from '../store/client.ts';
import { putIf, type StoreTable } from '../store/conditional-write.ts';
import { parsePinItem, parseTallyItem, tallyKey, toPinItem, toPriceItem, toTallyAttributes } from './memory-items.ts';
import { createMemoryReader } from './memory-reader.ts';

/**
 * What rules remember, in the registry table, whose changes nobody streams.
 * @param table.singleSendClient for counters, whose repetition after a lost reply would count twice
 */
export function createPolicyMemory(table: StoreTable & { readonly singleSendClient: StoreClient }): PolicyMemory {
  return {
    ...createMemoryReader(table),
    pin: async (ref, pin, now) => {
      const outcome = await putIf(table, toPinItem(ref, pin), {
        expression: 'attribute_not_exists(pk) OR heldUntil <= :now OR payee = :payee',
        values: { ':now': number(now), ':payee': { S: pin.payee } },
      });
      if (outcome.kind === 'applied') return pin.payee;
      if (outcome.item === null) throw new InvariantViolated('the pin that kept another away is not there');
      return parsePinItem(outcome.item).payee;
    },
    count: async (ref, { quantity, max, closesAt }) => {
      const set = toTallyAttributes(closesAt);
      const answer = await table.singleSendClient.updateItem({
        TableName: table.tableName,
        Key: tallyKey(ref),
        UpdateExpression: `SET counted = if_not_exists(counted, :none) + :quantity, ${Object.keys(set)
          .map((name) => `${name} = :${name}`)
          .join(', ')}`,
        ConditionExpression: 'attribute_not_exists(counted) OR counted <= :room',
        ExpressionAttributeValues: {
          ...valuesOf(set),
          ':none': number(0),
          ':quantity': number(quantity),
          ':room': number(max - quantity),
        },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      if (answer.kind === 'applied') return null;
      if (answer.item === null) throw new InvariantViolated('a counter that is not there has no room');
      return parseTallyItem(answer.item);
    },
    uncount: async (ref, quantity) => {
      await table.singleSendClient.updateItem({
        TableName: table.tableName,
        Key: tallyKey(ref),
        UpdateExpression: 'SET counted = counted - :quantity',
        ConditionExpression: 'counted >= :quantity',
        ExpressionAttributeValues: { ':quantity': number(quantity) },
      });
    },
    notePrice: async (ref, price, at) => {
      await putIf(table, toPriceItem(ref, price, at), {
        expression: 'attribute_not_exists(pk) OR paidAt <= :at',
        values: { ':at': number(at) },
      });
    },
  };
}

function valuesOf(set: Item): Item {
  return Object.fromEntries(Object.entries(set).map(([name, value]) => [`:${name}`, value]));
}
