import { doublingWaitMs } from '../../../domain/doubling-wait.ts';
import { BATCH_READ_ATTEMPTS_MAX, BATCH_READ_WAIT_MIN_MS } from '../../../domain/limits.ts';
import { NotNow } from '../../../domain/ports/services.ts';
import type { PolicyOwner, PolicyReader } from '../../../domain/ports/policies.ts';
import { readText } from '../store/attributes.ts';
import type { Item } from '../store/client.ts';
import type { StoreTable } from '../store/conditional-write.ts';
import { policyKey, policyPartition } from './policy-keys.ts';

/**
 * Reads the policies of a payment with one request. Throws `NotNow` where DynamoDB would not read one of them though it was asked
 * `BATCH_READ_ATTEMPTS_MAX` times: a policy that was not read must not count as none.
 */
export function createPolicyReader({ client, tableName }: StoreTable): PolicyReader {
  return {
    readPolicies: async (owners) => {
      const byKey = new Map<string, PolicyOwner>(owners.map((owner) => [policyPartition(owner), owner]));
      const found = new Map<string, Item>();
      let pending: readonly Item[] = [...byKey.values()].map(policyKey);
      for (let attempt = 0; pending.length > 0; attempt += 1) {
        if (attempt === BATCH_READ_ATTEMPTS_MAX) throw new NotNow('a spend policy could not be read');
        if (attempt > 0) await wait(doublingWaitMs(attempt - 1, { minMs: BATCH_READ_WAIT_MIN_MS }));
        const output = await client.batchGetItem({ TableName: tableName, Keys: pending });
        for (const item of output.items) found.set(readText(item, 'pk'), item);
        pending = output.unprocessedKeys;
      }
      if (found.size === 0) return [];
      const { parsePolicyItem } = await import('./policy-items.ts');
      return [...byKey].flatMap(([key, owner]) => {
        const item = found.get(key);
        return item === undefined ? [] : (parsePolicyItem(owner, item).stored ?? []);
      });
    },
  };
}

async function wait(ms: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
