import { MANAGER_ID } from '../../../domain/ids.ts';
import { issuerKeyOfDiscoveryUrl } from '../../../domain/tenants/jwt-authorizer.ts';
import type { ChangeOutcome, ManagerStore, Remembered } from '../../../domain/ports/registry.ts';
import type { PaymentManager } from '../../../domain/tenants/resources.ts';
import type { EpochMs } from '../../../domain/time.ts';
import { number, text } from '../store/attributes.ts';
import { useToken } from './client-tokens.ts';
import type { StoreTable } from '../store/conditional-write.ts';
import { issuerEntryKey, toIssuerItem, toWorkloadItem, workloadKey } from './identity-items.ts';
import { readListPage, toListQuery } from '../store/list-page.ts';
import {
  DELETED,
  LISTED_ATTRIBUTES,
  MANAGER_LIST,
  managerKey,
  parseManagerItem,
  toManagerAttributes,
  toManagerItem,
} from './manager-items.ts';
import { readManager } from './registry-reader.ts';
import { transactIf, type TransactionPart } from '../store/transaction.ts';

/** Managers on DynamoDB. Each change is one transaction over the manager, its issuer's entry and the client token. */
export function createManagerStore(table: StoreTable): ManagerStore {
  return {
    readManager: (managerId) => readManager(table, managerId),
    createManager: (manager, remembered) => createManager(table, manager, remembered),
    listManagers: async (page) => {
      const query = toListQuery(table.tableName, MANAGER_LIST, (managerId) =>
        MANAGER_ID.test(managerId) ? managerKey(managerId) : null,
      );
      const { items, ...rest } = await readListPage(table.client, query, page);
      return { ...rest, items: items.map(parseManagerItem) };
    },
    replaceManager: (next, previous, remembered) => replaceManager(table, next, previous, remembered),
    deleteManager: (manager, remembered, now) => deleteManager(table, manager, remembered, now),
  };
}

const NEW = { expression: 'attribute_not_exists(pk)' };

async function createManager(
  table: StoreTable,
  manager: PaymentManager,
  remembered: Remembered | null,
): Promise<ChangeOutcome> {
  const { workloadName: name, createdAt, updatedAt, managerId } = manager;
  const workload = { name, returnUrls: [], tags: null, createdAt, updatedAt, revision: 1 };
  const outcome = await transactIf(table, [
    { kind: 'put', item: toManagerItem(manager), condition: NEW },
    { kind: 'put', item: toWorkloadItem(workload, managerId), condition: NEW },
    ...toIssuerParts(null, manager),
    ...useToken(remembered),
  ]);
  return outcome.kind === 'applied' ? 'changed' : 'stale';
}

/** The condition under which a manager is still as it was read. */
function unchanged({ revision }: PaymentManager) {
  return {
    expression: '#status = :ready AND #revision = :read',
    names: ['status', 'revision'],
    values: { ':ready': text('READY'), ':read': number(revision) },
  };
}

async function replaceManager(
  table: StoreTable,
  next: PaymentManager,
  previous: PaymentManager,
  remembered: Remembered | null,
): Promise<ChangeOutcome> {
  const remove = next.authorizer.type === 'AWS_IAM' ? ['jwt'] : [];
  const key = managerKey(next.managerId);
  const outcome = await transactIf(table, [
    { kind: 'update', key, set: toManagerAttributes(next), remove, condition: unchanged(previous) },
    ...toIssuerParts(previous, next),
    ...useToken(remembered),
  ]);
  return outcome.kind === 'applied' ? 'changed' : 'stale';
}

async function deleteManager(
  table: StoreTable,
  manager: PaymentManager,
  remembered: Remembered | null,
  now: EpochMs,
): Promise<ChangeOutcome | 'in_use'> {
  const { expression, names, values } = unchanged(manager);
  const outcome = await transactIf(table, [
    {
      kind: 'update',
      key: managerKey(manager.managerId),
      set: { status: text(DELETED), updatedAt: number(now) },
      remove: LISTED_ATTRIBUTES,
      condition: {
        expression: `${expression} AND connectors = :none`,
        names,
        values: { ...values, ':none': number(0) },
      },
    },
    { kind: 'delete', key: workloadKey(manager.workloadName) },
    ...toIssuerParts(manager, null),
    ...useToken(remembered),
  ]);
  if (outcome.kind === 'applied') return 'changed';
  const seen = outcome.failed.get(0);
  const untouched = seen?.['status']?.S === 'READY' && seen['revision']?.N === `${manager.revision}`;
  return untouched ? 'in_use' : 'stale';
}

/** Keeps the entry under which tokens of a manager's issuer find its discovery document. */
function toIssuerParts(previous: PaymentManager | null, next: PaymentManager | null): TransactionPart[] {
  const before = toIssuer(previous);
  const after = toIssuer(next);
  if (before?.discoveryUrl === after?.discoveryUrl) return [];
  // Two spellings of one issuer share an entry, and a transaction may touch an item only once.
  const stays = before?.issuerKey === after?.issuerKey;
  const condition = { expression: stays ? 'attribute_exists(pk)' : 'attribute_not_exists(pk)' };
  return [
    ...(before === null || stays
      ? []
      : [{ kind: 'delete', key: issuerEntryKey(before.issuerKey, before.managerId) } as const]),
    ...(after === null ? [] : [{ kind: 'put', item: toIssuerItem(after), condition } as const]),
  ];
}

function toIssuer(manager: PaymentManager | null) {
  if (manager === null || manager.authorizer.type === 'AWS_IAM') return null;
  const { discoveryUrl } = manager.authorizer.jwt;
  const issuerKey = issuerKeyOfDiscoveryUrl(discoveryUrl);
  if (issuerKey === null) throw new Error(`manager ${manager.managerId} has a discovery URL of no known form`);
  return { issuerKey, managerId: manager.managerId, discoveryUrl };
}
