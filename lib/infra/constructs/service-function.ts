import { Duration, RemovalPolicy } from 'aws-cdk-lib';
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

export interface ServiceFunctionProps {
  /** The name of the file in `lambdas/`. */
  readonly name: string;
  readonly description: string;
  /** The directory of the bundle. */
  readonly bundlePath: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMib: number;
  readonly logRetentionDays: RetentionDays;
  readonly retainLogs: boolean;
  /**
   * A name that wallet keys can trust across deployments.
   * @default - CloudFormation makes one up, so that nothing comes to depend on it
   */
  readonly roleName?: string;
}

/**
 * One function with a role and a log group of its own. The role may write that log and traces; everything else is granted
 * to it by the constructs that it uses. Callers go through the alias, which can later shift traffic between versions.
 */
export class ServiceFunction extends Construct {
  readonly role: Role;
  /** The alias `live`. */
  readonly live: IFunction;

  constructor(scope: Construct, id: string, props: ServiceFunctionProps) {
    super(scope, id);
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Runs ${props.name}: ${props.description}`,
      ...(props.roleName === undefined ? {} : { roleName: props.roleName }),
    });
    const logGroup = new LogGroup(this, 'Logs', {
      retention: props.logRetentionDays,
      removalPolicy: props.retainLogs ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    logGroup.grantWrite(this.role);
    const fn = new LambdaFunction(this, 'Function', {
      description: `${props.name}: ${props.description}`,
      role: this.role,
      code: Code.fromAsset(props.bundlePath),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      environment: { ...props.environment },
      timeout: Duration.seconds(props.timeoutSeconds),
      memorySize: props.memoryMib,
      tracing: Tracing.ACTIVE,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      systemLogLevelV2: SystemLogLevel.WARN,
    });
    // CDK's classes do not fit its own interfaces under exactOptionalPropertyTypes.
    this.live = new Alias(this, 'Live', { aliasName: 'live', version: fn.currentVersion as IVersion }) as IFunction;
  }
}
