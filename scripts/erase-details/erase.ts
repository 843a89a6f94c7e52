import {
  ConditionalCheckFailedException,
  ScanCommand,
  UpdateItemCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { DETAIL_ATTRIBUTES } from '../../lib/ledger/dynamodb/books/payment-items.ts';
import { EVIDENCE_ATTRIBUTES, EVIDENCE_PREFIX } from '../../lib/ledger/dynamodb/evidence/evidence-store.ts';

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

/** What is erased of items of one kind, and of which of them. An item that has nothing of it is found no more. */
interface Erased {
  readonly prefix: string;
  readonly names: Readonly<Record<string, string>>;
  readonly condition: string;
  readonly values: Readonly<Record<string, AttributeValue>>;
}

function erasedOf(prefix: string, attributes: readonly string[], when: Pick<Erased, 'condition' | 'values'>): Erased {
  const names = Object.fromEntries(attributes.map((name, at) => [`#d${at}`, name]));
  const isThere = Object.keys(names).map((name) => `attribute_exists(${name})`);
  return { prefix, names, values: when.values, condition: `${when.condition} AND (${isThere.join(' OR ')})` };
}

const KINDS: readonly Erased[] = [
  // Decided, and long ago.
  erasedOf('PAY#', DETAIL_ATTRIBUTES, {
    condition: 'st IN (:signed, :denied, :aborted) AND ca < :before AND (attribute_not_exists(da) OR da < :before)',
    values: { ':signed': { S: 'S' }, ':denied': { S: 'D' }, ':aborted': { S: 'A' } },
  }),
  erasedOf(EVIDENCE_PREFIX, EVIDENCE_ATTRIBUTES, { condition: 'ca < :before', values: {} }),
];

/**
 * Takes from old payments what only their receipts show, and what their sellers signed. What makes a payment single stays as long as its
 * token may come back: id, request hash, state, attempt, terms, amount and signature; so its proof is replayed as before. Reads the
 * whole table, and may be interrupted and repeated.
 *
 * @returns how many items had details
 */
export async function eraseDetails(erasure: Erasure): Promise<number> {
  let found = 0;
  for (const kind of KINDS) found += await eraseKind(erasure, kind);
  return found;
}

async function eraseKind(
  { client, booksTable, before, erase }: Erasure,
  { prefix, names, condition, values }: Erased,
): Promise<number> {
  const known = { ...values, ':before': { N: `${before}` } };
  const eraseOne = async (key: Key): Promise<boolean> => {
    try {
      await client.send(
        new UpdateItemCommand({
          TableName: booksTable,
          Key: key,
          UpdateExpression: `REMOVE ${Object.keys(names).join(', ')}`,
          ConditionExpression: condition,
          ExpressionAttributeNames: names,
          ExpressionAttributeValues: known,
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
        FilterExpression: `begins_with(pk, :prefix) AND ${condition}`,
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: { ...known, ':prefix': { S: prefix } },
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
