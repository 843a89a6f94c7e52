import { randomBytes } from 'node:crypto';
import { ConditionalCheckFailedException, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { INSTRUMENT_ID } from '../../domain/ids.ts';
import { CREATE_LEASE_MS } from '../../domain/limits.ts';
import { NotNow, type ClaimOutcome, type Registry, type UserKey } from '../../domain/ports.ts';
import type { PaymentConnector, PaymentInstrument, PaymentManager } from '../../domain/resources.ts';
import { addMs, type EpochMs } from '../../domain/time.ts';
import { SCHEMA_VERSION, assertReadable, number, readInteger, readText, text } from './attributes.ts';
import { callStore, type Item } from './client.ts';
import { putIf, updateIf, type StoreTable } from './conditional-write.ts';
import { readListPage, type ListQuery } from './list-page.ts';
import {
  connectorKey,
  instrumentKey,
  managerKey,
  parseConnectorItem,
  parseInstrumentItem,
  parseManagerItem,
  toConnectorAttributes,
  toInstrumentItem,
  toManagerItem,
  toWalletAttributes,
} from './registry-items.ts';

const CONNECTOR_CLAIMED = 'CREATING';
const INSTRUMENT_CLAIMED = 'INITIATED';
const CLAIM_ATTRIBUTES = ['claimedUntil', 'claimMark'] as const;
const CLAIM_MARK_BYTES = 12;

/**
 * Managers, connectors and instruments on DynamoDB; every read is strongly consistent. A claim that is not completed
 * within `CREATE_LEASE_MS` may be taken over by the same request alone; another request under its id finds it
 * `in_progress` with the first one's hash, for ever. `completeX` throws `NotNow` when a take-over was completed first:
 * asking again then finds the resource.
 */
export function createRegistry(table: StoreTable): Registry {
  return {
    readManager: async (managerId) => {
      const item = await readItem(table, managerKey(managerId));
      return item === null ? null : parseManagerItem(item);
    },
    createManager: (manager, requestHash) => createManager(table, manager, requestHash),
    readConnector: async (managerId, connectorId) => {
      const item = await readItem(table, connectorKey(managerId, connectorId));
      return item === null || readText(item, 'status') === CONNECTOR_CLAIMED ? null : parseConnectorItem(item);
    },
    claimConnector: (managerId, connectorId, requestHash, now) => {
      const draft = {
        ...connectorKey(managerId, connectorId),
        v: number(SCHEMA_VERSION),
        status: text(CONNECTOR_CLAIMED),
      };
      return claim(table, { draft, requestHash, now, parse: parseConnectorItem });
    },
    completeConnector: (connector, requestHash) => completeConnector(table, connector, requestHash),
    takeKeyIndex: (managerId, connectorId) => takeKeyIndex(table, managerId, connectorId),
    readInstrument: async (user, instrumentId) => {
      const item = await readItem(table, instrumentKey(user, instrumentId));
      return item === null ? null : parseInstrumentItem(item);
    },
    claimInstrument: async (instrument, requestHash, now) => {
      if (instrument.status !== INSTRUMENT_CLAIMED)
        throw new Error(`claimed an instrument that is ${instrument.status}`);
      return claim(table, { draft: toInstrumentItem(instrument), requestHash, now, parse: parseInstrumentItem });
    },
    completeInstrument: (instrument) => completeInstrument(table, instrument),
    deleteInstrument: (user, instrumentId, now) => deleteInstrument(table, user, instrumentId, now),
    listInstruments: async (user, { connectorId, ...page }) => {
      const query = toInstrumentsQuery(table.tableName, user, connectorId ?? null);
      const { items, ...rest } = await readListPage(table.client, query, page);
      return { ...rest, items: items.map(parseInstrumentItem) };
    },
  };
}

async function readItem({ client, tableName }: StoreTable, key: Item): Promise<Item | null> {
  const command = new GetItemCommand({ TableName: tableName, Key: key, ConsistentRead: true });
  const output = await callStore('GetItem', () => client.send(command));
  return output.Item ?? null;
}

async function createManager(
  table: StoreTable,
  manager: PaymentManager,
  requestHash: string,
): ReturnType<Registry['createManager']> {
  const item = toManagerItem(manager, requestHash);
  const outcome = await putIf(table, item, { expression: 'attribute_not_exists(pk)' });
  if (outcome.kind === 'applied') return { kind: 'created' };
  if (outcome.item === null) throw new Error(`manager ${manager.managerId} vanished from the registry`);
  return {
    kind: 'exists',
    resource: parseManagerItem(outcome.item),
    requestHash: readText(outcome.item, 'requestHash'),
  };
}

async function claim<T>(
  table: StoreTable,
  request: {
    /** The item as claimed, with its status. */
    readonly draft: Item;
    readonly requestHash: string;
    readonly now: EpochMs;
    readonly parse: (item: Item) => T;
  },
): Promise<ClaimOutcome<T>> {
  const { draft, requestHash, now, parse } = request;
  // Tells this very call, which the SDK may repeat, from others with the same request at the same time.
  const mark = randomBytes(CLAIM_MARK_BYTES).toString('base64url');
  const claimed = readText(draft, 'status');
  const outcome = await putIf(
    table,
    {
      ...draft,
      requestHash: text(requestHash),
      claimedUntil: number(addMs(now, CREATE_LEASE_MS)),
      claimMark: text(mark),
    },
    {
      expression:
        'attribute_not_exists(pk) OR (#status = :claimed AND requestHash = :request AND claimedUntil <= :now)',
      names: ['status'],
      values: { ':claimed': text(claimed), ':request': text(requestHash), ':now': number(now) },
    },
  );
  if (outcome.kind === 'applied') return { kind: 'claimed' };
  if (outcome.item === null) throw new Error('a claimed resource vanished from the registry');
  assertReadable(outcome.item);
  if (outcome.item['claimMark']?.S === mark) return { kind: 'claimed' };
  const storedHash = readText(outcome.item, 'requestHash');
  return readText(outcome.item, 'status') === claimed
    ? { kind: 'in_progress', requestHash: storedHash }
    : { kind: 'exists', resource: parse(outcome.item), requestHash: storedHash };
}

async function completeConnector(table: StoreTable, connector: PaymentConnector, requestHash: string): Promise<void> {
  const set = toConnectorAttributes(connector);
  const outcome = await updateIf(
    table,
    connectorKey(connector.managerId, connector.connectorId),
    { set, remove: CLAIM_ATTRIBUTES },
    {
      expression: '#status = :claimed AND requestHash = :request',
      names: ['status'],
      values: { ':claimed': text(CONNECTOR_CLAIMED), ':request': text(requestHash) },
    },
  );
  if (outcome.kind === 'applied' || isWritten(outcome.item, set)) return;
  if (outcome.item?.['requestHash']?.S === requestHash) {
    throw new NotNow(`connector ${connector.connectorId} was completed by a repetition of the request`);
  }
  throw new Error(`connector ${connector.connectorId} was completed without a claim of this request`);
}

/** The claim is recognised by its `createdAt`: a take-over comes at least a lease later, so it has another one. */
async function completeInstrument(table: StoreTable, instrument: PaymentInstrument): Promise<void> {
  const { instrumentId, status, wallet } = instrument;
  if (status !== 'ACTIVE' || wallet === null) throw new Error(`instrument ${instrumentId} was completed as ${status}`);
  const set = {
    status: text(status),
    ...toWalletAttributes(wallet),
    createdAt: number(instrument.createdAt),
    updatedAt: number(instrument.updatedAt),
  };
  const outcome = await updateIf(
    table,
    instrumentKey(instrument, instrumentId),
    { set, remove: CLAIM_ATTRIBUTES },
    {
      expression: '#status = :claimed AND createdAt = :claim',
      names: ['status'],
      values: { ':claimed': text(INSTRUMENT_CLAIMED), ':claim': number(instrument.createdAt) },
    },
  );
  if (outcome.kind === 'applied' || isWritten(outcome.item, set)) return;
  if (outcome.item !== null) throw new NotNow(`the claim of instrument ${instrumentId} was taken over or deleted`);
  throw new Error(`instrument ${instrumentId} was completed without a claim`);
}

/** Whether an item holds what was to be written: then the write is the repetition of one whose reply was lost. */
function isWritten(stored: Item | null, written: Item): boolean {
  return Object.entries(written).every(([name, value]) => JSON.stringify(stored?.[name]) === JSON.stringify(value));
}

async function takeKeyIndex(
  { client, tableName }: StoreTable,
  managerId: string,
  connectorId: string,
): Promise<number> {
  const command = new UpdateItemCommand({
    TableName: tableName,
    Key: connectorKey(managerId, connectorId),
    UpdateExpression: 'ADD keysTaken :one',
    ConditionExpression: '#status = :ready',
    ExpressionAttributeNames: { '#status': 'status' },
    ExpressionAttributeValues: { ':one': number(1), ':ready': text('READY') },
    ReturnValues: 'UPDATED_NEW',
  });
  const taken = await callStore('UpdateItem', async () => {
    try {
      return (await client.send(command)).Attributes ?? {};
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return null;
    }
  });
  if (taken === null) throw new Error(`connector ${connectorId} has no keys to give: it is missing or not READY`);
  // A repeated request skips an index: gaps are harmless, the same index twice would be one key for two users.
  return readInteger(taken, 'keysTaken') - 1;
}

async function deleteInstrument(
  table: StoreTable,
  user: UserKey,
  instrumentId: string,
  now: EpochMs,
): Promise<PaymentInstrument | null> {
  const outcome = await updateIf(
    table,
    instrumentKey(user, instrumentId),
    { set: { status: text('DELETED'), updatedAt: number(now) }, remove: CLAIM_ATTRIBUTES },
    { expression: 'attribute_exists(pk) AND #status <> :deleted', values: { ':deleted': text('DELETED') } },
  );
  if (outcome.item === null) return null;
  const instrument = parseInstrumentItem(outcome.item);
  if (outcome.kind === 'applied') return instrument;
  // The repetition of a delete whose reply was lost. Two deletes in one millisecond count as one, which harms nobody.
  return instrument.updatedAt === now ? instrument : null;
}

function toInstrumentsQuery(tableName: string, user: UserKey, connectorId: string | null): ListQuery {
  const { pk } = instrumentKey(user, '');
  return {
    query: {
      TableName: tableName,
      KeyConditionExpression: 'pk = :owner',
      FilterExpression: `#status <> :deleted${connectorId === null ? '' : ' AND connectorId = :connector'}`,
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: {
        ':owner': pk!,
        ':deleted': text('DELETED'),
        ...(connectorId === null ? {} : { ':connector': text(connectorId) }),
      },
      ConsistentRead: true,
    },
    scope: ['instruments', user.managerId, user.userId, connectorId ?? ''],
    positionOf: (item) => readText(item, 'sk'),
    keyAt: (position) => (INSTRUMENT_ID.test(position) ? instrumentKey(user, position) : null),
  };
}
