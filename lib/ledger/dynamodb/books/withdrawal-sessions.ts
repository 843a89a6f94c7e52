import { InvariantViolated } from '../../../domain/invariant.ts';
import type { WithdrawalSessions } from '../../../domain/ports/books.ts';
import { readText } from '../store/attributes.ts';
import { putIf, type StoreTable } from '../store/conditional-write.ts';
import { toSessionItem } from './new-session-item.ts';
import { parseSessionItem } from './session-items.ts';

/**
 * The sessions of withdrawals, in the books table. They have no place in the list of the user's sessions, nor in the index of
 * sessions by expiry: the end of one ends no user's budget.
 */
export function createWithdrawalSessions(table: StoreTable): WithdrawalSessions {
  return {
    openSession: async (session, requestHash) => {
      const { lk: _listKey, ls: _listSort, ...item } = toSessionItem(session, requestHash);
      const outcome = await putIf(table, item, { expression: 'attribute_not_exists(pk)' });
      if (outcome.kind === 'applied') return { session, requestHash };
      if (outcome.item === null) throw new InvariantViolated(`session ${session.sessionId} vanished from the books`);
      return { session: parseSessionItem(outcome.item), requestHash: readText(outcome.item, 'rh') };
    },
  };
}
