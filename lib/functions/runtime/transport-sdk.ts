import { KMSClient } from '@aws-sdk/client-kms';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Environment } from '../../aws/credentials.ts';
import { SIGNER_ATTEMPTS_MAX, SIGNER_TIMEOUT_MS, STORE_ATTEMPTS_MAX } from '../../domain/limits.ts';
import { createStoreClient } from '../../ledger/dynamodb/store/sdk-client.ts';
import { createSdkSignDigest } from '../../wallets/aws-kms/sdk-sign.ts';
import { createSdkReadSecret } from '../../wallets/seed-vault/sdk-secret.ts';
import { awsClientOptions, systemClock } from './runtime.ts';
import type { KeyTransport, StoreTransport } from './transport.ts';

/** `openStore` through the AWS SDK, which reads the process's environment itself. */
export function openStore(_env: Environment): StoreTransport {
  return {
    client: createStoreClient({ maxAttempts: STORE_ATTEMPTS_MAX }),
    singleSendClient: createStoreClient({ maxAttempts: 1 }),
  };
}

/** `openKeys` through the AWS SDK. */
export function openKeys(_env: Environment): KeyTransport {
  const options = awsClientOptions(SIGNER_TIMEOUT_MS, SIGNER_ATTEMPTS_MAX);
  return {
    signDigest: createSdkSignDigest(new KMSClient(options), systemClock),
    readSecret: createSdkReadSecret(new SecretsManagerClient(options)),
  };
}
