import { InvariantViolated } from '../../../domain/invariant.ts';
import type { IgnoredConfiguration, PaymentConnector } from '../../../domain/tenants/resources.ts';
import type { ConnectorMaterial, KeyMaterial } from '../../../domain/tenants/wallet-shapes.ts';
import { connectorTypes, isKeyWallet, KEY_WALLETS } from '../../../wallets/catalogue.ts';
import { assertReadable, number, readInstant, readInteger, readOneOf, readText, text } from '../store/attributes.ts';
import type { Item } from '../store/client.ts';
import { toDescription } from './manager-items.ts';
import { packMembers, unpackMembers } from './wallet-members.ts';

// docs/reference/storage-schema.md lists every attribute. Apart from managers, which every payment reads.

export function connectorKey(managerId: string, connectorId: string): Item {
  return { pk: text(`MGR#${managerId}`), sk: text(`CON#${connectorId}`) };
}

/** What an update may change of a connector. */
export function toChangeableAttributes(connector: PaymentConnector): Item {
  const { material, ignored } = connector;
  return {
    ...toDescription(connector.description),
    ...(ignored === null ? {} : { ignoredConfiguration: text(JSON.stringify(ignored)) }),
    ...('credentialProviderName' in material ? { credentialProviderName: text(material.credentialProviderName) } : {}),
    updatedAt: number(connector.updatedAt),
    revision: number(connector.revision),
  };
}

/** What completing a connector adds to its draft. */
export function toConnectorAttributes(connector: PaymentConnector): Item {
  const { material } = connector;
  return {
    ...('credentialProviderName' in material ? {} : packMembers(KEY_WALLETS[material.type].material, material)),
    ...toChangeableAttributes(connector),
    name: text(connector.name),
    status: text(connector.status),
    walletType: text(material.type),
    createdAt: number(connector.createdAt),
  };
}

export function parseConnectorItem(item: Item): PaymentConnector {
  assertReadable(item);
  return {
    managerId: readText(item, 'pk').slice('MGR#'.length),
    connectorId: readText(item, 'sk').slice('CON#'.length),
    name: readText(item, 'name'),
    description: item['description']?.S ?? null,
    status: readOneOf(item, 'status', ['READY']),
    material: parseMaterial(item),
    ignored: parseIgnored(item),
    createdAt: readInstant(item, 'createdAt'),
    updatedAt: readInstant(item, 'updatedAt'),
    revision: readInteger(item, 'revision'),
  };
}

function parseIgnored(item: Item): IgnoredConfiguration | null {
  const stored = item['ignoredConfiguration']?.S;
  if (stored === undefined) return null;
  const ignored: unknown = JSON.parse(stored);
  if (!isIgnored(ignored)) {
    throw new InvariantViolated(`stored item ${readText(item, 'sk')} has a malformed ignoredConfiguration`);
  }
  return ignored;
}

function isIgnored(value: unknown): value is IgnoredConfiguration {
  return typeof value === 'object' && value !== null && 'type' in value && 'arn' in value;
}

function parseMaterial(item: Item): ConnectorMaterial {
  const type = readOneOf(item, 'walletType', connectorTypes());
  if (isKeyWallet(type)) return { type, ...unpackMembers(KEY_WALLETS[type].material, item) } as KeyMaterial;
  return { type, credentialProviderName: readText(item, 'credentialProviderName') };
}
