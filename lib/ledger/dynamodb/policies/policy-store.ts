import type {
  PolicyBasis,
  PolicyChange,
  PolicyKeeper,
  PolicyOwner,
  StoredPolicy,
} from '../../../domain/ports/policies.ts';
import type { Page, PageRequest } from '../../../domain/ports/services.ts';
import { number, text } from '../store/attributes.ts';
import type { Condition, StoreTable } from '../store/conditional-write.ts';
import { readListPage } from '../store/list-page.ts';
import { transactIf } from '../store/transaction.ts';
import {
  CHANGES,
  changeKey,
  parseChangeItem,
  parsePolicyItem,
  positionOfChange,
  toChangeItem,
  toPolicyItem,
} from './policy-items.ts';
import { policyKey, policyPartition } from './policy-keys.ts';
import { toNoticeItem } from './policy-notices.ts';
import { createPolicyReader } from './policy-reader.ts';

/** The registry, and the books, whose stream tells changes. */
export interface PolicyTable extends StoreTable {
  readonly booksTable: string;
}

/**
 * Spend policies on DynamoDB: one item for each owner, and in its partition one for each change, written with it or not at all, as
 * is the notice in the books by which listeners hear of it.
 */
export function createPolicyKeeper(table: PolicyTable): PolicyKeeper {
  return {
    ...createPolicyReader(table),
    readPolicy: async (owner) => {
      const item = await table.client.getItem({
        TableName: table.tableName,
        Key: policyKey(owner),
        ConsistentRead: true,
      });
      return item === null ? { stored: null, version: 0 } : parsePolicyItem(owner, item);
    },
    put: (next, basis) => {
      const { owner, version, updatedAt: at, updatedBy: by, hash } = next;
      return change(table, { owner, version, at, by, oldHash: basis.hash, newHash: hash }, { basis, policy: next });
    },
    remove: (owner, basis, by, at) => {
      const version = basis.version + 1;
      return change(table, { owner, version, at, by, oldHash: basis.hash, newHash: null }, { basis, policy: null });
    },
    history: (owner, page) => readHistory(table, owner, page),
  };
}

async function change(
  table: PolicyTable,
  made: PolicyChange,
  { basis, policy }: { readonly basis: PolicyBasis; readonly policy: StoredPolicy | null },
): Promise<'changed' | 'stale'> {
  if (made.version !== basis.version + 1) {
    throw new RangeError(`a change of version ${basis.version} makes ${basis.version + 1}, not ${made.version}`);
  }
  const outcome = await transactIf(table, [
    { kind: 'put', item: toPolicyItem(made, policy), condition: standsAt(basis) },
    { kind: 'put', item: toChangeItem(made), condition: { expression: 'attribute_not_exists(pk)' } },
    { kind: 'put', item: toNoticeItem(made), tableName: table.booksTable },
  ]);
  return outcome.kind === 'applied' ? 'changed' : 'stale';
}

function standsAt({ version }: PolicyBasis): Condition {
  if (version === 0) return { expression: 'attribute_not_exists(pk)' };
  return { expression: '#revision = :read', names: ['revision'], values: { ':read': number(version) } };
}

const POSITION = /^[0-9]{12}$/;

async function readHistory(table: StoreTable, owner: PolicyOwner, page: PageRequest): Promise<Page<PolicyChange>> {
  const partition = policyPartition(owner);
  const found = await readListPage(
    table.client,
    {
      query: {
        TableName: table.tableName,
        KeyConditionExpression: 'pk = :owner AND begins_with(sk, :changes)',
        ExpressionAttributeValues: { ':owner': text(partition), ':changes': text(CHANGES) },
        ScanIndexForward: false,
        ConsistentRead: true,
      },
      scope: [CHANGES, partition],
      positionOf: positionOfChange,
      keyAt: (position) => (POSITION.test(position) ? changeKey(owner, position) : null),
    },
    page,
  );
  return { ...found, items: found.items.map((item) => parseChangeItem(owner, item)) };
}
