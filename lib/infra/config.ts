import { findNetwork, type NetworkId } from '../domain/assets.ts';
import { parseUsd } from '../domain/money.ts';

/** Everything that a deployer may choose. Each has a default, so that `cdk deploy --all` needs no arguments. */
export interface BursarConfig {
  /**
   * Names the deployment: the stacks, the roles that wallet keys trust, the tag of wallet keys and the names of wallet
   * secrets begin with it. Changing it later makes a second deployment, and the first one's wallets stay with the first.
   * At most 24 letters, digits and hyphens.
   * @default 'Bursar'
   */
  readonly stackPrefix: string;
  /**
   * The budget in US dollars of a session that is created without limits; `null` (written `none`) leaves it uncapped.
   * @default '10.00'
   */
  readonly defaultSessionLimitUsd: string | null;
  /**
   * Chains that may be paid on, by CAIP-2 id or x402 name. Base and its testnet are where x402 sellers and public RPC
   * endpoints are; every further chain is one more place to fund and watch, so it is the deployer's decision.
   * @default ['eip155:8453', 'eip155:84532']
   */
  readonly allowedNetworks: readonly NetworkId[];
  /**
   * Where balances are read, by CAIP-2 id; what is given here is added to the default. It shows in the configuration of
   * the reading function, so a URL with a key in it is known to whoever may read that.
   * @default - Base's public endpoints, which are rate-limited
   */
  readonly rpcUrls: Readonly<Partial<Record<NetworkId, string>>>;
  /**
   * How long CloudWatch keeps logs, in days.
   * @default 90
   */
  readonly logRetentionDays: number;
  /**
   * Whether tables, their key and logs survive the deletion of the stacks. `false` is for try-outs: it deletes the books.
   * Wallet keys and wallet secrets are made at run time and survive in any case.
   * @default true
   */
  readonly retainData: boolean;
  /**
   * Memory of each function in MiB; Lambda gives CPU in proportion.
   * @default 512
   */
  readonly functionMemoryMib: number;
  /**
   * ARNs that may assume ControlPlaneRole.
   * @default [] - this account, so that its IAM policies decide
   */
  readonly controlPlanePrincipals: readonly string[];
  /**
   * ARNs that may assume ManagementRole: the application's backend.
   * @default [] - this account, so that its IAM policies decide
   */
  readonly managementPrincipals: readonly string[];
  /**
   * ARNs that may assume ProcessPaymentRole: the agents. Whoever holds that role can spend for every user of a manager.
   * @default [] - this account, so that its IAM policies decide
   */
  readonly processPaymentPrincipals: readonly string[];
  /**
   * Requests per second that the API accepts in all, and the size of its bucket for bursts.
   * @default 1000
   */
  readonly throttleRequestsPerSecond: number;
  /** @default 2000 */
  readonly throttleBurstRequests: number;
  /**
   * Whether to set the role with which API Gateway writes logs. It is one setting for the whole account and region, and
   * access logs need it. `false` where something else owns it already.
   * @default true
   */
  readonly ownApiGatewayAccount: boolean;
}

export const DEFAULT_CONFIG: BursarConfig = {
  stackPrefix: 'Bursar',
  defaultSessionLimitUsd: '10.00',
  allowedNetworks: ['eip155:8453', 'eip155:84532'],
  rpcUrls: { 'eip155:8453': 'https://mainnet.base.org', 'eip155:84532': 'https://sepolia.base.org' },
  logRetentionDays: 90,
  retainData: true,
  functionMemoryMib: 512,
  controlPlanePrincipals: [],
  managementPrincipals: [],
  processPaymentPrincipals: [],
  throttleRequestsPerSecond: 1_000,
  throttleBurstRequests: 2_000,
  ownApiGatewayAccount: true,
};

/** The values that CloudWatch Logs accepts. */
const RETENTION_DAYS: readonly number[] = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];
const STACK_PREFIX = /^[A-Za-z][A-Za-z0-9-]{0,23}$/;
const INTEGER = /^(0|[1-9][0-9]{0,8})$/;
const PRINCIPAL_ARN = /^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:(root|(user|role|assumed-role)\/[\w+=,.@/-]{1,512})$/;
const CONTEXT_PREFIX = 'bursar:';

/** Thrown by a parser of one value; says what was expected. */
class Unexpected extends Error {
  override readonly name = 'Unexpected';
}

type Parsers = { readonly [K in keyof BursarConfig]: (value: unknown) => BursarConfig[K] };

const PARSERS: Parsers = {
  stackPrefix: (value) => {
    if (typeof value === 'string' && STACK_PREFIX.test(value)) return value;
    throw new Unexpected('a letter and at most 23 more letters, digits or hyphens');
  },
  defaultSessionLimitUsd: (value) => {
    if (value === 'none') return null;
    if (typeof value === 'string' && parseUsd(value).ok) return value;
    throw new Unexpected("US dollars as text such as '10.00', or 'none'");
  },
  allowedNetworks: (value) => {
    const networks = parseList(value).map((name) => findNetwork(name)?.id);
    const known = networks.filter((id) => id !== undefined);
    if (known.length > 0 && known.length === networks.length) return [...new Set(known)];
    throw new Unexpected('a list of networks that Bursar knows, such as eip155:8453,eip155:84532');
  },
  rpcUrls: (value) => {
    const entries = Object.entries(parseObject(value)).map(([name, url]) => [findNetwork(name)?.id, url] as const);
    if (!entries.every(([id, url]) => id !== undefined && typeof url === 'string' && isHttpUrl(url))) {
      throw new Unexpected('a JSON object of http(s) URLs by network, such as {"eip155:8453":"https://..."}');
    }
    return { ...DEFAULT_CONFIG.rpcUrls, ...Object.fromEntries(entries) };
  },
  logRetentionDays: (value) => {
    const days = parseInteger(value);
    if (days !== null && RETENTION_DAYS.includes(days)) return days;
    throw new Unexpected(`one of ${RETENTION_DAYS.join(', ')}`);
  },
  retainData: parseBoolean,
  functionMemoryMib: (value) => parseIntegerWithin(value, 128, 10_240),
  controlPlanePrincipals: parsePrincipals,
  managementPrincipals: parsePrincipals,
  processPaymentPrincipals: parsePrincipals,
  throttleRequestsPerSecond: (value) => parseIntegerWithin(value, 1, 10_000),
  throttleBurstRequests: (value) => parseIntegerWithin(value, 1, 5_000),
  ownApiGatewayAccount: parseBoolean,
};

export interface ConfigSource {
  /** CDK context: `bursar:logRetentionDays` in `cdk.json` or `-c bursar:logRetentionDays=30`. */
  readonly context: Readonly<Record<string, unknown>>;
  /** Environment: `BURSAR_LOG_RETENTION_DAYS=30`. Empty counts as unset. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads the deployer's choices. A choice that context and environment make differently is an error, since neither can be
 * told to be the one meant; so is a `bursar:` key that does not exist.
 *
 * @throws Error that lists every problem with the value received
 */
export function parseConfig({ context, env }: ConfigSource): BursarConfig {
  const problems: string[] = [];
  for (const key of Object.keys(context)) {
    if (key.startsWith(CONTEXT_PREFIX) && !Object.hasOwn(PARSERS, key.slice(CONTEXT_PREFIX.length))) {
      problems.push(`context ${key} is not a choice: expected one of ${Object.keys(PARSERS).join(', ')}`);
    }
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
  problems.push(...missingUrls(config));
  if (problems.length > 0) throw new Error(`invalid configuration:\n- ${problems.join('\n- ')}`);
  return config;
}

function missingUrls({ allowedNetworks, rpcUrls }: BursarConfig): string[] {
  return allowedNetworks
    .filter((id) => rpcUrls[id] === undefined)
    .map((id) => `allowed network ${id} has no RPC URL: give one in rpcUrls`);
}

/** `logRetentionDays` is `BURSAR_LOG_RETENTION_DAYS`. */
function toVariable(name: string): string {
  return `BURSAR_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** Context from `cdk.json` may hold arrays; the command line and the environment hold text. */
function parseList(value: unknown): string[] {
  const items = typeof value === 'string' ? value.split(',').map((item) => item.trim()) : value;
  if (Array.isArray(items) && items.every((item) => typeof item === 'string')) return items;
  throw new Unexpected('a list of texts, or one text with commas');
}

function parseObject(value: unknown): object {
  const object: unknown = typeof value === 'string' ? parseJson(value) : value;
  if (typeof object === 'object' && object !== null && !Array.isArray(object)) return object;
  throw new Unexpected('a JSON object');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Unexpected('a JSON object');
  }
}

function parseInteger(value: unknown): number | null {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  return typeof value === 'string' && INTEGER.test(value) ? Number(value) : null;
}

function parseIntegerWithin(value: unknown, min: number, max: number): number {
  const integer = parseInteger(value);
  if (integer !== null && integer >= min && integer <= max) return integer;
  throw new Unexpected(`an integer from ${min} to ${max}`);
}

function parseBoolean(value: unknown): boolean {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw new Unexpected('true or false');
}

function parsePrincipals(value: unknown): string[] {
  const arns = parseList(value);
  if (arns.every((arn) => PRINCIPAL_ARN.test(arn))) return arns;
  throw new Unexpected('a list of ARNs of accounts, users or roles, such as arn:aws:iam::123456789012:role/backend');
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}
