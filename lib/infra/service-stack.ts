// oxlint-disable no-new -- a construct takes its place in the tree by being made
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { FunctionName } from '../api/operations.ts';
import type { BursarConfig } from './config.ts';
import { CallerRole } from './constructs/caller-role.ts';
import { PaymentsApi } from './constructs/payments-api.ts';
import { ServiceFunction } from './constructs/service-function.ts';
import { SweepSchedule } from './constructs/sweep-schedule.ts';
import { WalletKeys } from './constructs/wallet-keys.ts';
import { WalletSecrets } from './constructs/wallet-secrets.ts';
import type { DataStack } from './data-stack.ts';

/** Everything that runs: the functions behind the API and the sweeper. */
export type DeployedFunctionName = FunctionName | 'sweep-reservations';

export interface ServiceStackProps extends StackProps {
  readonly config: BursarConfig;
  readonly data: DataStack;
  /** The directory of each function's bundle. */
  readonly bundles: Readonly<Record<DeployedFunctionName, string>>;
}

/** Longer than the paying path's own bounds add up to, shorter than API Gateway waits. */
const FUNCTION_TIMEOUT_SECONDS = 15;
/** Two passes half a minute apart, each with time to work through a backlog. */
const SWEEPER_TIMEOUT_SECONDS = 90;

/** Everything that holds no data: functions, API, roles, schedule. May be deleted and deployed anew without losing a wallet. */
export class ServiceStack extends Stack {
  private readonly config: BursarConfig;
  private readonly bundles: ServiceStackProps['bundles'];
  private readonly data: DataStack;

  constructor(scope: Construct, id: string, { config, data, bundles, ...props }: ServiceStackProps) {
    super(scope, id, { description: 'Bursar: API, functions and roles', ...props });
    this.config = config;
    this.bundles = bundles;
    this.data = data;

    const keys = new WalletKeys(this, 'WalletKeys', { tag: config.stackPrefix });
    const secrets = new WalletSecrets(this, 'WalletSecrets', { namePrefix: `bursar/${config.stackPrefix}` });

    const processPayment = this.processPayment(keys, secrets);
    const readPayments = this.readPayments();
    const manageSessions = this.manageSessions();
    const manageInstruments = this.manageInstruments(keys);
    const manageConnectors = this.manageConnectors(secrets);
    new SweepSchedule(this, 'SweepSchedule', { sweeper: this.sweepReservations() });

    const api = new PaymentsApi(this, 'PaymentsApi', {
      name: config.stackPrefix,
      functions: {
        'process-payment': processPayment.live,
        'read-payments': readPayments.live,
        'manage-sessions': manageSessions.live,
        'manage-instruments': manageInstruments.live,
        'manage-connectors': manageConnectors.live,
      },
      logRetentionDays: config.logRetentionDays,
      retainLogs: config.retainData,
      throttleRequestsPerSecond: config.throttleRequestsPerSecond,
      throttleBurstRequests: config.throttleBurstRequests,
      ownApiGatewayAccount: config.ownApiGatewayAccount,
    });
    new CfnOutput(this, 'Endpoint', { value: api.endpoint, description: 'Base URL for AWS clients' });
    this.callerRoles(api);
  }

  /** The only function that can sign, and with the sweeper the only one that moves money in the books. */
  private processPayment(keys: WalletKeys, secrets: WalletSecrets): ServiceFunction {
    const fn = this.serviceFunction('process-payment', {
      description: 'reserves, signs, settles',
      roleName: this.stableRoleName('process-payment'),
    });
    this.data.books.grantPay(fn.role);
    this.data.registry.grantLookUp(fn.role);
    keys.grantSign(fn.role);
    secrets.grantRead(fn.role);
    return fn;
  }

  private readPayments(): ServiceFunction {
    const fn = this.serviceFunction('read-payments', {
      description: 'reads sessions, instruments, balances and receipts',
      environment: { RPC_URLS: JSON.stringify(this.config.rpcUrls) },
    });
    this.data.books.grantRead(fn.role);
    this.data.registry.grantList(fn.role);
    return fn;
  }

  private manageSessions(): ServiceFunction {
    const fn = this.serviceFunction('manage-sessions', { description: 'opens and closes sessions' });
    this.data.books.grantManageSessions(fn.role);
    this.data.registry.grantLookUp(fn.role);
    return fn;
  }

  private manageInstruments(keys: WalletKeys): ServiceFunction {
    const fn = this.serviceFunction('manage-instruments', {
      description: 'makes and closes wallets',
      roleName: this.stableRoleName('manage-instruments'),
      environment: {
        WALLET_KEY_TAG: keys.tag,
        PAYING_ROLE_ARN: this.stableRoleArn('process-payment'),
        KEY_ADMIN_ROLE_ARN: this.stableRoleArn('manage-instruments'),
      },
    });
    this.data.registry.grantManageInstruments(fn.role);
    keys.grantCreate(fn.role);
    return fn;
  }

  private manageConnectors(secrets: WalletSecrets): ServiceFunction {
    const fn = this.serviceFunction('manage-connectors', {
      description: 'makes managers and connectors',
      environment: { SECRET_NAME_PREFIX: secrets.namePrefix },
    });
    this.data.registry.grantManageConnectors(fn.role);
    secrets.grantCreate(fn.role);
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

  private callerRoles(api: PaymentsApi): void {
    const { controlPlanePrincipals, managementPrincipals, processPaymentPrincipals } = this.config;
    const controlPlane = new CallerRole(this, 'ControlPlaneRole', {
      name: 'ControlPlaneRole',
      description: 'For operators: makes payment managers and connectors',
      api,
      trusted: controlPlanePrincipals,
    });
    const management = new CallerRole(this, 'ManagementRole', {
      name: 'ManagementRole',
      description: 'For the backend: makes wallets and sessions, can never pay',
      api,
      trusted: managementPrincipals,
    });
    const processPayment = new CallerRole(this, 'ProcessPaymentRole', {
      name: 'ProcessPaymentRole',
      description: 'For agents: pays within a session, for any user of a manager',
      api,
      trusted: processPaymentPrincipals,
    });
    api.denyInvoke(management.role, 'ProcessPayment');
    new CfnOutput(this, 'ControlPlaneRoleArn', { value: controlPlane.role.roleArn });
    new CfnOutput(this, 'ManagementRoleArn', { value: management.role.roleArn });
    new CfnOutput(this, 'ProcessPaymentRoleArn', { value: processPayment.role.roleArn });
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
