import {
  AGENT_NAMES,
  FACILITATORS,
  SIGNER_FUNCTIONS,
  SIGNER_ORIGINS,
  ISSUERS,
  NETWORK_IDS,
  REPEAT_WINDOW_RANGE,
  SESSION_LIMIT_USD,
  STACK_PREFIX,
  VALIDITY_CAP_RANGE,
  WALLET_HUB_URLS,
  WITHDRAWAL_ADDRESSES,
  secondsWithin,
  type Choice,
  type SecondsRange,
} from '../../choices/values.ts';
import type { UserBinding } from '../../api/request.ts';
import type { Deployment } from '../../domain/ids.ts';
import type { TrustedIssuers } from '../../domain/tenants/jwt-authorizer.ts';
import { parseUsd, type MicroUsd } from '../../domain/money.ts';
import { isAddressRange } from '../../jwt/address-ranges.ts';
import type { SpanSource } from '../../telemetry/traced-request.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What every function needs. */
export interface BaseConfig {
  readonly deployment: Deployment;
  readonly booksTable: string;
  readonly registryTable: string;
  /** CAIP-2 ids. */
  readonly allowedNetworks: ReadonlySet<string>;
  /** Addresses with their EIP-55 checksums that may decide how much of a ceiling is taken. */
  readonly facilitators: ReadonlySet<string>;
  /** `null`: a session without limits stays without. */
  readonly defaultSessionLimit: MicroUsd | null;
  /** Who the user of a caller that signed with IAM is. */
  readonly userBinding: UserBinding;
}

/** Reads variables and keeps count of what is wrong, so that a deployer hears of everything at once. */
export function createReader(env: Environment) {
  const problems: string[] = [];
  const required = (name: string): string => {
    const value = env[name];
    if (value === undefined || value === '') problems.push(`${name} is not set`);
    return value ?? '';
  };
  const matching = (name: string, pattern: RegExp, expected: string): string => {
    const value = required(name);
    if (value !== '' && !pattern.test(value)) problems.push(`${name} must be ${expected}. Received: ${value}`);
    return value;
  };
  return {
    required,
    matching,
    optional: (name: string): string | undefined => env[name] || undefined,
    problem: (text: string) => {
      problems.push(text);
    },
    fitting: <T>(name: string, { fits, expected }: Choice<T>, value: T, received: string | undefined) => {
      if (!fits(value)) problems.push(`${name} must be ${expected()}. Received: ${received}`);
    },
    finish: <T extends object>(config: T): Readonly<T> => {
      if (problems.length > 0) throw new Error(`the function is not configured: ${problems.join('; ')}`);
      return Object.freeze(config);
    },
  };
}

export type Reader = ReturnType<typeof createReader>;

export function readBase(reader: Reader): BaseConfig {
  return {
    deployment: {
      partition: reader.matching('DEPLOYMENT_PARTITION', /^aws(-[a-z0-9-]+)?$/, 'a partition such as aws'),
      region: reader.matching('AWS_REGION', /^[a-z0-9-]+$/, 'a region such as us-east-1'),
      account: reader.matching('DEPLOYMENT_ACCOUNT', /^[0-9]{12}$/, 'the 12 digits of an account'),
    },
    booksTable: reader.required('BOOKS_TABLE'),
    registryTable: reader.required('REGISTRY_TABLE'),
    allowedNetworks: readNetworks(reader),
    facilitators: readList(reader, 'FACILITATORS', FACILITATORS),
    defaultSessionLimit: readLimit(reader),
    userBinding: readUserBinding(reader),
  };
}

const DAEMON_ADDRESS = /^([0-9]{1,3}(?:\.[0-9]{1,3}){3}):([0-9]{1,5})$/;

/**
 * Where a function's spans come from and go to; `null` where Lambda runs no daemon beside it, or gives no address.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
 */
export function readSpanSource(env: Environment): SpanSource | null {
  const [, host, port] = DAEMON_ADDRESS.exec(env['AWS_XRAY_DAEMON_ADDRESS'] ?? '') ?? [];
  const { DEPLOYMENT_PARTITION: partition, DEPLOYMENT_ACCOUNT: account, AWS_REGION: region } = env;
  const functionName = env['AWS_LAMBDA_FUNCTION_NAME'];
  if (host === undefined || partition === undefined || account === undefined || region === undefined) return null;
  if (functionName === undefined) return null;
  return { partition, region, account, functionName, daemon: { host, port: Number(port) } };
}

/** The key that encrypts new secrets. Throws where it is not set. */
export function readSecretsKeyArn(env: Environment): string {
  const reader = createReader(env);
  return reader.finish({ arn: reader.matching('SECRETS_KEY_ARN', /^arn:[a-z-]+:kms:/, 'the ARN of a KMS key') }).arn;
}

/** Where CloudWatch keeps the metrics of this deployment. Throws where it is not set. */
export function readMetricNamespace(env: Environment): string {
  const reader = createReader(env);
  const namespace = reader.required('METRIC_NAMESPACE');
  if (namespace !== '') reader.fitting('METRIC_NAMESPACE', STACK_PREFIX, namespace, namespace);
  return reader.finish({ namespace }).namespace;
}

/** Functions that act for no user have no such variable, and bind none. */
function readUserBinding(reader: Reader): UserBinding {
  const text = reader.optional('USER_BINDING') ?? 'header';
  if (text === 'header' || text === 'role-session') return text;
  reader.problem(`USER_BINDING must be header or role-session. Received: ${text}`);
  return 'role-session';
}

function readNetworks(reader: Reader): ReadonlySet<string> {
  const text = reader.required('ALLOWED_NETWORKS');
  const ids = text === '' ? [] : text.split(',');
  if (text !== '') reader.fitting('ALLOWED_NETWORKS', NETWORK_IDS, ids, text);
  return new Set(ids);
}

function readLimit(reader: Reader): MicroUsd | null {
  const text = reader.required('DEFAULT_SESSION_LIMIT_USD');
  if (text === 'none' || text === '') return null;
  reader.fitting('DEFAULT_SESSION_LIMIT_USD', SESSION_LIMIT_USD, text, text);
  const parsed = parseUsd(text);
  return parsed.ok ? parsed.value : null;
}

export interface SessionsConfig extends BaseConfig {
  /** `null`: no bound, the caller that opens a session chooses its budget. */
  readonly maxSessionLimit: MicroUsd | null;
}

export function readSessionsConfig(env: Environment): Readonly<SessionsConfig> {
  const reader = createReader(env);
  return reader.finish({ ...readBase(reader), maxSessionLimit: readMaxSessionLimit(reader) });
}

function readMaxSessionLimit(reader: Reader): MicroUsd | null {
  const text = reader.optional('MAX_SESSION_LIMIT_USD');
  if (text === undefined) return null;
  reader.fitting('MAX_SESSION_LIMIT_USD', SESSION_LIMIT_USD, text, text);
  const parsed = parseUsd(text);
  return parsed.ok ? parsed.value : null;
}

/** Throws with every problem of the environment. */
export function readBaseConfig(env: Environment): Readonly<BaseConfig> {
  const reader = createReader(env);
  return reader.finish(readBase(reader));
}

export interface PayingConfig extends BaseConfig {
  /** The longest that an authorization is good for. */
  readonly validityCapSeconds: number;
  /** 0: the same terms may be paid again at once. */
  readonly repeatWindowSeconds: number;
  /** Agents that have metrics of their own. */
  readonly agentNames: ReadonlySet<string>;
  /** Whether approvals are sent: what they may cost is read by those who see to them. */
  readonly approvals: 'sent' | null;
  /** The addresses that money may leave for, with their checksums. */
  readonly withdrawalAddresses: ReadonlySet<string>;
}

export function readPayingConfig(env: Environment): Readonly<PayingConfig> {
  const reader = createReader(env);
  return reader.finish({
    ...readBase(reader),
    validityCapSeconds: readValidityCap(reader),
    repeatWindowSeconds: readSeconds(reader, 'REPEAT_WINDOW_SECONDS', REPEAT_WINDOW_RANGE) ?? 0,
    agentNames: readList(reader, 'AGENT_NAMES', AGENT_NAMES),
    approvals: reader.optional('APPROVAL_GAS_PER_DAY') === undefined ? null : 'sent',
    withdrawalAddresses: readList(reader, 'WITHDRAWAL_ADDRESSES', WITHDRAWAL_ADDRESSES),
  });
}

export function readValidityCap(reader: Reader): number {
  return readSeconds(reader, 'VALIDITY_CAP_SECONDS', VALIDITY_CAP_RANGE) ?? VALIDITY_CAP_RANGE.max;
}

/** Empty where the variable is not set. */
function readList(reader: Reader, name: string, choice: Choice<readonly string[]>): ReadonlySet<string> {
  const text = reader.optional(name);
  const values = text?.split(',') ?? [];
  reader.fitting(name, choice, values, text);
  return new Set(values);
}

/** `null` where the variable is not set. */
function readSeconds(reader: Reader, name: string, range: SecondsRange): number | null {
  const text = reader.optional(name);
  if (text === undefined) return null;
  const seconds = /^[0-9]{1,5}$/.test(text) ? Number(text) : Number.NaN;
  reader.fitting(name, secondsWithin(range), seconds, text);
  return seconds;
}

function parseEntries(json: string): readonly (readonly [id: string, url: string])[] | null {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    return Object.entries(value).map(([id, url]) => [id, String(url)] as const);
  } catch {
    return null;
  }
}

export interface InstrumentsConfig extends BaseConfig {
  readonly walletKeyTag: string;
  readonly payingRoleArn: string;
  readonly keyAdminRoleArn: string;
  /** Where end users grant, by credential provider; `*` stands for the others. */
  readonly walletHubUrls: Readonly<Record<string, string>>;
  /** Whether this deployment serves the pages that links lead to. */
  readonly walletPage: 'served' | { readonly origin: string } | null;
}

export function readInstrumentsConfig(env: Environment): Readonly<InstrumentsConfig> {
  const reader = createReader(env);
  return reader.finish({
    ...readBase(reader),
    walletKeyTag: reader.required('WALLET_KEY_TAG'),
    payingRoleArn: reader.required('PAYING_ROLE_ARN'),
    keyAdminRoleArn: reader.required('KEY_ADMIN_ROLE_ARN'),
    walletHubUrls: readHubUrls(reader),
    walletPage: readWalletPage(reader),
  });
}

function readWalletPage(reader: Reader): InstrumentsConfig['walletPage'] {
  const text = reader.optional('WALLET_PAGE');
  if (text === undefined) return null;
  if (text === 'served') return text;
  if (!URL.canParse(text) || new URL(text).origin !== text) {
    reader.problem(`WALLET_PAGE must be served or an origin. Received: ${text}`);
  }
  return { origin: text };
}

function readHubUrls(reader: Reader): Readonly<Record<string, string>> {
  const text = reader.optional('WALLET_HUB_URLS');
  const entries = text === undefined ? [] : parseEntries(text);
  reader.fitting('WALLET_HUB_URLS', WALLET_HUB_URLS, entries ?? [['', '']], text);
  return Object.fromEntries(entries ?? []);
}

export interface AuthorizingConfig extends BaseConfig {
  readonly trustedIssuers: TrustedIssuers;
}

/** Of functions that ask issuers for their keys. */
export interface JudgingConfig extends AuthorizingConfig {
  /** Private addresses that issuers may be at, in CIDR. */
  readonly issuerRanges: readonly string[];
}

export function readJudgingConfig(env: Environment): Readonly<JudgingConfig> {
  const reader = createReader(env);
  return reader.finish({
    ...readBase(reader),
    trustedIssuers: readTrustedIssuers(reader),
    issuerRanges: readIssuerRanges(reader),
  });
}

function readIssuerRanges(reader: Reader): readonly string[] {
  const text = reader.optional('ISSUER_PRIVATE_RANGES');
  const ranges = text?.split(',') ?? [];
  if (ranges.every(isAddressRange)) return ranges;
  reader.problem(`ISSUER_PRIVATE_RANGES must be blocks of addresses in CIDR. Received: ${text}`);
  return [];
}

function readTrustedIssuers(reader: Reader): TrustedIssuers {
  const text = reader.required('JWT_ISSUERS');
  if (text === 'any') return null;
  const issuers = text === 'none' || text === '' ? [] : text.split(',');
  if (text !== '') reader.fitting('JWT_ISSUERS', ISSUERS, issuers, text);
  return new Set(issuers);
}

export interface ConnectorsConfig extends AuthorizingConfig {
  readonly secretNamePrefix: string;
  /** Where signers of connectors may be. */
  readonly signerOrigins: readonly string[];
  /** Which functions may be signers of connectors. */
  readonly signerFunctions: readonly string[];
}

export function readConnectorsConfig(env: Environment): Readonly<ConnectorsConfig> {
  const reader = createReader(env);
  return reader.finish({
    ...readBase(reader),
    trustedIssuers: readTrustedIssuers(reader),
    secretNamePrefix: reader.required('SECRET_NAME_PREFIX'),
    signerOrigins: [...readList(reader, 'SIGNER_ORIGINS', SIGNER_ORIGINS)],
    signerFunctions: [...readList(reader, 'SIGNER_FUNCTIONS', SIGNER_FUNCTIONS)],
  });
}

export interface IdentitiesConfig extends BaseConfig {
  /** How the names of credential providers' secrets begin, without the slash that follows. */
  readonly credentialNamePrefix: string;
}

export function readIdentitiesConfig(env: Environment): Readonly<IdentitiesConfig> {
  const reader = createReader(env);
  return reader.finish({ ...readBase(reader), credentialNamePrefix: reader.required('CREDENTIAL_NAME_PREFIX') });
}

export interface PublishingConfig {
  readonly eventBusName: string;
  /** As rules match it: the deployment's prefix. */
  readonly eventSource: string;
}

export function readPublishingConfig(env: Environment): Readonly<PublishingConfig> {
  const reader = createReader(env);
  return reader.finish({
    eventBusName: reader.required('EVENT_BUS_NAME'),
    eventSource: reader.required('EVENT_SOURCE'),
  });
}
