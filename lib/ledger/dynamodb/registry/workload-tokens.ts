import type { WorkloadTokens } from '../../../domain/ports/registry.ts';
import { floorToSeconds } from '../../../domain/time.ts';
import { SCHEMA_VERSION, assertReadable, number, readInstant, readText, text } from '../store/attributes.ts';
import { putIf, type StoreTable } from '../store/conditional-write.ts';
import { workloadTokenKey } from './identity-items.ts';

/**
 * Workloads' one-time tokens on DynamoDB. Redeeming deletes the item and reads what it was in one request, so that exactly
 * one caller gets it; where that reply is lost, nobody does and a new token must be asked for. Expired tokens that nobody
 * redeems are removed by the table's time to live, some hours late, so redeeming checks the time itself.
 */
export function createWorkloadTokens(table: StoreTable): WorkloadTokens {
  return {
    keep: async (tokenDigest, grant) => {
      const item = {
        ...workloadTokenKey(tokenDigest),
        v: number(SCHEMA_VERSION),
        workloadName: text(grant.workloadName),
        workloadCreatedAt: number(grant.workloadCreatedAt),
        ...(grant.userId === null ? {} : { userId: text(grant.userId) }),
        expiresAt: number(grant.expiresAt),
        expiresAtSeconds: number(floorToSeconds(grant.expiresAt)),
      };
      // A refusal is the repetition of this very write: nobody draws the same token twice.
      await putIf(table, item, { expression: 'attribute_not_exists(pk)' });
    },
    redeem: async (tokenDigest) => {
      const { item } = await table.client.deleteItem({
        TableName: table.tableName,
        Key: workloadTokenKey(tokenDigest),
        ReturnValues: 'ALL_OLD',
      });
      if (item === null) return null;
      assertReadable(item);
      return {
        workloadName: readText(item, 'workloadName'),
        workloadCreatedAt: readInstant(item, 'workloadCreatedAt'),
        userId: item['userId']?.S ?? null,
        expiresAt: readInstant(item, 'expiresAt'),
      };
    },
  };
}
