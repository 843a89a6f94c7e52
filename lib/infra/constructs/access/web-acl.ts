// oxlint-disable no-new -- a construct takes its place in the tree by being made
import { Fn } from 'aws-cdk-lib';
import { CfnLoggingConfiguration, CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { BODY_MAX_BYTES } from '../../../domain/limits.ts';
import { uniqueName } from '../../unique-name.ts';
import { logRemoval } from '../watching/log-removal.ts';

export interface WebAclProps {
  /** The deployment, after which its metrics are named. */
  readonly name: string;
  readonly stageName: string;
  readonly stageArn: string;
  readonly logs: WebAclLogs;
}

export interface WebAclLogsProps {
  /** The deployment, after which the log group is named. */
  readonly name: string;
  readonly logRetentionDays: RetentionDays;
  readonly retainLogs: boolean;
}

/**
 * Where WAF tells what it blocked. WAF writes to names that begin with `aws-waf-logs-` only. The group is there with and
 * without WAF: it costs nothing while it is empty, and one that came and went with WAF would keep its name when it goes,
 * and be in the way when WAF comes back.
 */
export class WebAclLogs extends Construct {
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: WebAclLogsProps) {
    super(scope, id);
    this.logGroup = new LogGroup(this, 'Group', {
      logGroupName: uniqueName(`aws-waf-logs-${props.name}`),
      retention: props.logRetentionDays,
      removalPolicy: logRemoval(props.retainLogs),
    });
  }
}

/** A tenth of what the API takes by default, over WAF's five minutes: one address is rarely more than one backend. */
const REQUESTS_PER_ADDRESS = 30_000;
const IDENTITIES = '/identities/';

/**
 * What is refused before it costs anything: bodies above the limit of the operations, and addresses that call too often. The
 * operations under `/identities` take larger bodies than WAF can weigh; there the function alone enforces the limit.
 */
export class WebAcl extends Construct {
  constructor(scope: Construct, id: string, props: WebAclProps) {
    super(scope, id);
    const acl = new CfnWebACL(this, 'Acl', {
      description: 'Bursar: size of bodies and rate of callers',
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: visibility(props.name, 'All'),
      // Bodies are weighed up to this size, and what is larger counts as a match.
      associationConfig: { requestBody: { API_GATEWAY: { defaultSizeInspectionLimit: 'KB_64' } } },
      rules: [
        {
          name: 'BodySize',
          priority: 0,
          action: { block: {} },
          statement: tooLarge(props.stageName),
          visibilityConfig: visibility(props.name, 'BodySize'),
        },
        {
          name: 'Rate',
          priority: 1,
          action: { block: {} },
          statement: { rateBasedStatement: { aggregateKeyType: 'IP', limit: REQUESTS_PER_ADDRESS } },
          visibilityConfig: visibility(props.name, 'Rate'),
        },
      ],
    });
    new CfnWebACLAssociation(this, 'Association', { resourceArn: props.stageArn, webAclArn: acl.attrArn });
    new CfnLoggingConfiguration(this, 'Logging', {
      resourceArn: acl.attrArn,
      // WAF takes the ARN without the ":*" that CloudFormation gives it.
      logDestinationConfigs: [Fn.select(0, Fn.split(':*', props.logs.logGroup.logGroupArn))],
      redactedFields: [{ singleHeader: { Name: 'authorization' } }, { singleHeader: { Name: 'x-amz-security-token' } }],
      loggingFilter: {
        DefaultBehavior: 'DROP',
        Filters: [
          { Behavior: 'KEEP', Requirement: 'MEETS_ANY', Conditions: [{ ActionCondition: { Action: 'BLOCK' } }] },
        ],
      },
    });
  }
}

function tooLarge(stageName: string): CfnWebACL.StatementProperty {
  const noChange = [{ priority: 0, type: 'NONE' }];
  const body = {
    sizeConstraintStatement: {
      comparisonOperator: 'GT',
      size: BODY_MAX_BYTES,
      fieldToMatch: { body: { oversizeHandling: 'MATCH' } },
      textTransformations: noChange,
    },
  };
  const beginsWith = (searchString: string) => ({
    byteMatchStatement: {
      fieldToMatch: { uriPath: {} },
      positionalConstraint: 'STARTS_WITH',
      searchString,
      textTransformations: noChange,
    },
  });
  // Under a host name of the deployer's, paths begin without the stage.
  const identities = {
    orStatement: { statements: [beginsWith(`/${stageName}${IDENTITIES}`), beginsWith(IDENTITIES)] },
  };
  return { andStatement: { statements: [body, { notStatement: { statement: identities } }] } };
}

function visibility(deployment: string, rule: string): CfnWebACL.VisibilityConfigProperty {
  // Sampled requests would show headers, and with them tokens, to everybody who may read samples.
  return { cloudWatchMetricsEnabled: true, metricName: `${deployment}${rule}`, sampledRequestsEnabled: false };
}
