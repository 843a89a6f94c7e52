import type { Registry } from '../../../domain/ports/registry.ts';
import type { StoreTable } from '../store/conditional-write.ts';
import { createConnectorStore } from './connector-store.ts';
import { createInstrumentStore } from './instrument-store.ts';
import { createManagerStore } from './manager-store.ts';

/** Managers, connectors and instruments on DynamoDB; every read of a single one is strongly consistent. */
export function createRegistry(table: StoreTable): Registry {
  return { ...createManagerStore(table), ...createConnectorStore(table), ...createInstrumentStore(table) };
}
