import type { BursarConfig } from '../../infra/config/config.ts';
import { parseConfig } from '../../infra/config/source.ts';
import type { AccountReader, ServiceQuota } from '../target/account.ts';
import type { Credentials } from '../target/aws.ts';
import type { Invocation } from '../program/command.ts';
import { describeNetworkError } from '../program/failures.ts';
import { findingsOf, type Finding } from './finding.ts';

const all = findingsOf('quotas', 'quotas');
const choices = findingsOf('choices', 'choices');

type Make = ReturnType<typeof findingsOf>;

/** What every deployment is measured by: requests in a second that the API lets in, and instances that are set aside. */
type Choices = Pick<
  BursarConfig,
  'provisionedConcurrency' | 'reservedConcurrency' | 'throttleBurstRequests' | 'throttleRequestsPerSecond'
>;

const CDK_FILE = 'cdk.json';
const FILE_MAX_BYTES = 64 * 1024;
const LAMBDA_PERMISSION = 'lambda:GetAccountSettings';
const QUOTAS_PERMISSION = 'servicequotas:ListServiceQuotas';
const DENIED = /^AccessDenied(?:Exception)?$/;

/** Lambda keeps these for functions that reserve none. */
const UNRESERVED_MIN = 100;
/** Lambda gives an instance ten requests a second at the most. */
const INSTANCE_REQUESTS_PER_SECOND = 10;
const LAMBDA_MEND =
  'ask for more: aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000';

/** What one payment takes, counted by `npm run cost`. */
const PAYMENT_WRITE_UNITS = 8;
const PAYMENT_READ_UNITS = 5.5;

interface QuotaCheck {
  readonly make: Make;
  readonly service: string;
  readonly is: (quota: ServiceQuota) => boolean;
  /** Requests a second that it is enough for. */
  readonly carries: (value: number) => number;
  readonly unit: string;
  /** What happens above it. */
  readonly above: string;
}

const CHECKS: readonly QuotaCheck[] = [
  {
    make: findingsOf('quota-gateway', 'quota of API Gateway'),
    service: 'apigateway',
    is: ({ code }) => code === 'L-8A5B8E43',
    carries: (value) => value,
    unit: 'requests a second',
    above: 'callers get 429, whatever throttleRequestsPerSecond says',
  },
  {
    make: findingsOf('quota-kms', 'quota of KMS'),
    service: 'kms',
    is: ({ name }) => name.startsWith('Cryptographic operations (ECC) request rate'),
    carries: (value) => value,
    unit: 'signatures a second',
    above: 'payments from AwsKms wallets get 429; SeedVault wallets sign without KMS',
  },
  {
    make: findingsOf('quota-secrets', 'quota of Secrets Manager'),
    service: 'secretsmanager',
    is: ({ name }) => /DescribeSecret and GetSecretValue/.test(name),
    // Each new instance reads each seed that it pays from once.
    carries: (value) => value * INSTANCE_REQUESTS_PER_SECOND,
    unit: 'reads a second',
    above: 'payments from SeedVault wallets get 429 while many instances start',
  },
  {
    make: findingsOf('quota-dynamodb-writes', 'write quota of a DynamoDB table'),
    service: 'dynamodb',
    is: ({ name }) => name.startsWith('Table-level write throughput limit'),
    carries: (value) => Math.floor(value / PAYMENT_WRITE_UNITS),
    unit: 'write units a second',
    above: 'payments get 429',
  },
  {
    make: findingsOf('quota-dynamodb-reads', 'read quota of a DynamoDB table'),
    service: 'dynamodb',
    is: ({ name }) => name.startsWith('Table-level read throughput limit'),
    carries: (value) => Math.floor(value / PAYMENT_READ_UNITS),
    unit: 'read units a second',
    above: 'payments get 429',
  },
];

/**
 * Whether the account has room for what was chosen in the environment and in `cdk.json`. Needs no deployment: a quota that
 * is too small is better known before the first. A missing permission is no failure, since agents need none of these.
 */
export async function checkQuotas({ deps, target }: Invocation): Promise<readonly Finding[]> {
  const { access, region } = target;
  if (access.kind === 'local') return [all.skip('the local stack has none')];
  if (access.kind === 'token') return [all.skip('they are read with AWS credentials only')];
  let config: BursarConfig;
  try {
    config = parseConfig({ context: await readContext(deps.state), env: deps.env });
  } catch (error) {
    return [choices.fail((error as Error).message, 'docs/operating.md, Settings, says what may be chosen')];
  }
  let credentials: Credentials;
  try {
    credentials = await access.source();
  } catch {
    // Whose they are, and that they cannot be used, is told by the check of credentials.
    return [all.skip('there are no credentials to ask with')];
  }
  const denied = new Set<string>();
  const findings = [
    await checkLambda(deps.account, { region, credentials, config, denied }),
    ...(await checkServices(deps.account, { region, credentials, config, denied })),
  ].filter((found) => found !== null);
  if (denied.size === 0) return findings;
  const mend = `allow ${[...denied].join(' and ')} to operators who run the doctor`;
  return [...findings, all.warn('not checked: these credentials may not read all of them', mend)];
}

interface Question {
  readonly region: string;
  readonly credentials: Credentials;
  readonly config: Choices;
  /** Takes down which permissions are missing. */
  readonly denied: Set<string>;
}

async function readContext(files: Invocation['deps']['state']): Promise<Readonly<Record<string, unknown>>> {
  const bytes = await files.read(CDK_FILE, FILE_MAX_BYTES);
  if (bytes === null) return {};
  const { context } = JSON.parse(new TextDecoder().decode(bytes)) as { readonly context?: Record<string, unknown> };
  return context ?? {};
}

async function checkLambda(account: AccountReader, question: Question): Promise<Finding | null> {
  const make = findingsOf('quota-lambda', 'quota of Lambda');
  const { region, credentials, config, denied } = question;
  try {
    return judgeLambda(make, await account.lambdaConcurrency(region, credentials), config);
  } catch (error) {
    return explain(make, error, LAMBDA_PERMISSION, denied);
  }
}

function judgeLambda(make: Make, concurrency: number, config: Choices): Finding {
  const { reservedConcurrency: reserved, provisionedConcurrency: kept, throttleRequestsPerSecond: rate } = config;
  const detail = `${concurrency} functions at once`;
  const room = concurrency - UNRESERVED_MIN;
  for (const [name, wanted] of [
    ['reservedConcurrency', reserved],
    ['provisionedConcurrency', kept],
  ] as const) {
    if (wanted !== null && wanted > room) {
      return make.fail(
        `${detail}; with ${name} ${wanted} the deployment fails, since ${UNRESERVED_MIN} stay free`,
        LAMBDA_MEND,
      );
    }
  }
  const carried = (reserved ?? concurrency) * INSTANCE_REQUESTS_PER_SECOND;
  if (carried >= rate) return make.ok(detail);
  const why = reserved === null ? detail : `${reserved} of ${detail}`;
  return make.warn(
    `${why}: about ${carried} requests a second where throttleRequestsPerSecond lets ${rate} in; a burst above gets 429`,
    reserved === null ? LAMBDA_MEND : 'raise reservedConcurrency, or lower throttleRequestsPerSecond',
  );
}

async function checkServices(account: AccountReader, question: Question): Promise<readonly (Finding | null)[]> {
  const { region, credentials, config, denied } = question;
  const listed = new Map<string, Promise<readonly ServiceQuota[]>>();
  for (const { service } of CHECKS) {
    if (!listed.has(service)) listed.set(service, account.serviceQuotas(region, credentials, service));
  }
  return Promise.all(
    CHECKS.map(async (check) => {
      try {
        return judge(check, await listed.get(check.service)!, config);
      } catch (error) {
        return explain(check.make, error, QUOTAS_PERMISSION, denied);
      }
    }),
  );
}

function judge(
  { make, is, carries, unit, above, service }: QuotaCheck,
  quotas: readonly ServiceQuota[],
  { throttleRequestsPerSecond: rate }: Choices,
): Finding {
  const found = quotas.find(is);
  if (found === undefined) return make.skip('Service Quotas does not list it');
  const detail = `${found.value} ${unit}`;
  if (carries(found.value) >= rate) return make.ok(detail);
  return make.warn(
    `${detail}, enough for ${carries(found.value)} payments a second where throttleRequestsPerSecond lets ${rate} in; above it ${above}`,
    `ask for more: aws service-quotas request-service-quota-increase --service-code ${service} --quota-code ${found.code} --desired-value N`,
  );
}

/** A missing permission is told once for all that need it. */
function explain(make: Make, error: unknown, permission: string, denied: Set<string>): Finding | null {
  if (error instanceof Error && DENIED.test(error.name)) {
    denied.add(permission);
    return null;
  }
  const why = describeNetworkError(error) ?? (error instanceof Error ? error.message : 'it could not be asked');
  return make.warn(`not checked: ${why}`, 'try again');
}
