import type { InstrumentStore, ManagerStore, Registry } from '../../../domain/ports/registry.ts';
import type { StoreTable } from '../store/conditional-write.ts';
import { createConnectorStore } from './connector-store.ts';
import { createInstrumentStore, readInstrument } from './instrument-store.ts';
import { createManagerStore, readManager } from './manager-store.ts';

/** Managers, connectors and instruments on DynamoDB; every read of a single one is strongly consistent. */
export function createRegistry(table: StoreTable): Registry {
  return { ...createManagerStore(table), ...createConnectorStore(table), ...createInstrumentStore(table) };
}

/** The reads of the paying path alone, so that its bundle has no more. */
export function createRegistryReader(
  table: StoreTable,
): Pick<ManagerStore, 'readManager'> & Pick<InstrumentStore, 'readInstrument'> {
  return {
    readManager: (managerId) => readManager(table, managerId),
    readInstrument: (user, instrumentId) => readInstrument(table, user, instrumentId),
  };
}
