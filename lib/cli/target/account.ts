import { SEED_STAGE } from '../../wallets/seed-vault/seed-secret.ts';
import type { Credentials } from './aws.ts';

/** A quota of a service as Service Quotas lists it. */
export interface ServiceQuota {
  readonly code: string;
  readonly name: string;
  readonly value: number;
}

/** Of a seed's secret: whether its version is held by our label, and is the current one with no rotation in sight. */
export type SecretState = 'present' | 'rotated' | 'not_held' | 'deleting' | 'missing';

/** Reads an account's settings with the caller's credentials. Each call throws what the SDK throws. */
export interface AccountReader {
  /** How many functions of the account may run at once, in the region. */
  lambdaConcurrency(region: string, credentials: Credentials): Promise<number>;
  /** @param service the code of Service Quotas, such as `kms` */
  serviceQuotas(region: string, credentials: Credentials, service: string): Promise<readonly ServiceQuota[]>;
  secretState(region: string, credentials: Credentials, name: string): Promise<SecretState>;
  /** The states of the keys that were made for an instrument, such as `Enabled`; one, unless a creation was interrupted. */
  walletKeyStates(region: string, credentials: Credentials, instrumentId: string): Promise<readonly string[]>;
}

const TIMEOUT_MS = 10_000;
/** Services list some hundreds of quotas, a hundred to a page. */
const PAGES_MAX = 10;
const KEYS_MAX = 10;
/** As the function that makes wallets tags their keys (`lib/wallets/aws-kms/key-policy.ts`). */
const INSTRUMENT_TAG = 'bursar:instrument';

const within = () => ({ abortSignal: AbortSignal.timeout(TIMEOUT_MS) });

async function readLambdaConcurrency(region: string, credentials: Credentials): Promise<number> {
  const { GetAccountSettingsCommand, LambdaClient } = await import('@aws-sdk/client-lambda');
  const client = new LambdaClient({ region, credentials });
  const { AccountLimit: limit } = await client.send(new GetAccountSettingsCommand({}), within());
  if (limit?.ConcurrentExecutions !== undefined) return limit.ConcurrentExecutions;
  throw new Error('Lambda does not say how many functions may run at once');
}

async function readServiceQuotas(region: string, credentials: Credentials, service: string): Promise<ServiceQuota[]> {
  const { ListServiceQuotasCommand, ServiceQuotasClient } = await import('@aws-sdk/client-service-quotas');
  const client = new ServiceQuotasClient({ region, credentials });
  const quotas: ServiceQuota[] = [];
  let next: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const command = new ListServiceQuotasCommand({
      ServiceCode: service,
      ...(next === undefined ? {} : { NextToken: next }),
    });
    const { Quotas: listed = [], NextToken: token } = await client.send(command, within());
    for (const { QuotaCode: code = '', QuotaName: name = '', Value: value } of listed) {
      if (value !== undefined) quotas.push({ code, name, value });
    }
    next = token;
    if (next === undefined) break;
  }
  return quotas;
}

async function readSecretState(region: string, credentials: Credentials, name: string): Promise<SecretState> {
  const { DescribeSecretCommand, SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
  const client = new SecretsManagerClient({ region, credentials });
  try {
    const secret = await client.send(new DescribeSecretCommand({ SecretId: name }), within());
    if (secret.DeletedDate !== undefined) return 'deleting';
    const held = Object.values(secret.VersionIdsToStages ?? {}).find((stages) => stages.includes(SEED_STAGE));
    if (held === undefined) return 'not_held';
    return secret.RotationEnabled === true || !held.includes('AWSCURRENT') ? 'rotated' : 'present';
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return 'missing';
    throw error;
  }
}

async function readWalletKeyStates(region: string, credentials: Credentials, instrumentId: string): Promise<string[]> {
  const { GetResourcesCommand, ResourceGroupsTaggingAPIClient } =
    await import('@aws-sdk/client-resource-groups-tagging-api');
  const { DescribeKeyCommand, KMSClient } = await import('@aws-sdk/client-kms');
  const tagging = new ResourceGroupsTaggingAPIClient({ region, credentials });
  const TagFilters = [{ Key: INSTRUMENT_TAG, Values: [instrumentId] }];
  const found = await tagging.send(new GetResourcesCommand({ ResourceTypeFilters: ['kms:key'], TagFilters }), within());
  const kms = new KMSClient({ region, credentials });
  const arns = (found.ResourceTagMappingList ?? []).flatMap(({ ResourceARN: arn }) => arn ?? []).slice(0, KEYS_MAX);
  const keys = await Promise.all(arns.map((KeyId) => kms.send(new DescribeKeyCommand({ KeyId }), within())));
  return keys.map(({ KeyMetadata: key }) => key?.KeyState ?? 'unknown');
}

/** Asks AWS. The SDK's clients are loaded when they are first needed. */
export const ACCOUNT_READER: AccountReader = {
  lambdaConcurrency: readLambdaConcurrency,
  serviceQuotas: readServiceQuotas,
  secretState: readSecretState,
  walletKeyStates: readWalletKeyStates,
};
