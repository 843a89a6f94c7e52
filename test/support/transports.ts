import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Environment } from '../../lib/aws/credentials.ts';
import type { StoreClient } from '../../lib/ledger/dynamodb/store/client.ts';
import { createLeanStore } from '../../lib/ledger/dynamodb/store/lean-client.ts';
import { toStoreClient } from '../../lib/ledger/dynamodb/store/sdk-client.ts';

/** The store by each way to it, with the same limits. */
export interface StoreTransport {
  readonly client: StoreClient;
  close(): void;
}

interface Limits {
  readonly maxAttempts: number;
  readonly timeoutMs: number;
}

/** Reads the same environment as the lean one, where the SDK's own client would read the process's. */
function openSdk(env: Environment, { maxAttempts, timeoutMs }: Limits): StoreTransport {
  const client = new DynamoDBClient({
    endpoint: env['AWS_ENDPOINT_URL_DYNAMODB']!,
    region: env['AWS_REGION']!,
    credentials: {
      accessKeyId: env['AWS_ACCESS_KEY_ID']!,
      secretAccessKey: env['AWS_SECRET_ACCESS_KEY']!,
      ...(env['AWS_SESSION_TOKEN'] === undefined ? {} : { sessionToken: env['AWS_SESSION_TOKEN'] }),
    },
    maxAttempts,
    requestHandler: { requestTimeout: timeoutMs, connectionTimeout: timeoutMs, throwOnRequestTimeout: true },
  });
  return { client: toStoreClient(client), close: () => client.destroy() };
}

function openLean(env: Environment, limits: Limits): StoreTransport {
  const store = createLeanStore(env);
  return { client: store.createClient(limits), close: () => store.close() };
}

export const TRANSPORTS: readonly (readonly [
  name: string,
  open: (env: Environment, limits: Limits) => StoreTransport,
])[] = [
  ['the SDK', openSdk],
  ['the lean client', openLean],
];
