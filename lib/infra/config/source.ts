import { parseUsd } from '../../domain/money.ts';
import {
  AGENT_NAMES,
  FACILITATORS,
  SIGNER_FUNCTIONS,
  SIGNER_ORIGINS,
  NETWORK_IDS,
  REPEAT_WINDOW_RANGE,
  SESSION_LIMIT_USD,
  STACK_PREFIX,
  VALIDITY_CAP_RANGE,
  WALLET_HUB_URLS,
  WITHDRAWAL_ADDRESSES,
  secondsWithin,
} from '../../choices/values.ts';
import { RPC_URLS } from '../../choices/rpc-urls.ts';
import { APPROVAL_GAS_PER_DAY } from '../../choices/approvals.ts';
import { findNetwork } from '../../domain/assets.ts';
import { USD_RATE_AGE_RANGE } from '../../choices/assets.ts';
import { parseAssetList, parseRates, unusableTokens } from './tokens.ts';
import {
  Unexpected,
  fitting,
  parseBoolean,
  parseCertificateArn,
  parseDomainName,
  parseExistingTables,
  parseEmail,
  parseInteger,
  parseIntegerWithin,
  parseIssuers,
  parseList,
  parseNumberWithin,
  parseObject,
  parseOptional,
  parsePrincipals,
  parseBrowserOrigins,
  parsePrivateRanges,
  parseSecretArns,
  parseVpc,
} from './values.ts';

import { DEFAULT_CONFIG } from './defaults.ts';
import { parseWalletPageCloudFront, unservedPage } from './wallet-page.ts';
import type { BursarConfig } from './config.ts';

/** The values that CloudWatch Logs accepts. */
const RETENTION_DAYS: readonly number[] = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];
/** Of any partition: us-east-1, us-gov-west-1, cn-north-1, eusc-de-east-1, us-isob-east-1. */
const REGION = /^[a-z]{2,5}(-[a-z]{2,9}){1,3}-[1-9][0-9]?$/;
const ACCOUNT_ARN = /:root$/;
const CONTEXT_PREFIX = 'bursar:';

type Parsers = { readonly [K in keyof BursarConfig]: (value: unknown) => BursarConfig[K] };

const PARSERS: Parsers = {
  region: (value) =>
    parseOptional(value, (given) => {
      if (typeof given === 'string' && REGION.test(given)) return given;
      throw new Unexpected("a region such as us-east-1, or 'none'");
    }),
  stackPrefix: (value) => {
    if (typeof value === 'string') return fitting(STACK_PREFIX, value);
    throw new Unexpected(STACK_PREFIX.expected());
  },
  defaultSessionLimitUsd: (value) => {
    if (value === 'none') return null;
    if (typeof value === 'string') return fitting(SESSION_LIMIT_USD, value);
    throw new Unexpected(SESSION_LIMIT_USD.expected());
  },
  maxSessionLimitUsd: (value) =>
    parseOptional(value, (given) => {
      if (typeof given === 'string') return fitting(SESSION_LIMIT_USD, given);
      throw new Unexpected(SESSION_LIMIT_USD.expected());
    }),
  allowedNetworks: (value) => {
    const ids = parseList(value).map((name) => findNetwork(name)?.id);
    const known = [...new Set(ids.filter((id) => id !== undefined))];
    if (!ids.includes(undefined) && NETWORK_IDS.fits(known)) return known;
    throw new Unexpected(NETWORK_IDS.expected());
  },
  rpcUrls: (value) => {
    const entries = Object.entries(parseObject(value)).map(([name, given]) => [findNetwork(name)?.id, given] as const);
    fitting(RPC_URLS, entries);
    return { ...DEFAULT_CONFIG.rpcUrls, ...Object.fromEntries(entries) };
  },
  walletHubUrls: (value) =>
    Object.fromEntries(fitting(WALLET_HUB_URLS, Object.entries(parseObject(value)))) as Record<string, string>,
  walletPage: parseBoolean,
  walletPageCloudFront: parseWalletPageCloudFront,
  assets: parseAssetList,
  usdRates: parseRates,
  usdRateMaxAgeDays: (value) => fitting(secondsWithin(USD_RATE_AGE_RANGE), parseInteger(value) ?? Number.NaN),
  logRetentionDays: (value) => {
    const days = parseInteger(value);
    if (days !== null && RETENTION_DAYS.includes(days)) return days;
    throw new Unexpected(`one of ${RETENTION_DAYS.join(', ')}`);
  },
  retainData: parseBoolean,
  functionMemoryMib: (value) => parseIntegerWithin(value, 128, 10_240),
  payingMemoryMib: (value) => parseIntegerWithin(value, 128, 10_240),
  sweeperMemoryMib: (value) => parseIntegerWithin(value, 128, 10_240),
  controlPlanePrincipals: parsePrincipals,
  managementPrincipals: parsePrincipals,
  processPaymentPrincipals: parsePrincipals,
  observerPrincipals: parsePrincipals,
  tokenPrincipals: parsePrincipals,
  withdrawalAddresses: (value) => fitting(WITHDRAWAL_ADDRESSES, parseList(value)),
  signerOrigins: (value) => fitting(SIGNER_ORIGINS, parseList(value)),
  signerFunctions: (value) => fitting(SIGNER_FUNCTIONS, parseList(value)),
  facilitators: (value) => fitting(FACILITATORS, parseList(value)),
  approvalGasPerDay: (value) =>
    parseOptional(value, (given) => {
      if (typeof given === 'string') return fitting(APPROVAL_GAS_PER_DAY, given);
      throw new Unexpected(APPROVAL_GAS_PER_DAY.expected());
    }),
  treasuryPrincipals: parsePrincipals,
  backupPrincipals: parsePrincipals,
  bindUserToRoleSession: parseBoolean,
  jwtIssuers: parseIssuers,
  issuerPrivateRanges: parsePrivateRanges,
  oauth: parseBoolean,
  browserOrigins: parseBrowserOrigins,
  authorizerConcurrency: (value) => parseOptional(value, (given) => parseIntegerWithin(given, 1, 10_000)),
  externalSecretArns: parseSecretArns,
  throttleRequestsPerSecond: (value) => parseIntegerWithin(value, 1, 10_000),
  throttleBurstRequests: (value) => parseIntegerWithin(value, 1, 5_000),
  domainName: parseDomainName,
  certificateArn: parseCertificateArn,
  ownApiGatewayAccount: parseBoolean,
  validityCapSeconds: (value) => fitting(secondsWithin(VALIDITY_CAP_RANGE), parseInteger(value) ?? Number.NaN),
  repeatWindowSeconds: (value) => fitting(secondsWithin(REPEAT_WINDOW_RANGE), parseInteger(value) ?? Number.NaN),
  agentNames: (value) => fitting(AGENT_NAMES, parseList(value)),
  alarmEmail: parseEmail,
  trailRules: parseBoolean,
  spendAlarmUsdPerHour: (value) => parseOptional(value, (given) => parseNumberWithin(given, 0.01, 1_000_000)),
  dashboards: parseBoolean,
  traceSamplingRate: (value) => parseNumberWithin(value, 0, 1),
  canaryDeployment: parseBoolean,
  awsTransport: (value) => {
    if (value === 'lean' || value === 'sdk') return value;
    throw new Unexpected("'lean' or 'sdk'");
  },
  reservedConcurrency: (value) => parseOptional(value, (given) => parseIntegerWithin(given, 1, 10_000)),
  provisionedConcurrency: (value) => parseOptional(value, (given) => parseIntegerWithin(given, 1, 10_000)),
  waf: parseBoolean,
  vpc: parseVpc,
  existingTables: parseExistingTables,
};

/** What other programs of Bursar read; every further `BURSAR_` variable is a slip of the pen. */
export const PROGRAM_VARIABLES: readonly string[] = [
  'BURSAR_ENDPOINT',
  'BURSAR_CONTEXT',
  'BURSAR_MANAGER',
  'BURSAR_USER',
  'BURSAR_TOKEN',
  'BURSAR_MAX_BUDGET_USD',
  // Of tests and tools of a checkout.
  'BURSAR_SEED',
  'BURSAR_STACK_FILE',
  'BURSAR_CONFORMANCE_TARGET',
];

/** The variables of the environment that are choices, such as `BURSAR_LOG_RETENTION_DAYS`. */
export const CONFIG_VARIABLES: readonly string[] = Object.keys(PARSERS).map(toVariable);

/** Choices of the deployer that cannot be; the message is for the deployer. */
export class InvalidConfiguration extends Error {
  override readonly name = 'InvalidConfiguration';
}

export interface ConfigSource {
  /** CDK context: `bursar:logRetentionDays` in `cdk.json` or `-c bursar:logRetentionDays=30`. */
  readonly context: Readonly<Record<string, unknown>>;
  /** Environment: `BURSAR_LOG_RETENTION_DAYS=30`. Empty counts as unset. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads the deployer's choices. A choice that context and environment make differently is an error, since neither can be
 * told to be the one meant; so is a `bursar:` key or a `BURSAR_` variable that does not exist.
 *
 * @throws InvalidConfiguration that lists every problem with the value received
 */
export function parseConfig({ context, env }: ConfigSource): BursarConfig {
  const problems: string[] = [];
  for (const key of Object.keys(context)) {
    if (key.startsWith(CONTEXT_PREFIX) && !Object.hasOwn(PARSERS, key.slice(CONTEXT_PREFIX.length))) {
      problems.push(`context ${key} is not a choice: expected one of ${Object.keys(PARSERS).join(', ')}`);
    }
  }
  const known = new Set([...CONFIG_VARIABLES, ...PROGRAM_VARIABLES]);
  for (const name of Object.keys(env)) {
    if (!name.startsWith('BURSAR_') || known.has(name)) continue;
    problems.push(`environment ${name} is not a choice: expected one of ${CONFIG_VARIABLES.join(', ')}`);
  }

  const chosen: Record<string, unknown> = {};
  for (const [name, parse] of Object.entries(PARSERS)) {
    const given = [
      { from: `context ${CONTEXT_PREFIX}${name}`, raw: context[CONTEXT_PREFIX + name] },
      { from: `environment ${toVariable(name)}`, raw: env[toVariable(name)] || undefined },
    ].filter(({ raw }) => raw !== undefined);
    const values = given.map(({ from, raw }) => {
      try {
        return (chosen[name] = parse(raw));
      } catch (error) {
        if (!(error instanceof Unexpected)) throw error;
        problems.push(`${from} is ${JSON.stringify(raw)}: expected ${error.message}`);
        return undefined;
      }
    });
    if (new Set(values.map((value) => JSON.stringify(value))).size > 1) {
      problems.push(`${given.map(({ from }) => from).join(' and ')} differ: remove one of them`);
    }
  }

  // Every member was made by its own parser or is a default.
  const config = { ...DEFAULT_CONFIG, ...chosen } as BursarConfig;
  problems.push(
    ...missingUrls(config),
    ...unusableTokens(config),
    ...untoldPrincipals(config),
    ...idleTreasury(config),
    ...unservedConcurrency(config),
    ...halfDomain(config),
    ...deafAuthorizer(config),
    ...unservedPage(config),
    ...overCeiling(config),
    ...untoldTrail(config),
  );
  if (problems.length > 0) throw new InvalidConfiguration(`invalid configuration:\n- ${problems.join('\n- ')}`);
  return config;
}

function missingUrls({ allowedNetworks, rpcUrls }: BursarConfig): string[] {
  return allowedNetworks
    .filter((id) => rpcUrls[id] === undefined)
    .map((id) => `allowed network ${id} has no RPC URL: give one in rpcUrls`);
}

/** With an account as principal, everybody whom its policies let assume a role could take any user's name. */
function untoldPrincipals(config: BursarConfig): string[] {
  if (!config.bindUserToRoleSession) return [];
  return (['managementPrincipals', 'processPaymentPrincipals'] as const)
    .filter((name) => config[name].length === 0 || config[name].some((arn) => ACCOUNT_ARN.test(arn)))
    .map((name) => `bindUserToRoleSession needs ${name}: expected ARNs of users and roles, not of a whole account`);
}

function idleTreasury({ treasuryPrincipals, withdrawalAddresses }: BursarConfig): string[] {
  if (treasuryPrincipals.length === 0 || withdrawalAddresses.length > 0) return [];
  return ['treasuryPrincipals needs withdrawalAddresses: there is nowhere that money may leave for'];
}

function unservedConcurrency({ reservedConcurrency: reserved, provisionedConcurrency: kept }: BursarConfig): string[] {
  if (reserved === null || kept === null || kept <= reserved) return [];
  return [`provisionedConcurrency ${kept} is above reservedConcurrency ${reserved}: expected at most as many`];
}

function halfDomain({ domainName, certificateArn }: BursarConfig): string[] {
  if ((domainName === null) === (certificateArn === null)) return [];
  return ['domainName and certificateArn go together: expected both or neither'];
}

function deafAuthorizer({ oauth, authorizerConcurrency, browserOrigins, jwtIssuers }: BursarConfig): string[] {
  if (oauth) return [];
  return [
    ...(authorizerConcurrency === null ? [] : ['authorizerConcurrency needs oauth: without it nobody judges tokens']),
    ...(browserOrigins.length === 0 ? [] : ['browserOrigins needs oauth: pages call with tokens alone']),
    ...(jwtIssuers === null || jwtIssuers.length === 0 ? [] : ['jwtIssuers needs oauth: without it no token is taken']),
  ];
}

function overCeiling({ defaultSessionLimitUsd: usual, maxSessionLimitUsd: most }: BursarConfig): string[] {
  if (most === null) return [];
  if (usual === null) return ['maxSessionLimitUsd needs a defaultSessionLimitUsd: without one a session has no limit'];
  const [amount, ceiling] = [parseUsd(usual), parseUsd(most)];
  if (!amount.ok || !ceiling.ok || amount.value <= ceiling.value) return [];
  return [`defaultSessionLimitUsd ${usual} is above maxSessionLimitUsd ${most}: expected at most as much`];
}

function untoldTrail({ trailRules, alarmEmail }: BursarConfig): string[] {
  return trailRules && alarmEmail === null ? ['trailRules needs alarmEmail: there is nobody to tell'] : [];
}

/** `logRetentionDays` is `BURSAR_LOG_RETENTION_DAYS`. */
function toVariable(name: string): string {
  return `BURSAR_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}
