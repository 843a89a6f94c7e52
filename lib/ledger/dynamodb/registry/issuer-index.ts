import { QueryCommand } from '@aws-sdk/client-dynamodb';
import type { IssuerIndex } from '../../../domain/ports/registry.ts';
import { assertReadable, readText } from '../store/attributes.ts';
import { callStore } from '../store/client.ts';
import type { StoreTable } from '../store/conditional-write.ts';
import { issuerPartitionValue } from './identity-items.ts';

/** Finds issuers by the entries that managers keep of whom they trust. Strongly consistent, so that trust ends at once. */
export function createIssuerIndex({ tableName, client }: StoreTable): IssuerIndex {
  return {
    findDiscoveryUrl: async (issuerKey) => {
      const command = new QueryCommand({
        TableName: tableName,
        KeyConditionExpression: 'pk = :issuer',
        ExpressionAttributeValues: { ':issuer': issuerPartitionValue(issuerKey) },
        ConsistentRead: true,
        Limit: 1,
      });
      const { Items: [entry] = [] } = await callStore('Query', () => client.send(command));
      if (entry === undefined) return null;
      assertReadable(entry);
      return readText(entry, 'discoveryUrl');
    },
  };
}
