import { Duration } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Alias,
  ApplicationLogLevel,
  Architecture,
  Code,
  Function as LambdaFunction,
  type IFunction,
  type IVersion,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { logRemoval } from '../watching/log-removal.ts';
import { describeByContent } from './content-hash.ts';
import type { FunctionNetwork } from './function-network.ts';

export interface ServiceFunctionProps {
  /** The name of the file in `lambdas/`. */
  readonly name: string;
  readonly description: string;
  /** The directory of the bundle. */
  readonly bundlePath: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMib: number;
  /** Whether it may send traces. Only requests have any, so what runs by itself sends none. */
  readonly traced: boolean;
  /** Whether Lambda's own lines are kept, which say how long each call was billed and how much memory it took. */
  readonly reported: boolean;
  readonly logRetentionDays: RetentionDays;
  readonly retainLogs: boolean;
  /**
   * A name that wallet keys can trust across deployments.
   * @default - CloudFormation makes one up, so that nothing comes to depend on it
   */
  readonly roleName?: string;
  /**
   * Subnets to run in.
   * @default - Lambda's own network
   */
  readonly network?: FunctionNetwork;
  /**
   * Instances that are set aside for this function.
   * @default - it shares the account's
   */
  readonly reservedConcurrency?: number;
  /**
   * Instances of the live version that are kept warm.
   * @default - none
   */
  readonly provisionedConcurrency?: number;
}

/**
 * One function with a role and a log group of its own. The role may write that log and traces; everything else is granted
 * to it by the constructs that it uses. Callers go through the alias, which can shift calls between versions.
 */
export class ServiceFunction extends Construct {
  readonly role: Role;
  readonly function: LambdaFunction;
  readonly logGroup: LogGroup;
  readonly alias: Alias;

  constructor(scope: Construct, id: string, props: ServiceFunctionProps) {
    super(scope, id);
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Runs ${props.name}: ${props.description}`,
      ...(props.roleName === undefined ? {} : { roleName: props.roleName }),
    });
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: props.logRetentionDays,
      removalPolicy: logRemoval(props.retainLogs),
    });
    this.logGroup.grantWrite(this.role);
    this.function = new LambdaFunction(this, 'Function', {
      role: this.role,
      code: Code.fromAsset(props.bundlePath),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      environment: { ...props.environment },
      timeout: Duration.seconds(props.timeoutSeconds),
      memorySize: props.memoryMib,
      tracing: props.traced ? Tracing.ACTIVE : Tracing.DISABLED,
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      systemLogLevelV2: props.reported ? SystemLogLevel.INFO : SystemLogLevel.WARN,
      ...(props.reservedConcurrency === undefined ? {} : { reservedConcurrentExecutions: props.reservedConcurrency }),
    });
    props.network?.attach(this.function, this.role);
    describeByContent(this.function, `${props.name}: ${props.description}`);
    this.alias = new Alias(this, 'Live', {
      aliasName: 'live',
      // CDK's classes do not fit its own interfaces under exactOptionalPropertyTypes.
      version: this.function.currentVersion as IVersion,
      ...(props.provisionedConcurrency === undefined
        ? {}
        : { provisionedConcurrentExecutions: props.provisionedConcurrency }),
    });
  }

  /** What callers invoke. */
  get live(): IFunction {
    return this.alias as IFunction;
  }
}
