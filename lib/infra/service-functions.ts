import { Stack } from 'aws-cdk-lib';
import type { PolicyOwner } from '../domain/ports/policies.ts';
import type { BursarConfig } from './config/config.ts';
import { tokenVariables } from './config/tokens.ts';
import {
  approvalGas,
  issuerRanges,
  signerPlaces,
  trustedIssuers,
  userBinding,
  walletPageVariables,
} from './config/variables.ts';
import { CredentialSecrets } from './constructs/keys/credential-secrets.ts';
import { FunctionNetwork } from './constructs/functions/function-network.ts';
import { ServiceFunction } from './constructs/functions/service-function.ts';
import { grantInvokeSigners } from './constructs/keys/signer-functions.ts';
import { WalletKeys } from './constructs/keys/wallet-keys.ts';
import { WalletSecrets } from './constructs/keys/wallet-secrets.ts';
import type { DataStack } from './data-stack.ts';
import type { DeployedFunctionName } from './function-names.ts';
import { secretNamePrefix, stableRoleArn, stableRoleName } from './stable-names.ts';

/** What is made at run time and kept in Secrets Manager. */
export interface Secrets {
  readonly seeds: WalletSecrets;
  readonly credentials: CredentialSecrets;
}

export interface ServiceFunctionsProps extends Secrets {
  readonly config: BursarConfig;
  readonly data: DataStack;
  /** The directory of each function's bundle. */
  readonly bundles: Readonly<Record<DeployedFunctionName, string>>;
}

type OptionalFunction = 'authorize-jwt' | 'serve-wallet-page' | 'send-approvals' | 'true-up';

/**
 * The judge of tokens is there where tokens are taken, who serves the page of wallets where there is one, who sends approvals where
 * there is gas for them, who asks what was taken of ceilings where somebody may decide it.
 */
export type ServiceFunctions = Readonly<
  Record<Exclude<DeployedFunctionName, OptionalFunction>, ServiceFunction> &
    Record<OptionalFunction, ServiceFunction | null>
>;

/** Longer than the paying path's own bounds add up to, shorter than API Gateway waits. */
const FUNCTION_TIMEOUT_SECONDS = 15;
/** Longer than fetching an issuer's keys may take. */
const AUTHORIZER_TIMEOUT_SECONDS = 10;
/** Two passes half a minute apart, each with time to work through a backlog; a run ends by itself before. */
const SWEEPER_TIMEOUT_SECONDS = 90;

/** Runs that ask the chains end by themselves before, so that they are not stopped between two requests. */
const CHAIN_RUN_TIMEOUT_SECONDS = 55;
/** They wait for the chains, and nobody waits for them. */
const CHAIN_RUN_MEMORY_MAX_MIB = 256;

/** All tries of `lib/events/delivery.ts` with all their time-outs and waits, and a cold start. */
const PUBLISHER_TIMEOUT_SECONDS = 60;
/** It waits for EventBridge, and nobody waits for it. */
const PUBLISHER_MEMORY_MAX_MIB = 256;

interface FunctionChoices {
  readonly description: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly roleName?: string;
  readonly timeoutSeconds?: number;
  readonly memoryMib?: number;
  /** @default true */
  readonly traced?: boolean;
  /** @default false */
  readonly reported?: boolean;
  readonly reservedConcurrency?: number;
  readonly provisionedConcurrency?: number;
}

/** Everything that the grants of a function are made of. */
interface Parts extends ServiceFunctionsProps {
  readonly stack: Stack;
  readonly network: FunctionNetwork | null;
  readonly keys: WalletKeys;
}

/** The secrets of the deployment, none of which is there yet: who may make and read them is granted to roles. */
export function createSecrets(stack: Stack, config: BursarConfig): Secrets {
  const prefix = secretNamePrefix(config);
  const credentials = new CredentialSecrets(stack, 'CredentialSecrets', {
    namePrefix: `${prefix}/credentials`,
    externalArns: config.externalSecretArns,
  });
  const seeds = new WalletSecrets(stack, 'WalletSecrets', {
    namePrefix: prefix,
    others: credentials.arnPattern,
  });
  return { seeds, credentials };
}

/** Makes every function with its role, and grants each what its operations take. */
export function createServiceFunctions(stack: Stack, props: ServiceFunctionsProps): ServiceFunctions {
  const { stackPrefix, vpc } = props.config;
  const keys = new WalletKeys(stack, 'WalletKeys', { tag: stackPrefix });
  const network = vpc === null ? null : new FunctionNetwork(stack, 'FunctionNetwork', { vpc });
  const parts = { ...props, stack, network, keys };
  return {
    'process-payment': processPayment(parts),
    'read-payments': readPayments(parts),
    'manage-sessions': manageSessions(parts),
    'manage-instruments': manageInstruments(parts),
    'manage-connectors': manageConnectors(parts),
    'manage-identities': manageIdentities(parts),
    'issue-tokens': issueTokens(parts),
    'authorize-jwt': props.config.oauth ? authorizeJwt(parts) : null,
    'serve-wallet-page': servesWalletPage(props.config) ? serveWalletPage(parts) : null,
    'sweep-reservations': sweepReservations(parts),
    'publish-events': publishEvents(parts),
    'true-up': props.config.facilitators.length === 0 ? null : trueUp(parts),
    'send-approvals': props.config.approvalGasPerDay === null ? null : sendApprovals(parts),
  };
}

/** The only function that can sign, and with the sweeper the only one that moves money in the books. */
function processPayment(parts: Parts): ServiceFunction {
  const { config, credentials, data, keys, seeds, stack } = parts;
  const { reservedConcurrency: reserved, provisionedConcurrency: provisioned } = config;
  const fn = serviceFunction(parts, 'process-payment', {
    description: 'reserves, signs, settles',
    memoryMib: config.payingMemoryMib,
    reported: true,
    roleName: stableRoleName(stack, config, 'process-payment'),
    environment: {
      ...userBinding(config),
      VALIDITY_CAP_SECONDS: String(config.validityCapSeconds),
      REPEAT_WINDOW_SECONDS: String(config.repeatWindowSeconds),
      RPC_URLS: JSON.stringify(payableUrls(config)),
      ...tokenVariables(config),
      ...approvalGas(config),
      // Lambda has no empty values, and no name is what an absent one says.
      ...(config.agentNames.length === 0 ? {} : { AGENT_NAMES: config.agentNames.join(',') }),
      ...(config.withdrawalAddresses.length === 0
        ? {}
        : { WITHDRAWAL_ADDRESSES: config.withdrawalAddresses.join(',') }),
    },
    ...(reserved === null ? {} : { reservedConcurrency: reserved }),
    ...(provisioned === null ? {} : { provisionedConcurrency: provisioned }),
  });
  data.books.grantPay(fn.role);
  if (config.approvalGasPerDay !== null) data.books.grantListPayments(fn.role);
  data.registry.grantLookUpTogether(fn.role);
  data.registry.grantReadPolicies(fn.role);
  data.registry.grantRecall(fn.role);
  data.registry.grantRemember(fn.role);
  data.registry.grantKeepRepetitions(fn.role);
  data.registry.grantReadProviders(fn.role);
  keys.grantSign(fn.role);
  seeds.grantSign(fn.role);
  credentials.grantReadExternal(fn.role);
  grantInvokeSigners(fn.role, config.signerFunctions);
  return fn;
}

/** Of the networks that are paid on alone: a function's environment has little room. */
function payableUrls({ allowedNetworks, rpcUrls }: BursarConfig): BursarConfig['rpcUrls'] {
  return Object.fromEntries(allowedNetworks.map((id) => [id, rpcUrls[id]]));
}

function readPayments(parts: Parts): ServiceFunction {
  const { config, data } = parts;
  const fn = serviceFunction(parts, 'read-payments', {
    description: 'reads sessions, instruments, balances and receipts, notes what clients report',
    environment: {
      ...userBinding(config),
      VALIDITY_CAP_SECONDS: String(config.validityCapSeconds),
      RPC_URLS: JSON.stringify(config.rpcUrls),
      ...tokenVariables(config),
      ...approvalGas(config),
    },
  });
  data.books.grantRead(fn.role);
  data.books.grantKeepEvidence(fn.role);
  data.registry.grantList(fn.role);
  data.registry.grantReadPolicies(fn.role);
  data.registry.grantRecall(fn.role);
  data.registry.grantNoteOutcomes(fn.role);
  return fn;
}

function manageSessions(parts: Parts): ServiceFunction {
  const { config, data } = parts;
  const fn = serviceFunction(parts, 'manage-sessions', {
    description: 'opens and closes sessions',
    environment: {
      ...userBinding(config),
      ...approvalGas(config),
      ...(config.maxSessionLimitUsd === null ? {} : { MAX_SESSION_LIMIT_USD: config.maxSessionLimitUsd }),
    },
  });
  data.books.grantManageSessions(fn.role);
  data.registry.grantLookUp(fn.role);
  keepPolicies(data, fn, ['user', 'agent', 'session']);
  data.registry.grantBindTokens(fn.role);
  return fn;
}

function keepPolicies(data: DataStack, { role }: ServiceFunction, scopes: readonly PolicyOwner['scope'][]): void {
  data.registry.grantKeepPolicies(role, scopes);
  data.books.grantTellPolicies(role, scopes);
}

function manageInstruments(parts: Parts): ServiceFunction {
  const { config, data, keys, stack } = parts;
  const fn = serviceFunction(parts, 'manage-instruments', {
    description: 'makes, shows and closes wallets',
    roleName: stableRoleName(stack, config, 'manage-instruments'),
    environment: {
      ...userBinding(config),
      WALLET_KEY_TAG: keys.tag,
      PAYING_ROLE_ARN: stableRoleArn(stack, config, 'process-payment'),
      KEY_ADMIN_ROLE_ARN: stableRoleArn(stack, config, 'manage-instruments'),
      ...approvalGas(config),
      ...(Object.keys(config.walletHubUrls).length === 0
        ? {}
        : { WALLET_HUB_URLS: JSON.stringify(config.walletHubUrls) }),
      ...(servesWalletPage(config) ? walletPageVariables(config) : {}),
    },
  });
  data.registry.grantManageInstruments(fn.role);
  if (servesWalletPage(config)) data.registry.grantLinkWalletPages(fn.role);
  data.registry.grantReadProviders(fn.role);
  data.books.grantReadGate(fn.role);
  if (config.approvalGasPerDay !== null) data.books.grantAskForApprovals(fn.role);
  keys.grantCreate(fn.role);
  parts.seeds.grantDescribe(fn.role);
  parts.credentials.grantRead(fn.role);
  return fn;
}

function manageConnectors(parts: Parts): ServiceFunction {
  const { data, seeds } = parts;
  const fn = serviceFunction(parts, 'manage-connectors', {
    description: 'makes managers and connectors',
    roleName: stableRoleName(parts.stack, parts.config, 'manage-connectors'),
    environment: {
      SECRET_NAME_PREFIX: seeds.namePrefix,
      SECRETS_KEY_ARN: data.secretsKey.key.keyArn,
      ...signerPlaces(parts.config),
      ...trustedIssuers(parts.config),
      ...tokenVariables(parts.config),
    },
  });
  data.registry.grantManageConnectors(fn.role);
  keepPolicies(data, fn, ['deployment', 'manager', 'agent']);
  data.registry.grantKeepFeeds(fn.role);
  data.books.grantKeepGate(fn.role);
  seeds.grantCreate(fn.role);
  seeds.grantDescribe(fn.role);
  return fn;
}

function manageIdentities(parts: Parts): ServiceFunction {
  const { credentials, data } = parts;
  const fn = serviceFunction(parts, 'manage-identities', {
    description: 'makes credential providers and workload identities, tags resources',
    roleName: stableRoleName(parts.stack, parts.config, 'manage-identities'),
    environment: { CREDENTIAL_NAME_PREFIX: credentials.namePrefix, SECRETS_KEY_ARN: data.secretsKey.key.keyArn },
  });
  data.registry.grantManageIdentities(fn.role);
  credentials.grantManage(fn.role);
  return fn;
}

/** Beside those that make wallets and sign, the only function that reads secrets of wallet providers. */
function issueTokens(parts: Parts): ServiceFunction {
  const fn = serviceFunction(parts, 'issue-tokens', {
    description: 'mints tokens of workloads and wallet providers',
    roleName: stableRoleName(parts.stack, parts.config, 'issue-tokens'),
    environment: { ...trustedIssuers(parts.config), ...issuerRanges(parts.config) },
  });
  parts.data.registry.grantIssueTokens(fn.role);
  parts.credentials.grantRead(fn.role);
  return fn;
}

function authorizeJwt(parts: Parts): ServiceFunction {
  const { authorizerConcurrency: cap } = parts.config;
  const fn = serviceFunction(parts, 'authorize-jwt', {
    description: 'verifies tokens of the issuers that managers trust',
    timeoutSeconds: AUTHORIZER_TIMEOUT_SECONDS,
    ...(cap === null ? {} : { reservedConcurrency: cap }),
    environment: { ...trustedIssuers(parts.config), ...issuerRanges(parts.config) },
  });
  parts.data.registry.grantFindIssuers(fn.role);
  if (servesWalletPage(parts.config)) parts.data.registry.grantFindWalletPages(fn.role);
  return fn;
}

/** The page calls operations with a token, so that there is none where no tokens are taken. */
function servesWalletPage({ oauth, walletPage }: BursarConfig): boolean {
  return oauth && walletPage;
}

/** Anybody may call it. It reads no wallet: the page asks the operations, with what a link opened. */
function serveWalletPage(parts: Parts): ServiceFunction {
  const fn = serviceFunction(parts, 'serve-wallet-page', {
    description: 'serves the page of wallets, and opens it to who has a link',
    timeoutSeconds: AUTHORIZER_TIMEOUT_SECONDS,
    traced: false,
    environment: { ...trustedIssuers(parts.config), ...issuerRanges(parts.config) },
  });
  parts.data.registry.grantOpenWalletPages(fn.role);
  return fn;
}

function sweepReservations(parts: Parts): ServiceFunction {
  const fn = serviceFunction(parts, 'sweep-reservations', {
    description: 'finishes what a crash left open',
    timeoutSeconds: SWEEPER_TIMEOUT_SECONDS,
    memoryMib: parts.config.sweeperMemoryMib,
    traced: false,
  });
  parts.data.books.grantSweep(fn.role);
  return fn;
}

/** The way of approvals and of withdrawn coins to the chains. It has no key, and its role reaches none. */
function sendApprovals(parts: Parts): ServiceFunction {
  const { config, data } = parts;
  const fn = serviceFunction(parts, 'send-approvals', {
    description: 'freezes approvals and withdrawals of coins for the signer, and brings them to the chains',
    timeoutSeconds: CHAIN_RUN_TIMEOUT_SECONDS,
    memoryMib: Math.min(config.functionMemoryMib, CHAIN_RUN_MEMORY_MAX_MIB),
    traced: false,
    environment: { RPC_URLS: JSON.stringify(config.rpcUrls), ...approvalGas(config) },
  });
  data.books.grantSendApprovals(fn.role);
  return fn;
}

/** Another way to the chains, which moves money in the books alone, and only back. */
function trueUp(parts: Parts): ServiceFunction {
  const { config, data } = parts;
  const fn = serviceFunction(parts, 'true-up', {
    description: 'asks the chains what was taken of ceilings, and gives the rest back',
    timeoutSeconds: CHAIN_RUN_TIMEOUT_SECONDS,
    memoryMib: Math.min(config.functionMemoryMib, CHAIN_RUN_MEMORY_MAX_MIB),
    traced: false,
    environment: { RPC_URLS: JSON.stringify(config.rpcUrls) },
  });
  data.books.grantTrueUp(fn.role);
  return fn;
}

/** Its grants come with the stream and the bus, which need it first. */
function publishEvents(parts: Parts): ServiceFunction {
  return serviceFunction(parts, 'publish-events', {
    description: 'tells what happens to payments and sessions',
    timeoutSeconds: PUBLISHER_TIMEOUT_SECONDS,
    memoryMib: Math.min(parts.config.functionMemoryMib, PUBLISHER_MEMORY_MAX_MIB),
    traced: false,
    environment: { EVENT_BUS_NAME: parts.data.events.bus.eventBusName, EVENT_SOURCE: parts.config.stackPrefix },
  });
}

function serviceFunction(
  { bundles, config, data, network, stack }: Parts,
  name: DeployedFunctionName,
  choices: FunctionChoices,
): ServiceFunction {
  return new ServiceFunction(stack, toConstructId(name), {
    timeoutSeconds: FUNCTION_TIMEOUT_SECONDS,
    memoryMib: config.functionMemoryMib,
    traced: true,
    reported: false,
    ...choices,
    ...(network === null ? {} : { network }),
    name,
    bundlePath: bundles[name],
    environment: {
      BOOKS_TABLE: data.books.table.tableName,
      REGISTRY_TABLE: data.registry.table.tableName,
      METRIC_NAMESPACE: config.stackPrefix,
      DEPLOYMENT_PARTITION: stack.partition,
      DEPLOYMENT_ACCOUNT: stack.account,
      DEFAULT_SESSION_LIMIT_USD: config.defaultSessionLimitUsd ?? 'none',
      ALLOWED_NETWORKS: config.allowedNetworks.join(','),
      ...(config.facilitators.length === 0 ? {} : { FACILITATORS: config.facilitators.join(',') }),
      ...(config.browserOrigins.length === 0 ? {} : { BROWSER_ORIGINS: config.browserOrigins.join(',') }),
      ...choices.environment,
    },
    logRetentionDays: config.logRetentionDays,
    retainLogs: config.retainData,
  });
}

/** `process-payment` is `ProcessPayment`. */
function toConstructId(name: string): string {
  return name.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
}
