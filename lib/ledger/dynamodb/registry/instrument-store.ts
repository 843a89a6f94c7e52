import { INSTRUMENT_ID } from '../../../domain/ids.ts';
import { INSTRUMENTS_MAX } from '../../../domain/limits.ts';
import { NotNow, type UserKey } from '../../../domain/ports/services.ts';
import type { InstrumentStore } from '../../../domain/ports/registry.ts';
import type { PaymentInstrument } from '../../../domain/tenants/resources.ts';
import type { EpochMs } from '../../../domain/time.ts';
import { number, readText, text } from '../store/attributes.ts';
import { DRAFT_ATTRIBUTES, begin, isWritten } from './creation-drafts.ts';
import { updateIf, type Condition, type StoreTable } from '../store/conditional-write.ts';
import { instrumentKey, parseInstrumentItem, toInstrumentItem, toWalletAttributes } from './instrument-items.ts';
import { readListPage, type ListQuery } from '../store/list-page.ts';
import { connectorKey } from './connector-items.ts';
import { DELETED } from './manager-items.ts';
import { readInstrument, readItem } from './registry-reader.ts';
import { transactIf } from '../store/transaction.ts';

const BEGUN = 'INITIATED';

/**
 * Instruments on DynamoDB. One that is not deleted counts at its connector. `completeInstrument` throws `NotNow` when a
 * take-over was completed first: asking again then finds the resource.
 */
export function createInstrumentStore(table: StoreTable): InstrumentStore {
  return {
    readInstrument: (user, instrumentId) => readInstrument(table, user, instrumentId),
    beginInstrument: async (instrument, requestHash, now) => {
      if (instrument.status !== BEGUN) throw new Error(`began an instrument that is ${instrument.status}`);
      return begin(table, {
        draft: toInstrumentItem(instrument),
        requestHash,
        now,
        parse: parseInstrumentItem,
        place: {
          kind: 'update',
          key: connectorKey(instrument.managerId, instrument.connectorId),
          add: { instruments: number(1) },
          condition: {
            expression: '#status = :ready AND instruments < :max',
            names: ['status'],
            values: { ':ready': text('READY'), ':max': number(INSTRUMENTS_MAX) },
          },
        },
      });
    },
    completeInstrument: (instrument) => completeInstrument(table, instrument),
    yieldInstrument: async (instrument) => {
      const set = { claimedUntil: number(instrument.createdAt) };
      await updateIf(table, instrumentKey(instrument, instrument.instrumentId), { set }, whileDraft(instrument));
    },
    deleteInstrument: (user, instrumentId, now) => deleteInstrument(table, user, instrumentId, now),
    listInstruments: async (user, { connectorId, ...page }) => {
      const query = toInstrumentsQuery(table.tableName, user, connectorId ?? null);
      const { items, ...rest } = await readListPage(table.client, query, page);
      return { ...rest, items: items.map(parseInstrumentItem) };
    },
  };
}

/**
 * The draft is recognised by its `createdAt`: a take-over comes a lease later and has another one. Of a draft that was given
 * back it may have the same, but who gave it back writes no more.
 */
function whileDraft({ createdAt }: PaymentInstrument): Condition {
  return {
    expression: '#status = :begun AND createdAt = :created',
    names: ['status'],
    values: { ':begun': text(BEGUN), ':created': number(createdAt) },
  };
}

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
    { set, remove: DRAFT_ATTRIBUTES },
    whileDraft(instrument),
  );
  if (outcome.kind === 'applied' || isWritten(outcome.item, set)) return;
  if (outcome.item !== null) throw new NotNow(`the draft of instrument ${instrumentId} was taken over or deleted`);
  throw new Error(`instrument ${instrumentId} was completed without a draft`);
}

async function deleteInstrument(
  table: StoreTable,
  user: UserKey,
  instrumentId: string,
  now: EpochMs,
): Promise<PaymentInstrument | null> {
  const stored = await readItem(table, instrumentKey(user, instrumentId));
  if (stored === null) return null;
  const instrument = parseInstrumentItem(stored);
  if (instrument.status === DELETED) return null;
  const deleted: PaymentInstrument = { ...instrument, status: DELETED, updatedAt: now };
  const outcome = await transactIf(table, [
    {
      kind: 'update',
      key: instrumentKey(user, instrumentId),
      set: { status: text(DELETED), updatedAt: number(now) },
      remove: DRAFT_ATTRIBUTES,
      condition: {
        expression: '#status <> :deleted',
        names: ['status'],
        values: { ':deleted': text(DELETED) },
      },
    },
    {
      kind: 'update',
      key: connectorKey(user.managerId, instrument.connectorId),
      add: { instruments: number(-1) },
      condition: { expression: 'instruments > :none', values: { ':none': number(0) } },
    },
  ]);
  if (outcome.kind === 'applied') return deleted;
  if (outcome.failed.has(0)) return null;
  throw new Error(`instrument ${instrumentId} does not count at its connector`);
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
