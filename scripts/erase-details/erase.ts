import {
  ConditionalCheckFailedException,
  ScanCommand,
  UpdateItemCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { DETAIL_ATTRIBUTES } from '../../lib/ledger/dynamodb/books/payment-items.ts';

export interface Erasure {
  readonly client: DynamoDBClient;
  readonly booksTable: string;
  /** Epoch milliseconds: payments that were begun and decided before it. */
  readonly before: number;
  /** `false` counts and changes nothing. */
  readonly erase: boolean;
}

type Key = Readonly<Record<string, AttributeValue>>;

const AT_ONCE = 10;
const NAMES = Object.fromEntries(DETAIL_ATTRIBUTES.map((name, at) => [`#d${at}`, name]));
const PLACES = Object.keys(NAMES);

/** Decided, and long ago. An item that has no details is found no more. */
const CONDITION = `st IN (:signed, :denied, :aborted) AND ca < :before AND (attribute_not_exists(da) OR da < :before) AND (${PLACES.map((name) => `attribute_exists(${name})`).join(' OR ')})`;

/**
 * Takes from old payments what only their receipts show. What makes a payment single stays as long as its token may come back: id,
 * request hash, state, attempt, terms, amount and signature; so its proof is replayed as before. Reads the whole table, and may be
 * interrupted and repeated.
 *
 * @returns how many payments had details
 */
export async function eraseDetails({ client, booksTable, before, erase }: Erasure): Promise<number> {
  const values = {
    ':signed': { S: 'S' },
    ':denied': { S: 'D' },
    ':aborted': { S: 'A' },
    ':before': { N: `${before}` },
  };
  const eraseOne = async (key: Key): Promise<boolean> => {
    try {
      await client.send(
        new UpdateItemCommand({
          TableName: booksTable,
          Key: key,
          UpdateExpression: `REMOVE ${PLACES.join(', ')}`,
          ConditionExpression: CONDITION,
          ExpressionAttributeNames: NAMES,
          ExpressionAttributeValues: values,
        }),
      );
      return true;
    } catch (error) {
      // It has begun another attempt since it was read, or somebody else was first.
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  };
  let found = 0;
  let next: Record<string, AttributeValue> | undefined;
  do {
    const page = await client.send(
      new ScanCommand({
        TableName: booksTable,
        FilterExpression: `begins_with(pk, :payment) AND ${CONDITION}`,
        ExpressionAttributeNames: NAMES,
        ExpressionAttributeValues: { ...values, ':payment': { S: 'PAY#' } },
        ExclusiveStartKey: next,
      }),
    );
    const keys = (page.Items ?? []).map(({ pk }): Key => ({ pk: pk! }));
    const take = erase ? eraseOne : () => Promise.resolve(true);
    for (let first = 0; first < keys.length; first += AT_ONCE) {
      const taken = await Promise.all(keys.slice(first, first + AT_ONCE).map(take));
      found += taken.filter(Boolean).length;
    }
    next = page.LastEvaluatedKey;
  } while (next !== undefined);
  return found;
}
