import { PROVIDER_NAME, WORKLOAD_NAME } from '../../../domain/ids.ts';
import type { Page, PageRequest } from '../../../domain/ports/services.ts';
import type { ChangeOutcome, IdentityStore } from '../../../domain/ports/registry.ts';
import { number } from '../store/attributes.ts';
import type { Item } from '../store/client.ts';
import { putIf, updateIf, type StoreTable } from '../store/conditional-write.ts';
import {
  PROVIDER_LIST,
  WORKLOAD_LIST,
  parseProviderItem,
  parseWorkloadItem,
  providerKey,
  toProviderAttributes,
  toProviderItem,
  toWorkloadAttributes,
  toWorkloadItem,
  workloadKey,
} from './identity-items.ts';
import { readListPage, toListQuery } from '../store/list-page.ts';
import { readProvider } from './project-reader.ts';
import { readItem } from './registry-reader.ts';
import { transactIf } from '../store/transaction.ts';
import { drawWriteMark, isMarkedWrite } from '../store/write-mark.ts';

/** Credential providers and workload identities on DynamoDB, one item each; reads of a single one are strongly consistent. */
export function createIdentityStore(table: StoreTable): IdentityStore {
  return {
    readProvider: (name) => readProvider(table, name),
    createProvider: (provider) => create(table, toProviderItem(provider)),
    replaceProvider: (next, previous) => {
      const set = toProviderAttributes(next);
      const remove = set['walletSecret'] === undefined ? ['walletSecret'] : [];
      return replace(table, providerKey(next.name), { set, remove }, previous);
    },
    deleteProvider: (provider) => deleteUnused(table, providerKey(provider.name), provider, 'connectors = :none'),
    listProviders: (page) => list(table, page, PROVIDER_LIST, PROVIDER_NAME, providerKey, parseProviderItem),

    readWorkload: async (name) => parseIfAny(await readItem(table, workloadKey(name)), parseWorkloadItem),
    createWorkload: (workload) => create(table, toWorkloadItem(workload, null)),
    replaceWorkload: (next, previous) =>
      replace(table, workloadKey(next.name), { set: toWorkloadAttributes(next), remove: [] }, previous),
    deleteWorkload: (workload) =>
      deleteUnused(table, workloadKey(workload.name), workload, 'attribute_not_exists(#manager)'),
    listWorkloads: (page) => list(table, page, WORKLOAD_LIST, WORKLOAD_NAME, workloadKey, parseWorkloadItem),
  };
}

function parseIfAny<T>(item: Item | null, parse: (item: Item) => T): T | null {
  return item === null ? null : parse(item);
}

async function create(table: StoreTable, item: Item): Promise<ChangeOutcome> {
  const mark = drawWriteMark();
  const outcome = await putIf(table, { ...item, ...mark }, { expression: 'attribute_not_exists(pk)' });
  return isMarkedWrite(outcome, mark) ? 'changed' : 'stale';
}

interface Revised {
  readonly createdAt: number;
  readonly revision: number;
}

/** As it was read: the instant of creation tells it from a later one of the same name. */
function unchanged({ createdAt, revision }: Revised) {
  return {
    expression: 'createdAt = :created AND revision = :read',
    values: { ':created': number(createdAt), ':read': number(revision) },
  };
}

async function replace(
  table: StoreTable,
  key: Item,
  change: { readonly set: Item; readonly remove: readonly string[] },
  previous: Revised,
): Promise<ChangeOutcome> {
  const mark = drawWriteMark();
  const outcome = await updateIf(table, key, { ...change, set: { ...change.set, ...mark } }, unchanged(previous));
  return isMarkedWrite(outcome, mark) ? 'changed' : 'stale';
}

/** `in_use` where the item is as it was read, and only the further condition does not hold. */
async function deleteUnused(
  table: StoreTable,
  key: Item,
  previous: Revised,
  unused: 'connectors = :none' | 'attribute_not_exists(#manager)',
): Promise<ChangeOutcome | 'in_use'> {
  const { expression, values } = unchanged(previous);
  const condition = {
    expression: `${expression} AND ${unused}`,
    ...(unused === 'connectors = :none'
      ? { values: { ...values, ':none': number(0) } }
      : { values, names: ['manager'] }),
  };
  const outcome = await transactIf(table, [{ kind: 'delete', key, condition }]);
  if (outcome.kind === 'applied') return 'changed';
  const seen = outcome.failed.get(0);
  const untouched =
    seen?.['createdAt']?.N === `${previous.createdAt}` && seen['revision']?.N === `${previous.revision}`;
  return untouched ? 'in_use' : 'stale';
}

async function list<T>(
  table: StoreTable,
  page: PageRequest,
  name: string,
  pattern: RegExp,
  keyOf: (name: string) => Item,
  parse: (item: Item) => T,
): Promise<Page<T>> {
  const query = toListQuery(table.tableName, name, (id) => (pattern.test(id) ? keyOf(id) : null));
  const { items, ...rest } = await readListPage(table.client, query, page);
  return { ...rest, items: items.map(parse) };
}
