import { AwsError } from './aws-error.ts';
import type { Tag } from './members.ts';

/** One value of a secret. */
interface SecretVersion {
  readonly versionId: string;
  readonly secretString: string;
}

/** A secret as it is kept: its current value and those before. */
export interface SecretRecord extends SecretVersion {
  readonly name: string;
  readonly arn: string;
  readonly description: string;
  /** Absent: the account's own key. */
  readonly kmsKeyId?: string;
  readonly tags: readonly Tag[];
  readonly createdAtSeconds: number;
  readonly previous?: SecretVersion;
  /** Without a stage any more, the newest first: they can be read by id, and their tokens stay taken. */
  readonly older?: readonly SecretVersion[];
  /** Staging labels that somebody gave to versions, by label. A version that has one is never forgotten. */
  readonly labels?: Readonly<Record<string, string>>;
  /** When a deleted secret is gone for good; it can't be read from the deletion on. */
  readonly deletionAtSeconds?: number;
}

export const CURRENT = 'AWSCURRENT';
const PREVIOUS = 'AWSPREVIOUS';

export type StagedVersion = readonly [stage: string | null, version: SecretVersion];

/** The values that are kept, with their stage if they have one, the current one first. */
export function versionsOf({ versionId, secretString, previous, older = [] }: SecretRecord): readonly StagedVersion[] {
  return [
    [CURRENT, { versionId, secretString }],
    ...(previous === undefined ? [] : [[PREVIOUS, previous] as const]),
    ...older.map((version) => [null, version] as const),
  ];
}

/** All that a version is called: its stage and the labels that it was given. Without any it may be forgotten. */
export function stagesOf(secret: SecretRecord, versionId: string): readonly string[] {
  const [stage] = versionsOf(secret).find(([, version]) => version.versionId === versionId) ?? [null];
  const labels = Object.entries(secret.labels ?? {}).filter(([, labelled]) => labelled === versionId);
  return [...(stage === null ? [] : [stage]), ...labels.map(([label]) => label)];
}

/** The version that a token made, `null` if there is none. Throws where the same token made another value. */
export function findVersion(secret: SecretRecord, token: string, secretString: string): StagedVersion | null {
  const found = versionsOf(secret).find(([, { versionId }]) => versionId === token);
  if (found === undefined || found[1].secretString === secretString) return found ?? null;
  throw new AwsError(
    'ResourceExistsException',
    "You can't use ClientRequestToken for a secret version that already exists with other contents.",
  );
}

export function assertNotDeleted({ deletionAtSeconds }: SecretRecord): void {
  if (deletionAtSeconds === undefined) return;
  throw new AwsError(
    'InvalidRequestException',
    "You can't perform this operation on the secret because it was marked for deletion.",
  );
}

/** Reads a stored record; throws where it has no secret. Only this endpoint writes there. */
export function parseSecretRecord(value: unknown): SecretRecord {
  const record = value as SecretRecord;
  if (typeof record.name !== 'string' || typeof record.secretString !== 'string') throw new Error('not a secret');
  return record;
}
