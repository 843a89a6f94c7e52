import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** The embedded database takes any credentials; the SDK insists on having some. */
export const ANY_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' } as const;
export const LOCAL_REGION = 'us-east-1';

/** A client of the local stack's own work on the database: making tables, looking into it. Functions make their own. */
export function createDatabaseClient(endpoint: string): DynamoDBClient {
  return new DynamoDBClient({ endpoint, region: LOCAL_REGION, credentials: ANY_CREDENTIALS });
}
