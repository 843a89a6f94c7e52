import { BREAKER_FORGET_MS } from '../../../domain/policy/breaker.ts';
import type { OutcomeKeeper } from '../../../domain/ports/memory.ts';
import { number, text } from '../store/attributes.ts';
import type { StoreTable } from '../store/conditional-write.ts';
import { putIf, updateIf } from '../store/conditional-write.ts';
import { failuresKey, parseFailuresItem, toReportAttributes } from './memory-items.ts';

/**
 * What clients report, one item for a user and an origin. Advice: it is read and then written, so that of two reports at once one may
 * be lost.
 */
export function createOutcomeKeeper(table: StoreTable): OutcomeKeeper {
  return {
    noteOutcome: async (ref, outcome) => {
      const key = failuresKey(ref);
      const item = await table.client.getItem({ TableName: table.tableName, Key: key });
      const stored = item === null ? null : parseFailuresItem(item);
      const isOld = stored === null || stored.lastAt + BREAKER_FORGET_MS <= outcome.at;
      const before = isOld ? 0 : stored.inARow;
      // A success where nothing had failed says nothing new.
      if (outcome.delivered && before === 0) return { inARow: 0, lastAt: outcome.at };
      const inARow = outcome.delivered ? 0 : before + 1;
      const report = { ...toReportAttributes(ref, outcome), failures: number(inARow) };
      const isAnother = { expression: 'paymentId <> :payment', values: { ':payment': text(outcome.paymentId) } };
      const isThere = { expression: 'attribute_exists(pk)' };
      const written =
        item === null
          ? await putIf(table, { ...key, ...report }, { expression: 'attribute_not_exists(pk)' })
          : await updateIf(table, key, { set: report }, outcome.delivered ? isThere : isAnother);
      if (written.kind === 'applied') return { inARow, lastAt: outcome.at };
      return written.item === null ? { inARow: before, lastAt: outcome.at } : parseFailuresItem(written.item);
    },
  };
}
