import type { InstrumentStore, ManagerStore } from '../../../domain/ports/registry.ts';
import type { UserKey } from '../../../domain/ports/services.ts';
import type { PaymentInstrument, PaymentManager } from '../../../domain/tenants/resources.ts';
import { readText } from '../store/attributes.ts';
import type { Item } from '../store/client.ts';
import type { StoreTable } from '../store/conditional-write.ts';
import { instrumentKey, parseInstrumentItem } from './instrument-items.ts';
import { DELETED, managerKey, parseManagerItem } from './manager-items.ts';

/** The reads of the paying path alone, in a file that imports nothing that writes, so that its bundle loads no more. */
export function createRegistryReader(
  table: StoreTable,
): Pick<ManagerStore, 'readManager'> & Pick<InstrumentStore, 'readInstrument'> {
  return {
    readManager: (managerId) => readManager(table, managerId),
    readInstrument: (user, instrumentId) => readInstrument(table, user, instrumentId),
  };
}

/** A manager, or `null` for one that does not exist or was deleted. */
export async function readManager(table: StoreTable, managerId: string): Promise<PaymentManager | null> {
  const item = await readItem(table, managerKey(managerId));
  return item === null || readText(item, 'status') === DELETED ? null : parseManagerItem(item);
}

/** An instrument of the user, deleted ones included. */
export async function readInstrument(
  table: StoreTable,
  user: UserKey,
  instrumentId: string,
): Promise<PaymentInstrument | null> {
  const item = await readItem(table, instrumentKey(user, instrumentId));
  return item === null ? null : parseInstrumentItem(item);
}

/** Strongly consistent. */
export async function readItem({ client, tableName }: StoreTable, key: Item): Promise<Item | null> {
  return client.getItem({ TableName: tableName, Key: key, ConsistentRead: true });
}
