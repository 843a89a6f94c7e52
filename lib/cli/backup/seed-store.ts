import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SEED_STAGE } from '../../wallets/seed-vault/seed-secret.ts';
import type { CredentialSource } from '../target/aws.ts';

/** A secret as Secrets Manager describes it, without a value. */
export interface SecretDescription {
  readonly arn: string;
  readonly name: string;
  readonly description: string;
  readonly kmsKeyId: string | null;
  /** Those with a stage, the current one first. */
  readonly versionIds: readonly string[];
  /** The version that our label holds, so that Secrets Manager keeps it. */
  readonly heldVersionId: string | null;
  readonly scheduledForDeletion: boolean;
}

/** The secrets that hold seeds, with the operator's own permissions. Each call throws what the SDK throws. */
export interface SeedStore {
  /** `null`: there is none, or none any more. */
  describe(name: string): Promise<SecretDescription | null>;
  /** `null`: there is no such version. */
  read(name: string, versionId: string): Promise<string | null>;
  create(secret: {
    readonly name: string;
    readonly description: string;
    readonly kmsKeyId: string | null;
    readonly versionId: string;
    readonly value: string;
  }): Promise<void>;
  /** Adds a value under a version id, and makes it the current one. */
  put(name: string, versionId: string, value: string): Promise<void>;
  /** Moves our label to a version, from the one that has it. */
  hold(name: string, versionId: string, from: string | null): Promise<void>;
  /** Takes back a deletion whose days have not passed. */
  undelete(name: string): Promise<void>;
  close(): void;
}

const TIMEOUT_MS = 10_000;
const CURRENT = 'AWSCURRENT';

const within = () => ({ abortSignal: AbortSignal.timeout(TIMEOUT_MS) });

/** @param endpoint `null`: AWS's own */
export async function openSeedStore({
  region,
  endpoint,
  credentials,
}: {
  readonly region: string;
  readonly endpoint: string | null;
  readonly credentials: CredentialSource;
}): Promise<SeedStore> {
  const sdk = await import('@aws-sdk/client-secrets-manager');
  const client: SecretsManagerClient = new sdk.SecretsManagerClient({
    region,
    credentials,
    ...(endpoint === null ? {} : { endpoint }),
  });
  return {
    describe: async (name) => {
      const found = await orNull(client.send(new sdk.DescribeSecretCommand({ SecretId: name }), within()));
      if (found === null) return null;
      const versions = Object.entries(found.VersionIdsToStages ?? {});
      const isCurrent = ([, stages]: (typeof versions)[number]) => Number(stages.includes(CURRENT));
      return {
        arn: found.ARN ?? '',
        name: found.Name ?? name,
        description: found.Description ?? '',
        kmsKeyId: found.KmsKeyId ?? null,
        versionIds: versions.toSorted((a, b) => isCurrent(b) - isCurrent(a)).map(([id]) => id),
        heldVersionId: versions.find(([, stages]) => stages.includes(SEED_STAGE))?.[0] ?? null,
        scheduledForDeletion: found.DeletedDate !== undefined,
      };
    },
    read: async (name, versionId) => {
      const command = new sdk.GetSecretValueCommand({ SecretId: name, VersionId: versionId });
      return (await orNull(client.send(command, within())))?.SecretString ?? null;
    },
    create: async ({ name, description, kmsKeyId, versionId, value }) => {
      const key = kmsKeyId === null ? {} : { KmsKeyId: kmsKeyId };
      const secret = { Name: name, Description: description, ClientRequestToken: versionId, SecretString: value };
      await client.send(new sdk.CreateSecretCommand({ ...secret, ...key }), within());
    },
    put: async (name, versionId, value) => {
      const secret = { SecretId: name, ClientRequestToken: versionId, SecretString: value };
      await client.send(new sdk.PutSecretValueCommand(secret), within());
    },
    hold: async (name, versionId, from) => {
      const label = { SecretId: name, VersionStage: SEED_STAGE, MoveToVersionId: versionId };
      const command = new sdk.UpdateSecretVersionStageCommand({
        ...label,
        ...(from === null ? {} : { RemoveFromVersionId: from }),
      });
      await client.send(command, within());
    },
    undelete: async (name) => {
      await client.send(new sdk.RestoreSecretCommand({ SecretId: name }), within());
    },
    close: () => client.destroy(),
  };
}

async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return null;
    throw error;
  }
}
