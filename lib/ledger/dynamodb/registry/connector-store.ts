import { CONNECTOR_ID } from '../../../domain/ids.ts';
import { CONNECTORS_MAX, KEY_INDEX_ATTEMPTS_MAX } from '../../../domain/limits.ts';
import { NotNow } from '../../../domain/ports/services.ts';
import type { ChangeOutcome, ConnectorStore, Remembered } from '../../../domain/ports/registry.ts';
import type { PaymentConnector } from '../../../domain/tenants/resources.ts';
import type { Vendor } from '../../../domain/tenants/wallet-shapes.ts';
import type { EpochMs } from '../../../domain/time.ts';
import { SCHEMA_VERSION, number, readInteger, readText, text } from '../store/attributes.ts';
import { DRAFT_ATTRIBUTES, begin, isWritten } from './creation-drafts.ts';
import type { Item, WriteAnswer } from '../store/client.ts';
import { answerToken, useToken } from './client-tokens.ts';
import type { StoreTable } from '../store/conditional-write.ts';
import { providerKey } from './identity-items.ts';
import { readListPage, type ListQuery } from '../store/list-page.ts';
import { readConnector } from './project-reader.ts';
import { connectorKey, parseConnectorItem, toChangeableAttributes, toConnectorAttributes } from './connector-items.ts';
import { DELETED, managerKey } from './manager-items.ts';
import { transactIf, type TransactionPart } from '../store/transaction.ts';
import { repeatConflicts } from '../store/write-conflicts.ts';

const BEGUN = 'CREATING';
const PLACE_AT_MANAGER = {
  expression: '#status = :ready AND connectors < :max',
  names: ['status'],
  values: { ':ready': text('READY'), ':max': number(CONNECTORS_MAX) },
} as const;

/**
 * Connectors on DynamoDB. A connector counts at its manager and at the credential provider that it uses, in the same
 * transaction that makes or deletes it, so that neither can be deleted under it.
 */
export function createConnectorStore(table: StoreTable): ConnectorStore {
  return {
    readConnector: (managerId, connectorId) => readConnector(table, managerId, connectorId),
    beginConnector: (managerId, connectorId, requestHash, now) =>
      begin(table, {
        draft: { ...connectorKey(managerId, connectorId), v: number(SCHEMA_VERSION), status: text(BEGUN) },
        requestHash,
        now,
        // Adds nothing: the connector counts once it is complete. Without a place for it no seed need be made.
        place: {
          kind: 'update',
          key: managerKey(managerId),
          add: { connectors: number(0) },
          condition: PLACE_AT_MANAGER,
        },
        // A deleted connector answers its client token as it was when it was new.
        parse: (item) => parseConnectorItem({ ...item, status: text('READY') }),
      }),
    completeConnector: (connector, requestHash, remembered) =>
      completeConnector(table, connector, requestHash, remembered),
    listConnectors: async (managerId, page) => {
      const { items, ...rest } = await readListPage(table.client, toQuery(table.tableName, managerId), page);
      return { ...rest, items: items.map(parseConnectorItem) };
    },
    replaceConnector: (next, previous, remembered) => replaceConnector(table, next, previous, remembered),
    deleteConnector: (connector, remembered, now) => deleteConnector(table, connector, remembered, now),
    takeKeyIndex: (managerId, connectorId, from) => takeKeyIndex(table, managerId, connectorId, from),
  };
}

async function completeConnector(
  table: StoreTable,
  connector: PaymentConnector,
  requestHash: string,
  remembered: Remembered | null,
): ReturnType<ConnectorStore['completeConnector']> {
  const { managerId, connectorId } = connector;
  const set = { ...toConnectorAttributes(connector), instruments: number(0) };
  const outcome = await transactIf(table, [
    {
      kind: 'update',
      key: connectorKey(managerId, connectorId),
      set,
      remove: DRAFT_ATTRIBUTES,
      condition: {
        expression: '#status = :begun AND requestHash = :request',
        names: ['status'],
        values: { ':begun': text(BEGUN), ':request': text(requestHash) },
      },
    },
    {
      kind: 'update',
      key: managerKey(managerId),
      add: { connectors: number(1) },
      condition: PLACE_AT_MANAGER,
    },
    ...toProviderParts(null, connector),
    ...answerToken(remembered),
  ]);
  if (outcome.kind === 'applied') return 'completed';
  const begun = outcome.failed.get(0);
  if (begun !== undefined) return explainDraft(begun, { connectorId, requestHash, set });
  if (outcome.failed.has(1)) {
    return outcome.failed.get(1)?.['status']?.S === 'READY' ? 'manager_full' : 'manager_missing';
  }
  if (outcome.failed.has(2) && providerOf(connector) !== null) return 'provider_missing';
  throw new Error(`connector ${connectorId} was completed under a client token that is not its own`);
}

/** Why a draft cannot be completed: this very request did it before, or a repetition of it, or nobody ever began it. */
function explainDraft(
  seen: Item | null,
  request: { readonly connectorId: string; readonly requestHash: string; readonly set: Item },
): 'completed' {
  if (isWritten(seen, request.set)) return 'completed';
  if (seen?.['requestHash']?.S === request.requestHash) {
    throw new NotNow(`connector ${request.connectorId} was completed by a repetition of the request`);
  }
  throw new Error(`connector ${request.connectorId} was completed without a draft of this request`);
}

/** The condition under which a connector is still as it was read. */
function unchanged({ revision }: PaymentConnector) {
  return {
    expression: '#status = :ready AND #revision = :read',
    names: ['status', 'revision'],
    values: { ':ready': text('READY'), ':read': number(revision) },
  };
}

async function replaceConnector(
  table: StoreTable,
  next: PaymentConnector,
  previous: PaymentConnector,
  remembered: Remembered | null,
): Promise<ChangeOutcome> {
  const outcome = await transactIf(table, [
    {
      kind: 'update',
      key: connectorKey(next.managerId, next.connectorId),
      set: toChangeableAttributes(next),
      remove: next.ignored === null ? ['ignoredConfiguration'] : [],
      condition: unchanged(previous),
    },
    ...toProviderParts(previous, next),
    ...useToken(remembered),
  ]);
  return outcome.kind === 'applied' ? 'changed' : 'stale';
}

async function deleteConnector(
  table: StoreTable,
  connector: PaymentConnector,
  remembered: Remembered | null,
  now: EpochMs,
): Promise<ChangeOutcome | 'in_use'> {
  const { managerId, connectorId } = connector;
  const { expression, names, values } = unchanged(connector);
  const outcome = await transactIf(table, [
    {
      kind: 'update',
      key: connectorKey(managerId, connectorId),
      set: { status: text(DELETED), updatedAt: number(now) },
      condition: {
        expression: `${expression} AND instruments = :none`,
        names,
        values: { ...values, ':none': number(0) },
      },
    },
    {
      kind: 'update',
      key: managerKey(managerId),
      add: { connectors: number(-1) },
      condition: { expression: 'connectors > :none', values: { ':none': number(0) } },
    },
    ...toProviderParts(connector, null),
    ...useToken(remembered),
  ]);
  if (outcome.kind === 'applied') return 'changed';
  const seen = outcome.failed.get(0);
  const untouched = seen?.['status']?.S === 'READY' && seen['revision']?.N === `${connector.revision}`;
  return untouched ? 'in_use' : 'stale';
}

/** Counts a connector at the credential provider that it uses. */
function toProviderParts(previous: PaymentConnector | null, next: PaymentConnector | null): TransactionPart[] {
  const before = providerOf(previous);
  const after = providerOf(next);
  if (before?.name === after?.name) return [];
  return [before === null ? [] : [countAt(before, -1)], after === null ? [] : [countAt(after, 1)]].flat();
}

function providerOf(connector: PaymentConnector | null): { readonly vendor: Vendor; readonly name: string } | null {
  if (connector === null || !('credentialProviderName' in connector.material)) return null;
  const { type: vendor, credentialProviderName: name } = connector.material;
  return { vendor, name };
}

function countAt({ vendor, name }: NonNullable<ReturnType<typeof providerOf>>, by: 1 | -1): TransactionPart {
  return {
    kind: 'update',
    key: providerKey(name),
    add: { connectors: number(by) },
    condition:
      by < 0
        ? { expression: 'attribute_exists(pk)' }
        : { expression: 'vendor = :vendor', values: { ':vendor': text(vendor) } },
  };
}

async function takeKeyIndex(table: StoreTable, managerId: string, connectorId: string, from: number): Promise<number> {
  const take = (expression: string, where: string, values: Item): Promise<WriteAnswer> =>
    // Instruments that others begin count at the same item.
    repeatConflicts(() =>
      table.client.updateItem({
        TableName: table.tableName,
        Key: connectorKey(managerId, connectorId),
        UpdateExpression: expression,
        ConditionExpression: `#status = :ready${where}`,
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':ready': text('READY'), ...values },
        ReturnValues: 'UPDATED_NEW',
      }),
    );
  const reached = from === 0 ? '' : ' AND keysTaken >= :from';
  const least: Item = from === 0 ? {} : { ':from': number(from) };
  for (let attempt = 1; attempt <= KEY_INDEX_ATTEMPTS_MAX; attempt += 1) {
    const taken = await take('ADD keysTaken :one', reached, { ':one': number(1), ...least });
    // A repeated request skips an index: gaps are harmless, the same index twice would be one key for two users.
    if (taken.kind === 'applied') return readInteger(taken.item ?? {}, 'keysTaken') - 1;
    if (from === 0) break;
    const behind = ' AND (attribute_not_exists(keysTaken) OR keysTaken < :from)';
    const skipped = await take('SET keysTaken = :next', behind, { ':next': number(from + 1), ...least });
    if (skipped.kind === 'applied') return from;
  }
  throw new Error(`connector ${connectorId} has no keys to give: it is missing or not READY`);
}

function toQuery(tableName: string, managerId: string): ListQuery {
  const pk: Item = { ':manager': managerKey(managerId)['pk']! };
  return {
    query: {
      TableName: tableName,
      KeyConditionExpression: 'pk = :manager AND begins_with(sk, :connectors)',
      FilterExpression: '#status = :ready',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ...pk, ':connectors': text('CON#'), ':ready': text('READY') },
      ConsistentRead: true,
    },
    scope: ['connectors', managerId],
    positionOf: (item) => readText(item, 'sk').slice('CON#'.length),
    keyAt: (position) => (CONNECTOR_ID.test(position) ? connectorKey(managerId, position) : null),
  };
}
