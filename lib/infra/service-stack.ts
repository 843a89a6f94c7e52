// oxlint-disable no-new -- a construct takes its place in the tree by being made
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { BursarConfig } from './config.ts';
import { CallerGrants, type GrantOptions } from './constructs/caller-grants.ts';
import { addCallerRoles } from './constructs/caller-role.ts';
import { CredentialSecrets } from './constructs/credential-secrets.ts';
import { PaymentsApi } from './constructs/payments-api.ts';
import { ServiceFunction } from './constructs/service-function.ts';
import { SweepSchedule } from './constructs/sweep-schedule.ts';
import { WalletKeys } from './constructs/wallet-keys.ts';
import { WalletSecrets } from './constructs/wallet-secrets.ts';
import type { DataStack } from './data-stack.ts';
import type { DeployedFunctionName } from './function-names.ts';

export interface ServiceStackProps extends StackProps {
  readonly config: BursarConfig;
  readonly data: DataStack;
  /** The directory of each function's bundle. */
  readonly bundles: Readonly<Record<DeployedFunctionName, string>>;
}

/** Longer than the paying path's own bounds add up to, shorter than API Gateway waits. */
const FUNCTION_TIMEOUT_SECONDS = 15;
/** Longer than fetching an issuer's keys may take. */
const AUTHORIZER_TIMEOUT_SECONDS = 10;
/** Two passes half a minute apart, each with time to work through a backlog. */
const SWEEPER_TIMEOUT_SECONDS = 90;

/** Everything that holds no data: functions, API, roles, schedule. May be deleted and deployed anew without losing a wallet. */
export class ServiceStack extends Stack {
  private readonly config: BursarConfig;
  private readonly bundles: ServiceStackProps['bundles'];
  private readonly data: DataStack;
  private readonly grants: CallerGrants;

  constructor(scope: Construct, id: string, { config, data, bundles, ...props }: ServiceStackProps) {
    super(scope, id, { description: 'Bursar: API, functions and roles', ...props });
    this.config = config;
    this.bundles = bundles;
    this.data = data;

    const keys = new WalletKeys(this, 'WalletKeys', { tag: config.stackPrefix });
    const credentials = new CredentialSecrets(this, 'CredentialSecrets', {
      namePrefix: `bursar/${config.stackPrefix}/credentials`,
      externalArns: config.externalSecretArns,
    });
    const seeds = new WalletSecrets(this, 'WalletSecrets', {
      namePrefix: `bursar/${config.stackPrefix}`,
      others: credentials.arnPattern,
    });

    const api = new PaymentsApi(this, 'PaymentsApi', {
      name: config.stackPrefix,
      functions: {
        'process-payment': this.processPayment(keys, seeds).live,
        'read-payments': this.readPayments().live,
        'manage-sessions': this.manageSessions().live,
        'manage-instruments': this.manageInstruments(keys).live,
        'manage-connectors': this.manageConnectors(seeds).live,
        'manage-identities': this.manageIdentities(credentials).live,
        'issue-tokens': this.issueTokens(credentials).live,
      },
      authorizer: this.authorizeJwt().live,
      logRetentionDays: config.logRetentionDays,
      retainLogs: config.retainData,
      throttleRequestsPerSecond: config.throttleRequestsPerSecond,
      throttleBurstRequests: config.throttleBurstRequests,
      ownApiGatewayAccount: config.ownApiGatewayAccount,
    });
    new SweepSchedule(this, 'SweepSchedule', { sweeper: this.sweepReservations() });
    new CfnOutput(this, 'Endpoint', { value: api.endpoint, description: 'Base URL for AWS clients' });
    this.grants = new CallerGrants(this, 'CallerGrants', { api });
    addCallerRoles(this, this.grants, config);
  }

  /**
   * Lets a principal of your own stacks do what ControlPlaneRole does: keep managers, connectors and credentials. It can
   * name the issuers whose tokens a manager takes, so keep it for operators.
   *
   * @throws Error for a principal that takes no policies, and for one that may pay
   */
  grantControl(grantee: IGrantable, options?: GrantOptions): void {
    this.grants.grant('ControlPlaneRole', grantee, options);
  }

  /**
   * Lets a principal of your own stacks do what ManagementRole does: keep wallets and sessions. It can never pay.
   *
   * @throws Error for a principal that takes no policies, and for one that may pay
   */
  grantManage(grantee: IGrantable, options?: GrantOptions): void {
    this.grants.grant('ManagementRole', grantee, options);
  }

  /**
   * Lets a principal of your own stacks do what ProcessPaymentRole does: pay within sessions that others opened.
   *
   * @throws Error for a principal that takes no policies, and for one that manages what limits it
   */
  grantProcess(grantee: IGrantable, options?: GrantOptions): void {
    this.grants.grant('ProcessPaymentRole', grantee, options);
  }

  /**
   * Lets a principal of your own stacks do what ObserverRole does: read everything but secrets, for every user.
   *
   * @throws Error for a principal that takes no policies, and for one that may mint tokens
   */
  grantObserve(grantee: IGrantable, options?: GrantOptions): void {
    this.grants.grant('ObserverRole', grantee, options);
  }

  /**
   * Lets a principal of your own stacks do what TokenRole does: mint tokens of wallet providers, which sign outside every
   * budget. Works without `tokenPrincipals`.
   *
   * @throws Error for a principal that takes no policies, and for one that has any other grant
   */
  grantTokens(grantee: IGrantable, options?: GrantOptions): void {
    this.grants.grant('TokenRole', grantee, options);
  }

  /** The only function that can sign, and with the sweeper the only one that moves money in the books. */
  private processPayment(keys: WalletKeys, seeds: WalletSecrets): ServiceFunction {
    const fn = this.serviceFunction('process-payment', {
      description: 'reserves, signs, settles',
      roleName: this.stableRoleName('process-payment'),
      environment: this.userBinding(),
    });
    this.data.books.grantPay(fn.role);
    this.data.registry.grantLookUp(fn.role);
    keys.grantSign(fn.role);
    seeds.grantRead(fn.role);
    return fn;
  }

  private readPayments(): ServiceFunction {
    const fn = this.serviceFunction('read-payments', {
      description: 'reads sessions, instruments, balances and receipts',
      environment: { ...this.userBinding(), RPC_URLS: JSON.stringify(this.config.rpcUrls) },
    });
    this.data.books.grantRead(fn.role);
    this.data.registry.grantList(fn.role);
    return fn;
  }

  private manageSessions(): ServiceFunction {
    const fn = this.serviceFunction('manage-sessions', {
      description: 'opens and closes sessions',
      environment: this.userBinding(),
    });
    this.data.books.grantManageSessions(fn.role);
    this.data.registry.grantLookUp(fn.role);
    return fn;
  }

  private manageInstruments(keys: WalletKeys): ServiceFunction {
    const fn = this.serviceFunction('manage-instruments', {
      description: 'makes and closes wallets',
      roleName: this.stableRoleName('manage-instruments'),
      environment: {
        ...this.userBinding(),
        WALLET_KEY_TAG: keys.tag,
        PAYING_ROLE_ARN: this.stableRoleArn('process-payment'),
        KEY_ADMIN_ROLE_ARN: this.stableRoleArn('manage-instruments'),
      },
    });
    this.data.registry.grantManageInstruments(fn.role);
    keys.grantCreate(fn.role);
    return fn;
  }

  private manageConnectors(seeds: WalletSecrets): ServiceFunction {
    const fn = this.serviceFunction('manage-connectors', {
      description: 'makes managers and connectors',
      environment: { SECRET_NAME_PREFIX: seeds.namePrefix },
    });
    this.data.registry.grantManageConnectors(fn.role);
    seeds.grantCreate(fn.role);
    return fn;
  }

  private manageIdentities(credentials: CredentialSecrets): ServiceFunction {
    const fn = this.serviceFunction('manage-identities', {
      description: 'makes credential providers and workload identities, tags resources',
      environment: { CREDENTIAL_NAME_PREFIX: credentials.namePrefix },
    });
    this.data.registry.grantManageIdentities(fn.role);
    credentials.grantManage(fn.role);
    return fn;
  }

  /** The only function that reads secrets of wallet providers. */
  private issueTokens(credentials: CredentialSecrets): ServiceFunction {
    const fn = this.serviceFunction('issue-tokens', { description: 'mints tokens of workloads and wallet providers' });
    this.data.registry.grantIssueTokens(fn.role);
    credentials.grantRead(fn.role);
    return fn;
  }

  private authorizeJwt(): ServiceFunction {
    const fn = this.serviceFunction('authorize-jwt', {
      description: 'verifies tokens of the issuers that managers trust',
      timeoutSeconds: AUTHORIZER_TIMEOUT_SECONDS,
    });
    this.data.registry.grantFindIssuers(fn.role);
    return fn;
  }

  private sweepReservations(): ServiceFunction {
    const fn = this.serviceFunction('sweep-reservations', {
      description: 'finishes what a crash left open',
      timeoutSeconds: SWEEPER_TIMEOUT_SECONDS,
    });
    this.data.books.grantSweep(fn.role);
    return fn;
  }

  /** For the functions that act for users. */
  private userBinding(): Readonly<Record<string, string>> {
    return { USER_BINDING: this.config.bindUserToRoleSession ? 'role-session' : 'header' };
  }

  /**
   * Wallet keys name two roles in their policies for as long as there is money behind them, so these two keep their names
   * through any redeployment. IAM's names hold for all regions, hence the region in them.
   */
  private stableRoleName(name: DeployedFunctionName): string {
    return `${this.config.stackPrefix}-${this.region}-${name}`;
  }

  private stableRoleArn(name: DeployedFunctionName): string {
    return this.formatArn({ service: 'iam', region: '', resource: 'role', resourceName: this.stableRoleName(name) });
  }

  private serviceFunction(
    name: DeployedFunctionName,
    choices: {
      readonly description: string;
      readonly environment?: Readonly<Record<string, string>>;
      readonly roleName?: string;
      readonly timeoutSeconds?: number;
    },
  ): ServiceFunction {
    const { config, data } = this;
    return new ServiceFunction(this, toConstructId(name), {
      timeoutSeconds: FUNCTION_TIMEOUT_SECONDS,
      ...choices,
      name,
      bundlePath: this.bundles[name],
      environment: {
        BOOKS_TABLE: data.books.table.tableName,
        REGISTRY_TABLE: data.registry.table.tableName,
        DEPLOYMENT_PARTITION: this.partition,
        DEPLOYMENT_ACCOUNT: this.account,
        DEFAULT_SESSION_LIMIT_USD: config.defaultSessionLimitUsd ?? 'none',
        ALLOWED_NETWORKS: config.allowedNetworks.join(','),
        ...choices.environment,
      },
      memoryMib: config.functionMemoryMib,
      logRetentionDays: config.logRetentionDays,
      retainLogs: config.retainData,
    });
  }
}

/** `process-payment` is `ProcessPayment`. */
function toConstructId(name: string): string {
  return name.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
}
