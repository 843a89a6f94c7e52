// oxlint-disable no-new -- a construct takes its place in the tree by being made
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { FunctionName } from '../contract/operations.ts';
import { WALLET_PAGE_PATH } from '../contract/wallet-page.ts';
import { findNetwork } from '../domain/assets.ts';
import type { BursarConfig } from './config/config.ts';
import { AlarmTopic } from './constructs/watching/alarm-topic.ts';
import { Alarms } from './constructs/watching/alarms.ts';
import { ApprovalRounds } from './constructs/functions/approval-rounds.ts';
import { BackupRole } from './constructs/access/backup-role.ts';
import { CallerGrants, type GrantOptions } from './constructs/access/caller-grants.ts';
import { addCallerRoles } from './constructs/access/caller-role.ts';
import { CanaryDeployments } from './constructs/functions/canary-deployments.ts';
import { DeadLetters } from './constructs/functions/dead-letters.ts';
import { EventStream } from './constructs/functions/event-stream.ts';
import { MinuteRuns } from './constructs/functions/minute-runs.ts';
import { PaymentsApi, STAGE } from './constructs/access/payments-api.ts';
import type { ServiceFunction } from './constructs/functions/service-function.ts';
import { SpendDashboard } from './constructs/watching/spend-dashboard.ts';
import { SweepSchedule } from './constructs/functions/sweep-schedule.ts';
import { TrailRules } from './constructs/watching/trail-rules.ts';
import { TraceSampling } from './constructs/watching/trace-sampling.ts';
import { WalletPageDistribution } from './constructs/access/wallet-page-distribution.ts';
import { WebAcl, WebAclLogs } from './constructs/access/web-acl.ts';
import type { DataStack } from './data-stack.ts';
import type { DeployedFunctionName } from './function-names.ts';
import { metricsOf } from './metrics.ts';
import { secretNamePrefix, stableRoleName, workingRoles } from './stable-names.ts';
import { sizeProblems } from './template-sizes.ts';
import { createSecrets, createServiceFunctions, type ServiceFunctions } from './service-functions.ts';

export interface ServiceStackProps extends StackProps {
  readonly config: BursarConfig;
  readonly data: DataStack;
  /** The directory of each function's bundle. */
  readonly bundles: Readonly<Record<DeployedFunctionName, string>>;
}

/** Everything that holds no data: functions, API, roles, schedule. May be deleted and deployed anew without losing a wallet. */
export class ServiceStack extends Stack {
  private readonly grants: CallerGrants;

  constructor(scope: Construct, id: string, { config, data, bundles, ...props }: ServiceStackProps) {
    super(scope, id, { description: 'Bursar: API, functions and roles', ...props });
    this.node.addValidation({ validate: () => sizeProblems(this) });
    const secrets = createSecrets(this, config);
    const functions = createServiceFunctions(this, { config, data, bundles, ...secrets });
    const {
      'sweep-reservations': sweeper,
      'authorize-jwt': authorizer,
      'serve-wallet-page': page,
      'publish-events': publisher,
      'send-approvals': approvals,
      'true-up': trueUp,
      ...behindApi
    } = functions;
    const api = new PaymentsApi(this, 'PaymentsApi', {
      name: config.stackPrefix,
      functions: toLive(behindApi),
      authorizer: authorizer?.live ?? null,
      page: page?.live ?? null,
      browserOrigins: config.browserOrigins,
      domain: domainOf(config),
      logRetentionDays: config.logRetentionDays,
      retainLogs: config.retainData,
      throttleRequestsPerSecond: config.throttleRequestsPerSecond,
      throttleBurstRequests: config.throttleBurstRequests,
      ownApiGatewayAccount: config.ownApiGatewayAccount,
    });
    const deadLetters = new DeadLetters(this, 'DeadLetters');
    new SweepSchedule(this, 'SweepSchedule', { sweeper, deadLetters });
    if (trueUp !== null) {
      const description = 'Gives back what was not taken of ceilings';
      new MinuteRuns(this, 'TrueUpRuns', { runner: trueUp, description, deadLetters });
    }
    if (approvals !== null) {
      const signer = functions['process-payment'];
      new ApprovalRounds(this, 'ApprovalRounds', { sender: approvals, signer, books: data.books, deadLetters });
    }
    new EventStream(this, 'EventStream', { publisher, books: data.books, events: data.events, deadLetters });
    new CfnOutput(this, 'Endpoint', { value: api.endpoint, description: 'Base URL for AWS clients' });
    if (page !== null) {
      const value = this.pageOrigin(api, config) + WALLET_PAGE_PATH;
      new CfnOutput(this, 'WalletPage', { value, description: 'The page of wallets, which links lead to' });
    }
    this.grants = new CallerGrants(this, 'CallerGrants', { api });
    addCallerRoles(this, this.grants, config);
    if (config.backupPrincipals.length > 0) {
      new BackupRole(this, 'BackupRole', {
        name: stableRoleName(this, config, 'backup'),
        seeds: secrets.seeds,
        api,
        trusted: config.backupPrincipals,
      });
    }

    const alarms = addObservability(this, { config, api, functions, deadLetters });
    if (config.canaryDeployment) {
      // Nobody waits for the sweeper, and a tenth of its runs would prove nothing.
      new CanaryDeployments(this, 'CanaryDeployments', {
        functions: {
          ...behindApi,
          ...(authorizer === null ? {} : { 'authorize-jwt': authorizer }),
          ...(page === null ? {} : { 'serve-wallet-page': page }),
        },
        alarms: alarms.ofDeployments,
      });
    }
    const logs = new WebAclLogs(this, 'WebAclLogs', {
      name: config.stackPrefix,
      logRetentionDays: config.logRetentionDays,
      retainLogs: config.retainData,
    });
    if (config.waf) {
      new WebAcl(this, 'WebAcl', { name: config.stackPrefix, stageName: STAGE, stageArn: api.stageArn, logs });
    }
  }

  /** Where the page of wallets is: behind CloudFront by choice, else at the API. */
  private pageOrigin({ endpoint, host: apiHost }: PaymentsApi, config: BursarConfig): string {
    const { walletPageCloudFront: choice, stackPrefix: name } = config;
    if (choice === null) return endpoint;
    const place = { name, apiHost, stageName: STAGE };
    const { target } = new WalletPageDistribution(this, 'WalletPageDistribution', { ...choice, ...place });
    const description = 'What the DNS record of the name of the page of wallets has to point to';
    new CfnOutput(this, 'WalletPageTarget', { value: target, description });
    return `https://${choice.domainName}`;
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

  /**
   * Lets a principal of your own stacks do what TreasuryRole does: take money out of wallets, to `withdrawalAddresses` only.
   * Works without `treasuryPrincipals`.
   *
   * @throws Error for a principal that takes no policies, and for one that has any other grant
   */
  grantTreasury(grantee: IGrantable, options?: GrantOptions): void {
    this.grants.grant('TreasuryRole', grantee, options);
  }
}

/** Alarms always; who hears of them, and a dashboard, as the deployer chose. */
function addObservability(
  scope: Construct,
  {
    config,
    api,
    functions,
    deadLetters,
  }: {
    readonly config: BursarConfig;
    readonly api: PaymentsApi;
    readonly functions: ServiceFunctions;
    readonly deadLetters: DeadLetters;
  },
): Alarms {
  const apiName = config.stackPrefix;
  const metrics = metricsOf(config.stackPrefix);
  const sweeper = functions['sweep-reservations'];
  new TraceSampling(scope, 'TraceSampling', {
    name: config.stackPrefix,
    serviceName: `${apiName}/${STAGE}`,
    rate: config.traceSamplingRate,
  });
  const topic =
    config.alarmEmail === null
      ? null
      : new AlarmTopic(scope, 'AlarmTopic', { name: config.stackPrefix, email: config.alarmEmail });
  const isTrailWatched = config.trailRules && topic !== null;
  if (isTrailWatched) {
    new TrailRules(scope, 'TrailRules', {
      topic,
      deadLetters,
      secretNamePrefix: secretNamePrefix(config),
      workingRoleArns: workingRoles(Stack.of(scope), config),
    });
  }
  const alarms = new Alarms(scope, 'Alarms', {
    topic,
    managersAreWatched: isTrailWatched,
    metrics,
    accessLogs: api.accessLogs,
    authorizerLogs: functions['authorize-jwt']?.logGroup ?? null,
    issuersAreChosen: config.jwtIssuers !== null,
    sweeper,
    deadLetters: deadLetters.queue,
    currencies: currenciesOf(config),
    spendAlarmUsdPerHour: config.spendAlarmUsdPerHour,
  });
  if (config.dashboards) {
    new SpendDashboard(scope, 'SpendDashboard', {
      metrics,
      apiName,
      stageName: STAGE,
      paying: functions['process-payment'],
      sweeper,
      publisher: functions['publish-events'],
      deadLetters: deadLetters.queue,
      alarms: alarms.all,
    });
  }
  return alarms;
}

function domainOf({ domainName: name, certificateArn }: BursarConfig) {
  return name === null || certificateArn === null ? null : { name, certificateArn };
}

/** A token without a rate is not paid in. */
function currenciesOf({ allowedNetworks, usdRates }: BursarConfig): string[] {
  return [
    ...new Set([...allowedNetworks.flatMap((id) => findNetwork(id)?.usdc.symbol ?? []), ...Object.keys(usdRates)]),
  ];
}

function toLive(functions: Readonly<Record<FunctionName, ServiceFunction>>): Record<FunctionName, IFunction> {
  const live = Object.entries(functions).map(([name, fn]) => [name, fn.live]);
  // The same names.
  return Object.fromEntries(live) as Record<FunctionName, IFunction>;
}
