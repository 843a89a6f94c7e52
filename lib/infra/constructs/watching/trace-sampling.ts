import { CfnSamplingRule } from 'aws-cdk-lib/aws-xray';
import { Construct } from 'constructs';

export interface TraceSamplingProps {
  /** As the stage calls itself in its traces: API and stage. */
  readonly serviceName: string;
  /** The deployment, whose name the rule gets: it must have one. */
  readonly name: string;
  /** From 0 to 1. */
  readonly rate: number;
}

/** Before X-Ray's own rule, which has 10000, and after what somebody may want to put first. */
const PRIORITY = 5_000;
/** Requests a second that are traced before the rate counts, so that a quiet deployment has traces at all. */
const RESERVOIR = 1;

/** How many of the API's requests are traced. The stage decides, and the functions behind it go along. */
export class TraceSampling extends Construct {
  constructor(scope: Construct, id: string, { serviceName, name, rate }: TraceSamplingProps) {
    super(scope, id);
    // oxlint-disable-next-line no-new -- a construct takes its place in the tree by being made
    new CfnSamplingRule(this, 'Rule', {
      samplingRule: {
        ruleName: `${name}-api`,
        version: 1,
        priority: PRIORITY,
        reservoirSize: rate === 0 ? 0 : RESERVOIR,
        fixedRate: rate,
        serviceName,
        serviceType: 'AWS::ApiGateway::Stage',
        host: '*',
        httpMethod: '*',
        urlPath: '*',
        resourceArn: '*',
      },
    });
  }
}
