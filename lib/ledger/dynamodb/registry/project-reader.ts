import type { ConnectorStore, IdentityStore } from '../../../domain/ports/registry.ts';
import type { CredentialProvider, PaymentConnector } from '../../../domain/tenants/resources.ts';
import { readText } from '../store/attributes.ts';
import type { StoreTable } from '../store/conditional-write.ts';
import { connectorKey, parseConnectorItem } from './connector-items.ts';
import { parseProviderItem, providerKey } from './identity-items.ts';
import { readItem } from './registry-reader.ts';

/** What leads from a wallet to its provider's credentials, apart from what changes it, so that the paying function has no more. */
export function createProjectReader(
  table: StoreTable,
): Pick<ConnectorStore, 'readConnector'> & Pick<IdentityStore, 'readProvider'> {
  return {
    readConnector: (managerId, connectorId) => readConnector(table, managerId, connectorId),
    readProvider: (name) => readProvider(table, name),
  };
}

/** A connector that is complete, or `null`. */
export async function readConnector(
  table: StoreTable,
  managerId: string,
  connectorId: string,
): Promise<PaymentConnector | null> {
  const item = await readItem(table, connectorKey(managerId, connectorId));
  return item === null || readText(item, 'status') !== 'READY' ? null : parseConnectorItem(item);
}

export async function readProvider(table: StoreTable, name: string): Promise<CredentialProvider | null> {
  const item = await readItem(table, providerKey(name));
  return item === null ? null : parseProviderItem(item);
}
