import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DescribeKeyCommand,
  KMSClient,
  ListResourceTagsCommand,
  paginateListKeys,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import { GetFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DeleteSecretCommand, paginateListSecrets, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DEPLOYMENT_TAG } from '../../lib/wallets/aws-kms/key-policy.ts';
import type { Checks } from './checks.ts';
import { REHEARSAL_CONFIG, STACK_NAMES } from './configuration.ts';
import type { DeployedResource } from './inventory.ts';
import { sdkOptionsOf, type Target } from './target.ts';

/** Wallets are behind it, so it survives every stack. */
const SECRETS_KEY = 'SecretsKey';
const SECRETS_KEY_DELETION_DAYS = 7;
const KEYS_MAX = 1_000;
const SECRETS_MAX = 1_000;
const SECRET_PREFIX = `bursar/${REHEARSAL_CONFIG.stackPrefix}/`;
const ABSENT = new Set(['ResourceNotFoundException', 'NotFoundException', 'ValidationError']);

/**
 * Looks for what a `cdk destroy` should have taken along, by asking each service and not the stack. Roles, policies and
 * the API are CloudFormation's word: the stacks are gone.
 */
export async function checkDestroyed(
  target: Target,
  resources: readonly DeployedResource[],
  checks: Checks,
): Promise<void> {
  const options = sdkOptionsOf(target);
  const idsOf = (type: string): string[] =>
    resources
      .filter((each) => each.type === type && !each.logicalId.startsWith(SECRETS_KEY))
      .map(({ physicalId }) => physicalId);

  const stacks = new CloudFormationClient(options);
  const stacksLeft = await remaining(STACK_NAMES, async (StackName) => {
    const { Stacks: [stack] = [] } = await stacks.send(new DescribeStacksCommand({ StackName }));
    return stack !== undefined && stack.StackStatus !== 'DELETE_COMPLETE';
  });
  checks.equals('no stack is left', stacksLeft, []);
  const database = new DynamoDBClient(options);
  const tables = await remaining(idsOf('AWS::DynamoDB::Table'), async (TableName) => {
    const { Table } = await database.send(new DescribeTableCommand({ TableName }));
    return Table?.TableStatus !== 'DELETING';
  });
  checks.equals('no table is left', tables, []);
  const kms = new KMSClient(options);
  const keys = await remaining(idsOf('AWS::KMS::Key'), async (KeyId) => {
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
    return KeyMetadata?.KeyState !== 'PendingDeletion';
  });
  checks.equals("the tables' key is to be deleted", keys, []);
  const lambda = new LambdaClient(options);
  const functions = await remaining(idsOf('AWS::Lambda::Function'), async (FunctionName) => {
    await lambda.send(new GetFunctionCommand({ FunctionName }));
    return true;
  });
  checks.equals('no function is left', functions, []);
  const logs = new CloudWatchLogsClient(options);
  const groups = await remaining(idsOf('AWS::Logs::LogGroup'), async (logGroupNamePrefix) => {
    const { logGroups = [] } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix }));
    return logGroups.some(({ logGroupName }) => logGroupName === logGroupNamePrefix);
  });
  checks.equals('no log group is left', groups, []);
  for (const client of [stacks, database, kms, lambda, logs]) client.destroy();
}

async function remaining(names: readonly string[], isLeft: (name: string) => Promise<boolean>): Promise<string[]> {
  const left: string[] = [];
  for (const name of names) {
    try {
      if (await isLeft(name)) left.push(name);
    } catch (error) {
      if (!(error instanceof Error) || !ABSENT.has(error.name)) throw error;
    }
  }
  return left;
}

/** Wallets must survive the stacks: their secrets and keys, by name and tag. */
export async function checkWalletsSurvive(target: Target, checks: Checks): Promise<{ keyIds: readonly string[] }> {
  const [secrets, keyIds] = [await walletSecrets(target), await walletKeys(target)];
  checks.holds('seeds of wallets survive', secrets.length > 0);
  checks.holds('KMS keys of wallets survive', keyIds.length > 0);
  return { keyIds };
}

/** Deletes the seeds of every rehearsal. Nothing of value was ever behind them. */
export async function deleteSeeds(target: Target): Promise<void> {
  const client = new SecretsManagerClient(sdkOptionsOf(target));
  try {
    for (const SecretId of await walletSecrets(target)) {
      await client.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }));
    }
  } finally {
    client.destroy();
  }
}

/** Schedules the deletion of the key that encrypted the seeds, once they are gone. */
export async function deleteSecretsKey(target: Target, resources: readonly DeployedResource[]): Promise<void> {
  const client = new KMSClient(sdkOptionsOf(target));
  const keys = resources.filter(({ logicalId, type }) => type === 'AWS::KMS::Key' && logicalId.startsWith(SECRETS_KEY));
  try {
    for (const { physicalId: KeyId } of keys) {
      await client.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: SECRETS_KEY_DELETION_DAYS }));
    }
  } finally {
    client.destroy();
  }
}

async function walletSecrets(target: Target): Promise<string[]> {
  const client = new SecretsManagerClient(sdkOptionsOf(target));
  const found: string[] = [];
  try {
    const filter = { Filters: [{ Key: 'name' as const, Values: [SECRET_PREFIX] }] };
    for await (const { SecretList = [] } of paginateListSecrets({ client }, filter)) {
      found.push(...SecretList.map(({ Name = '' }) => Name).filter((name) => name.startsWith(SECRET_PREFIX)));
      if (found.length > SECRETS_MAX) break;
    }
    return found;
  } finally {
    client.destroy();
  }
}

async function walletKeys(target: Target): Promise<string[]> {
  const client = new KMSClient(sdkOptionsOf(target));
  const found: string[] = [];
  let seen = 0;
  try {
    for await (const { Keys = [] } of paginateListKeys({ client }, {})) {
      for (const { KeyId = '' } of Keys) if (await isWalletKey(client, KeyId)) found.push(KeyId);
      seen += Keys.length;
      if (seen >= KEYS_MAX) break;
    }
    return found;
  } finally {
    client.destroy();
  }
}

/** Keys of others may refuse to be read, and are not ours. */
async function isWalletKey(client: KMSClient, KeyId: string): Promise<boolean> {
  try {
    const { Tags = [] } = await client.send(new ListResourceTagsCommand({ KeyId }));
    return Tags.some(({ TagKey, TagValue }) => TagKey === DEPLOYMENT_TAG && TagValue === REHEARSAL_CONFIG.stackPrefix);
  } catch (error) {
    if (error instanceof Error && error.name === 'AccessDeniedException') return false;
    throw error;
  }
}
