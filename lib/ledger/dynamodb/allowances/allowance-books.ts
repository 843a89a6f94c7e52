import type { AllowanceBooks, AllowanceVisits } from '../../../domain/ports/allowances.ts';
import { queryDue } from '../books/sweep-index.ts';
import { number, readText, text } from '../store/attributes.ts';
import { putIf, type StoreTable } from '../store/conditional-write.ts';
import {
  ALLOWANCE_SHARD,
  allowancePk,
  parseAllowanceItem,
  parseAllowancePk,
  toAllowanceItem,
} from './allowance-items.ts';

/** Wallets' approvals, in the table of the books. */
export function createAllowanceBooks(table: StoreTable): AllowanceBooks {
  return {
    read: async (key) => {
      const Key = { pk: text(allowancePk(key)) };
      const item = await table.client.getItem({ TableName: table.tableName, Key, ConsistentRead: true });
      return item === null ? null : parseAllowanceItem(item);
    },
    write: async (next) => {
      const before =
        next.version === 1
          ? { expression: 'attribute_not_exists(pk)' }
          : { expression: 'vn = :before', values: { ':before': number(next.version - 1) } };
      // A repetition whose first try was applied meets its own version, and the caller looks again.
      return (await putIf(table, toAllowanceItem(next), before)).kind === 'applied' ? 'written' : 'overtaken';
    },
  };
}

/** Who is to be looked at, in the index that the sweeper has for payments: one page, the longest due first. */
export function createAllowanceVisits(table: StoreTable): AllowanceVisits {
  return {
    due: async (now) =>
      (await queryDue(table, ALLOWANCE_SHARD, now, null)).map((item) => parseAllowancePk(readText(item, 'pk'))),
  };
}
