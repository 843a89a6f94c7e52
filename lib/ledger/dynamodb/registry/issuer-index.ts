import type { IssuerIndex } from '../../../domain/ports/registry.ts';
import { assertReadable, readText } from '../store/attributes.ts';
import type { StoreTable } from '../store/conditional-write.ts';
import { issuerPartitionValue } from './identity-items.ts';

/** Finds issuers by the entries that managers keep of whom they trust. Strongly consistent, so that trust ends at once. */
export function createIssuerIndex({ tableName, client }: StoreTable): IssuerIndex {
  return {
    findDiscoveryUrl: async (issuerKey) => {
      const { items } = await client.query({
        TableName: tableName,
        KeyConditionExpression: 'pk = :issuer',
        ExpressionAttributeValues: { ':issuer': issuerPartitionValue(issuerKey) },
        ConsistentRead: true,
        Limit: 1,
      });
      const [entry] = items;
      if (entry === undefined) return null;
      assertReadable(entry);
      return readText(entry, 'discoveryUrl');
    },
  };
}
