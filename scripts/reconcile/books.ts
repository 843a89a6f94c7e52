import { ScanCommand, type AttributeValue, type DynamoDBClient, type ScanCommandInput } from '@aws-sdk/client-dynamodb';
import type { Payment } from '../../lib/domain/payment/payment.ts';
import { parsePaymentItem } from '../../lib/ledger/dynamodb/books/payment-items.ts';
import { schemeOf } from '../../lib/protocols/catalogue.ts';
import { deriveAddress } from '../../lib/wallets/seed-vault/provisioner.ts';

/** The tables of a deployment, as they were restored. */
export interface Tables {
  readonly client: DynamoDBClient;
  readonly booksTable: string;
  readonly registryTable: string;
}

const ITEMS_MAX = 1_000_000;

/** Every payment that was begun or decided at or after an instant, whatever became of it. Reads the whole table. */
export async function readPayments({ client, booksTable }: Tables, sinceMs: number): Promise<Payment[]> {
  const items = await scan(client, {
    TableName: booksTable,
    FilterExpression: 'begins_with(pk, :payment) AND (ca >= :since OR da >= :since)',
    ExpressionAttributeValues: { ':payment': { S: 'PAY#' }, ':since': { N: `${sinceMs}` } },
  });
  return items.map((item) => parsePaymentItem(item, schemeOf));
}

/** The addresses of wallets, and of those that the registry may have forgotten. */
export interface Wallets {
  readonly known: readonly string[];
  /** The next addresses of each seed. Of a KMS wallet nothing is left here: its key's tag has its instrument. */
  readonly forgotten: readonly string[];
}

/**
 * Reads the addresses of all wallets, deleted ones as well.
 * @param ahead how many addresses of each seed beyond those that its connector has counted
 */
export async function readWallets({ client, registryTable }: Tables, ahead: number): Promise<Wallets> {
  const items = await scan(client, {
    TableName: registryTable,
    FilterExpression: 'attribute_exists(address) OR attribute_exists(extendedPublicKey)',
  });
  const known = new Set(items.flatMap(({ address }) => address?.S ?? []));
  const forgotten = items.flatMap(({ extendedPublicKey: key, keysTaken: taken }) => {
    if (key?.S === undefined) return [];
    const first = Number(taken?.N ?? '0');
    return Array.from({ length: ahead }, (_, at) => deriveAddress(key.S!, first + at));
  });
  return { known: [...known], forgotten: forgotten.filter((address) => !known.has(address)) };
}

async function scan(client: DynamoDBClient, input: ScanCommandInput): Promise<Record<string, AttributeValue>[]> {
  const found: Record<string, AttributeValue>[] = [];
  let next: Record<string, AttributeValue> | undefined;
  do {
    const page = await client.send(new ScanCommand({ ...input, ConsistentRead: true, ExclusiveStartKey: next }));
    found.push(...(page.Items ?? []));
    if (found.length > ITEMS_MAX) throw new Error(`${input.TableName} has more than ${ITEMS_MAX} such items`);
    next = page.LastEvaluatedKey;
  } while (next !== undefined);
  return found;
}
