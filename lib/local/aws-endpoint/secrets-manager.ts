import { createHash, randomBytes } from 'node:crypto';
import type { EpochMs } from '../../domain/time.ts';
import type { Environment } from '../template/environment.ts';
import type { Actions } from './actions.ts';
import { requestTagContext, resourceTagContext, type AwsAuthorization, type Caller } from './authorization.ts';
import { AwsError, validationError } from './aws-error.ts';
import { readTags, readText, requireText, toTagMap, type Input } from './members.ts';
import { openRecordStore, type RecordStore } from './record-store.ts';
import {
  assertNotDeleted,
  CURRENT,
  findVersion,
  parseSecretRecord,
  stagesOf,
  versionsOf,
  type SecretRecord,
  type StagedVersion,
} from './secret-record.ts';

const NAME = /^[A-Za-z0-9/_+=.@-]{1,512}$/;
const NAME_CHARS = { min: 1, max: 512 };
const SECRET_ID_CHARS = { min: 1, max: 2_048 };
const VERSION_ID_CHARS = { min: 32, max: 64 };
const SECRET_CHARS = { min: 1, max: 65_536 };
const STAGE_CHARS = { min: 1, max: 256 };
const TAG_FORM = { key: 'Key', value: 'Value' };
/** As many versions without a stage as Secrets Manager keeps at most. */
const OLDER_MAX = 100;
const RECOVERY_DAYS = { min: 7, max: 30 };
const DAY_SECONDS = 86_400;
const ARN_SUFFIX = /-[A-Za-z0-9]{6}$/;
const ARN_SUFFIX_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789';
const ARN_SUFFIX_CHARS = 6;

interface SecretsContext {
  readonly environment: Environment;
  readonly now: () => EpochMs;
  /** By a digest of the name, which is not fit for a file's name itself. */
  readonly records: RecordStore<SecretRecord>;
}

/**
 * What Secrets Manager does with text secrets: create, read, replace the value, label a version, delete at once or with a time
 * to recover.
 */
export function createSecretsManagerActions(options: {
  readonly environment: Environment;
  readonly directory: string | null;
  readonly now: () => EpochMs;
}): Actions {
  const context: SecretsContext = {
    environment: options.environment,
    now: options.now,
    records: openRecordStore(options.directory, parseSecretRecord),
  };
  return {
    CreateSecret: (caller, input) => createSecret(context, caller, input),
    GetSecretValue: (caller, input) => getSecretValue(context, caller, input),
    PutSecretValue: (caller, input) => putSecretValue(context, caller, input),
    UpdateSecretVersionStage: (caller, input) => updateSecretVersionStage(context, caller, input),
    DeleteSecret: (caller, input) => deleteSecret(context, caller, input),
    RestoreSecret: async (caller, input) => {
      const secret = await findSecret(context, caller, input, 'RestoreSecret', {});
      const { deletionAtSeconds: _takenBack, ...kept } = secret;
      context.records.put(toRecordId(secret.name), kept);
      return { ARN: secret.arn, Name: secret.name };
    },
    DescribeSecret: async (caller, input) => {
      const secret = await findSecret(context, caller, input, 'DescribeSecret', {});
      return {
        ARN: secret.arn,
        Name: secret.name,
        Description: secret.description,
        ...(secret.kmsKeyId === undefined ? {} : { KmsKeyId: secret.kmsKeyId }),
        CreatedDate: secret.createdAtSeconds,
        LastChangedDate: secret.createdAtSeconds,
        Tags: secret.tags.map((tag) => ({ Key: tag.key, Value: tag.value })),
        VersionIdsToStages: Object.fromEntries(
          versionsOf(secret)
            .map(([, { versionId }]) => [versionId, stagesOf(secret, versionId)] as const)
            .filter(([, stages]) => stages.length > 0),
        ),
        ...(secret.deletionAtSeconds === undefined ? {} : { DeletedDate: secret.deletionAtSeconds }),
      };
    },
  };
}

async function createSecret(context: SecretsContext, caller: Caller, input: Input): Promise<object> {
  const { environment, now, records } = context;
  const name = requireText(input, 'Name', NAME_CHARS);
  if (!NAME.test(name)) {
    throw validationError(
      'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
    );
  }
  const versionId = requireText(input, 'ClientRequestToken', VERSION_ID_CHARS);
  const secretString = readText(input, 'SecretString', SECRET_CHARS);
  if (secretString === undefined) {
    throw new AwsError('InvalidParameterException', 'This endpoint keeps text secrets: expected SecretString');
  }
  const kmsKeyId = readText(input, 'KmsKeyId', { min: 0, max: 2_048 });
  const tags = readTags(input, TAG_FORM);
  const tagMap = toTagMap(tags);
  const { partition, region, account } = environment;
  const arn = `arn:${partition}:secretsmanager:${region}:${account}:secret:${name}-${randomSuffix()}`;
  const creation = { ...requestTagContext(tagMap), 'secretsmanager:Name': name };
  await caller.assertAllowed({ action: 'CreateSecret', resourceArn: arn, tags: tagMap, context: creation });
  if (tags.length > 0) {
    await caller.assertAllowed({ action: 'TagResource', resourceArn: arn, tags: tagMap, context: creation });
  }

  const known = currentRecord(context, name);
  if (known !== undefined) {
    assertNotDeleted(known);
    if (findVersion(known, versionId, secretString) !== null) return toCreated({ ...known, versionId });
    throw new AwsError('ResourceExistsException', `The operation failed because the secret ${name} already exists.`);
  }
  const record: SecretRecord = {
    name,
    arn,
    versionId,
    description: readText(input, 'Description', { min: 0, max: 2_048 }) ?? '',
    ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
    tags,
    createdAtSeconds: now() / 1000,
    secretString,
  };
  records.put(toRecordId(name), record);
  return toCreated(record);
}

async function getSecretValue(context: SecretsContext, caller: Caller, input: Input): Promise<object> {
  const versionId = readText(input, 'VersionId', VERSION_ID_CHARS);
  const stage = readText(input, 'VersionStage', STAGE_CHARS);
  const secret = await findSecret(context, caller, input, 'GetSecretValue', {
    ...(versionId === undefined ? {} : { 'secretsmanager:VersionId': versionId }),
    'secretsmanager:VersionStage': stage ?? CURRENT,
  });
  assertNotDeleted(secret);
  const wanted = stage ?? (versionId === undefined ? CURRENT : undefined);
  const found = versionsOf(secret).find(
    ([, version]) =>
      (wanted === undefined || stagesOf(secret, version.versionId).includes(wanted)) &&
      (versionId === undefined || version.versionId === versionId),
  );
  if (found === undefined) {
    const asked = stage === undefined ? `VersionId: ${versionId}` : `staging label: ${stage}`;
    throw notFound(`Secrets Manager can't find the specified secret value for ${asked}`);
  }
  const [, version] = found;
  const stages = stagesOf(secret, version.versionId);
  return {
    ARN: secret.arn,
    Name: secret.name,
    VersionId: version.versionId,
    SecretString: version.secretString,
    ...(stages.length === 0 ? {} : { VersionStages: stages }),
    CreatedDate: secret.createdAtSeconds,
  };
}

/** Makes a value the current one. The same token again with the same value changes nothing, whatever came since. */
async function putSecretValue(context: SecretsContext, caller: Caller, input: Input): Promise<object> {
  const versionId = requireText(input, 'ClientRequestToken', VERSION_ID_CHARS);
  const secretString = requireText(input, 'SecretString', SECRET_CHARS);
  const secret = await findSecret(context, caller, input, 'PutSecretValue', {});
  assertNotDeleted(secret);
  const known = findVersion(secret, versionId, secretString);
  if (known === null) {
    const [[, previous], ...before] = versionsOf(secret) as [StagedVersion, ...StagedVersion[]];
    const olds = before.map(([, version]) => version);
    const isLabelled = (version: (typeof olds)[number]) =>
      Object.values(secret.labels ?? {}).includes(version.versionId);
    const older = [...olds.filter((old) => !isLabelled(old)).slice(0, OLDER_MAX), ...olds.filter(isLabelled)];
    context.records.put(toRecordId(secret.name), { ...secret, versionId, secretString, previous, older });
  }
  const [stage] = known ?? [CURRENT];
  return { ...toCreated({ ...secret, versionId }), ...(stage === null ? {} : { VersionStages: [stage] }) };
}

/** Moves a label of somebody's own to a version. Does not move AWSCURRENT, nor take a label away. */
async function updateSecretVersionStage(context: SecretsContext, caller: Caller, input: Input): Promise<object> {
  const stage = requireText(input, 'VersionStage', STAGE_CHARS);
  const moveTo = requireText(input, 'MoveToVersionId', VERSION_ID_CHARS);
  const removeFrom = readText(input, 'RemoveFromVersionId', VERSION_ID_CHARS);
  const secret = await findSecret(context, caller, input, 'UpdateSecretVersionStage', {
    'secretsmanager:VersionStage': stage,
  });
  assertNotDeleted(secret);
  if (stage.startsWith('AWS')) throw new AwsError('InvalidParameterException', 'This endpoint moves no label of AWS');
  if (!versionsOf(secret).some(([, { versionId }]) => versionId === moveTo)) {
    throw notFound(`Secrets Manager can't find the specified secret value for VersionId: ${moveTo}`);
  }
  const holder = secret.labels?.[stage];
  if (holder !== undefined && holder !== moveTo && holder !== removeFrom) {
    const message = `The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to version ${holder}, so you must explicitly reference that version in RemoveFromVersionId.`;
    throw new AwsError('InvalidParameterException', message);
  }
  context.records.put(toRecordId(secret.name), { ...secret, labels: { ...secret.labels, [stage]: moveTo } });
  return { ARN: secret.arn, Name: secret.name };
}

/** Marks a secret for deletion, or deletes it at once and for good where that is what was asked. */
async function deleteSecret(context: SecretsContext, caller: Caller, input: Input): Promise<object> {
  const force = input['ForceDeleteWithoutRecovery'] === true;
  if (force && input['RecoveryWindowInDays'] !== undefined) {
    throw new AwsError(
      'InvalidParameterException',
      "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
    );
  }
  const days = input['RecoveryWindowInDays'] ?? RECOVERY_DAYS.max;
  if (typeof days !== 'number' || !Number.isInteger(days) || days < RECOVERY_DAYS.min || days > RECOVERY_DAYS.max) {
    throw new AwsError('InvalidParameterException', 'The RecoveryWindowInDays value must be between 7 and 30 days.');
  }
  const condition: AwsAuthorization['context'] = force
    ? { 'secretsmanager:ForceDeleteWithoutRecovery': 'true' }
    : { 'secretsmanager:RecoveryWindowInDays': `${days}` };
  const secret = await findSecret(context, caller, input, 'DeleteSecret', condition);
  if (force) {
    context.records.delete(toRecordId(secret.name));
    return { ARN: secret.arn, Name: secret.name, DeletionDate: context.now() / 1000 };
  }
  assertNotDeleted(secret);
  const deletionAtSeconds = context.now() / 1000 + days * DAY_SECONDS;
  context.records.put(toRecordId(secret.name), { ...secret, deletionAtSeconds });
  return { ARN: secret.arn, Name: secret.name, DeletionDate: deletionAtSeconds };
}

/** What goes by the name; a secret whose days of recovery have passed is gone, and its name is free. */
function currentRecord({ now, records }: SecretsContext, name: string): SecretRecord | undefined {
  const found = records.get(toRecordId(name));
  if (found?.deletionAtSeconds === undefined || found.deletionAtSeconds > now() / 1000) return found;
  records.delete(toRecordId(name));
  return undefined;
}

/** The secret that `SecretId` names, by name or by ARN, if the caller may do this with it. */
async function findSecret(
  context: SecretsContext,
  caller: Caller,
  input: Input,
  action: string,
  conditions: AwsAuthorization['context'],
): Promise<SecretRecord> {
  const { environment } = context;
  const asked = requireText(input, 'SecretId', SECRET_ID_CHARS);
  const prefix = `arn:${environment.partition}:secretsmanager:${environment.region}:${environment.account}:secret:`;
  const isArn = asked.startsWith('arn:');
  const name = isArn ? asked.slice(prefix.length).replace(ARN_SUFFIX, '') : asked;
  const found = currentRecord(context, name);
  const secret = found !== undefined && (!isArn || found.arn === asked) ? found : undefined;
  const tags = toTagMap(secret?.tags ?? []);
  // Checked first, so that a caller without permission cannot find out which secrets exist.
  await caller.assertAllowed({
    action,
    resourceArn: secret?.arn ?? (isArn ? asked : prefix + asked),
    tags,
    context: { ...resourceTagContext(tags), 'secretsmanager:SecretId': asked, ...conditions },
  });
  if (secret === undefined) throw notFound("Secrets Manager can't find the specified secret.");
  return secret;
}

function toCreated({ arn, name, versionId }: Pick<SecretRecord, 'arn' | 'name' | 'versionId'>): object {
  return { ARN: arn, Name: name, VersionId: versionId };
}

function notFound(message: string): AwsError {
  return new AwsError('ResourceNotFoundException', message);
}

function toRecordId(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}

function randomSuffix(): string {
  const characters = Array.from(randomBytes(ARN_SUFFIX_CHARS), (byte) => ARN_SUFFIX_ALPHABET[byte % 61]);
  return characters.join('');
}
