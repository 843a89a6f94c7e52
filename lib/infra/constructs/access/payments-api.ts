// oxlint-disable no-new -- a construct takes its place in the tree by being made
import { CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  AccessLogFormat,
  ApiDefinition,
  CfnBasePathMapping,
  CfnDomainName,
  EndpointType,
  LogGroupLogDestination,
  MethodLoggingLevel,
  type MethodDeploymentOptions,
  SpecRestApi,
} from 'aws-cdk-lib/aws-apigateway';
import { Effect, PolicyStatement, ServicePrincipal, type IPrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { FUNCTION_NAMES, OPERATIONS, type FunctionName, type OperationName } from '../../../contract/operations.ts';
import { PAGE_ROUTES } from '../../../contract/wallet-page.ts';
import { createOpenApi, toInvokePath } from '../../openapi/gateway-document.ts';
import { logRemoval } from '../watching/log-removal.ts';

export interface PaymentsApiProps {
  readonly name: string;
  readonly functions: Readonly<Record<FunctionName, IFunction>>;
  /** Judges the tokens of the operations under `/oauth`; `null`: there are none. */
  readonly authorizer: IFunction | null;
  /** Serves the page of wallets to anybody; `null`: there is none. */
  readonly page: IFunction | null;
  /** Origins of pages that may call with tokens. */
  readonly browserOrigins: readonly string[];
  /** A host name of the deployer's, with its certificate. */
  readonly domain: { readonly name: string; readonly certificateArn: string } | null;
  readonly logRetentionDays: RetentionDays;
  readonly retainLogs: boolean;
  readonly throttleRequestsPerSecond: number;
  readonly throttleBurstRequests: number;
  /** Whether to set the account's role for API Gateway logs. */
  readonly ownApiGatewayAccount: boolean;
}

/** The one stage of the API. */
export const STAGE = 'v1';
/** Parts of the version of Lambda's invoke API in an integration's address; fixed by API Gateway. */
const INVOKE_API = 'path/2015-03-31/functions';

/** What an access log line holds: who called what, how it ended and how long it took. Never a header, body or query. */
const ACCESS_LOG_FIELDS = {
  requestId: '$context.requestId',
  requestTime: '$context.requestTime',
  sourceIp: '$context.identity.sourceIp',
  callerArn: '$context.identity.userArn',
  // Of the token, as its issuer says; the user's id is a hash, which tells users apart and names none.
  issuer: '$context.authorizer.issuer',
  client: '$context.authorizer.client',
  userHash: '$context.authorizer.userHash',
  httpMethod: '$context.httpMethod',
  resourcePath: '$context.resourcePath',
  status: '$context.status',
  errorType: '$context.error.responseType',
  integrationStatus: '$context.integration.status',
  integrationLatencyMs: '$context.integration.latency',
  responseLatencyMs: '$context.responseLatency',
  responseBytes: '$context.responseLength',
  traceId: '$context.xrayTraceId',
};

/** What anybody may ask for takes no more than this of the API, whoever asks. Nobody guesses a link: this only keeps the price of trying down. */
const PAGE_REQUESTS_PER_SECOND = 50;
const PAGE_BURST_REQUESTS = 100;

function pageThrottling({
  throttleRequestsPerSecond: rate,
  throttleBurstRequests: burst,
}: PaymentsApiProps): Readonly<Record<string, MethodDeploymentOptions>> {
  const options = {
    throttlingRateLimit: Math.min(rate, PAGE_REQUESTS_PER_SECOND),
    throttlingBurstLimit: Math.min(burst, PAGE_BURST_REQUESTS),
  };
  return Object.fromEntries(
    PAGE_ROUTES.map((route) => {
      const [method, path] = route.split(' ');
      return [`${path}/${method}`, options];
    }),
  );
}

/**
 * The REST API, generated from the table of operations. Every method takes IAM signatures only, or under `/oauth` tokens
 * only, but for the page of wallets, which anybody may look at; and only this stage of this API may invoke the functions behind it, since a direct invocation could name any caller.
 */
export class PaymentsApi extends Construct {
  /** One JSON object a request, with the members of `ACCESS_LOG_FIELDS`. */
  readonly accessLogs: LogGroup;
  private readonly api: SpecRestApi;

  constructor(scope: Construct, id: string, props: PaymentsApiProps) {
    super(scope, id);
    this.accessLogs = new LogGroup(this, 'AccessLogs', {
      retention: props.logRetentionDays,
      removalPolicy: logRemoval(props.retainLogs),
    });
    const uris = FUNCTION_NAMES.map((name) => [name, this.invocationUri(props.functions[name])] as const);
    this.api = new SpecRestApi(this, 'Api', {
      restApiName: props.name,
      apiDefinition: ApiDefinition.fromInline(
        createOpenApi({
          title: props.name,
          // Every name has its pair.
          integrationUris: Object.fromEntries(uris) as Record<FunctionName, string>,
          authorizerUri: props.authorizer === null ? null : this.invocationUri(props.authorizer),
          pageUri: props.page === null ? null : this.invocationUri(props.page),
          browserOrigins: props.browserOrigins,
        }),
      ),
      endpointTypes: [EndpointType.REGIONAL],
      cloudWatchRole: props.ownApiGatewayAccount,
      // Another API of the account may have come to use the role since.
      ...(props.ownApiGatewayAccount ? { cloudWatchRoleRemovalPolicy: RemovalPolicy.RETAIN } : {}),
      deployOptions: {
        stageName: STAGE,
        tracingEnabled: true,
        // Execution logs would hold bodies, and with them proofs.
        loggingLevel: MethodLoggingLevel.OFF,
        dataTraceEnabled: false,
        throttlingRateLimit: props.throttleRequestsPerSecond,
        throttlingBurstLimit: props.throttleBurstRequests,
        ...(props.page === null ? {} : { methodOptions: pageThrottling(props) }),
        accessLogDestination: new LogGroupLogDestination(this.accessLogs),
        accessLogFormat: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG_FIELDS)),
      },
    });
    // The stack has outputs of its own, with names that do not change.
    this.api.node.tryRemoveChild('Endpoint');
    for (const live of [...Object.values(props.functions), ...(props.page === null ? [] : [props.page])]) {
      live.addPermission('InvokedByApi', {
        principal: new ServicePrincipal('apigateway.amazonaws.com'),
        sourceArn: this.invokeArn('*'),
      });
    }
    props.authorizer?.addPermission('InvokedByApi', {
      principal: new ServicePrincipal('apigateway.amazonaws.com'),
      sourceArn: this.arn('authorizers/*'),
    });
    if (props.domain !== null) this.addDomain(props.domain);
  }

  private addDomain({ name, certificateArn }: { readonly name: string; readonly certificateArn: string }): void {
    const domain = new CfnDomainName(this, 'Domain', {
      domainName: name,
      regionalCertificateArn: certificateArn,
      endpointConfiguration: { types: ['REGIONAL'] },
      securityPolicy: 'TLS_1_2',
    });
    new CfnBasePathMapping(this, 'DomainMapping', {
      domainName: domain.ref,
      restApiId: this.api.restApiId,
      stage: this.api.deploymentStage.stageName,
    });
    const scope = Stack.of(this);
    new CfnOutput(scope, 'DomainEndpoint', { value: `https://${name}`, description: 'Base URL under your own name' });
    new CfnOutput(scope, 'DomainTarget', {
      value: domain.attrRegionalDomainName,
      description: 'What the DNS record of your own name has to point to',
    });
  }

  /** The base URL of every operation, without a slash at its end. */
  get endpoint(): string {
    return `https://${this.host}/${STAGE}`;
  }

  /** The host name that API Gateway gives. */
  get host(): string {
    const { region, urlSuffix } = Stack.of(this);
    return `${this.api.restApiId}.execute-api.${region}.${urlSuffix}`;
  }

  get stageArn(): string {
    return this.api.deploymentStage.stageArn;
  }

  /**
   * Lets a principal call exactly these operations, signed with IAM. Does nothing for a principal that takes no policies.
   *
   * @param sid the id of the statement, which must be the only one in the principal's policies
   */
  grantInvoke(principal: IPrincipal, sid: string, operations: readonly OperationName[]): void {
    principal.addToPrincipalPolicy(this.allowInvoke(sid, operations));
  }

  /** The statement that allows exactly these operations, signed with IAM. */
  allowInvoke(sid: string, operations: readonly OperationName[]): PolicyStatement {
    return new PolicyStatement({
      sid,
      actions: ['execute-api:Invoke'],
      resources: operations.map((name) => this.invokeArn(toInvokePath(OPERATIONS[name]))),
    });
  }

  /**
   * The statement that keeps from operations on every stage and in every way, whatever else is granted.
   *
   * @throws Error for an operation with a path parameter: no pattern fits its calls and those of no other operation
   */
  denyInvoke(sid: string, operations: readonly OperationName[]): PolicyStatement {
    const open = operations.filter((name) => OPERATIONS[name].path.includes('{'));
    if (open.length > 0) throw new Error(`cannot deny ${open.join(', ')} by path: expected paths without parameters`);
    return new PolicyStatement({
      sid,
      effect: Effect.DENY,
      actions: ['execute-api:Invoke'],
      resources: operations.map((name) => this.arn(`*/*${OPERATIONS[name].path}`)),
    });
  }

  private invokeArn(path: string): string {
    return this.arn(`${STAGE}/${path}`);
  }

  private arn(resourceName: string): string {
    return Stack.of(this).formatArn({ service: 'execute-api', resource: this.api.restApiId, resourceName });
  }

  private invocationUri(live: IFunction): string {
    const { partition, region } = Stack.of(this);
    return `arn:${partition}:apigateway:${region}:lambda:${INVOKE_API}/${live.functionArn}/invocations`;
  }
}
