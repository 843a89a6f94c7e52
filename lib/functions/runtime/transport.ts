import type { Environment } from '../../aws/credentials.ts';
import { STORE_ATTEMPTS_MAX } from '../../domain/limits.ts';
import { createLeanStore } from '../../ledger/dynamodb/store/lean-client.ts';
import type { StoreClient } from '../../ledger/dynamodb/store/client.ts';
import { createLeanSignDigest } from '../../wallets/aws-kms/lean-sign.ts';
import type { SignDigest } from '../../wallets/aws-kms/signer.ts';
import { createLeanReadSecret } from '../../wallets/seed-vault/lean-secret.ts';
import type { ReadSecret } from '../../wallets/seed-vault/signer.ts';
import { systemClock } from './runtime.ts';

export interface StoreTransport {
  readonly client: StoreClient;
  /** For `reserve` alone: sends once. */
  readonly singleSendClient: StoreClient;
}

export interface KeyTransport {
  readonly signDigest: SignDigest;
  readonly readSecret: ReadSecret;
}

/** A payment's reads, those of its policies and its intent go out side by side. */
const STORE_CONNECTIONS_AHEAD = 3;

/**
 * How the functions on the paying path reach the database: without the SDK, over connections that are opened now. The build
 * puts `transport-sdk.ts` in the place of this file for deployments with `awsTransport: sdk`.
 */
export function openStore(env: Environment): StoreTransport {
  const store = createLeanStore(env);
  store.connect(STORE_CONNECTIONS_AHEAD);
  return {
    client: store.createClient({ maxAttempts: STORE_ATTEMPTS_MAX }),
    singleSendClient: store.createClient({ maxAttempts: 1 }),
  };
}

/** How the paying function reaches keys and seeds; see `openStore`. */
export function openKeys(env: Environment): KeyTransport {
  const kms = createLeanSignDigest(env, systemClock);
  const secrets = createLeanReadSecret(env);
  kms.connect();
  secrets.connect();
  return { signDigest: kms.signDigest, readSecret: secrets.readSecret };
}
