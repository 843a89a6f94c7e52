// oxlint-disable no-new -- a construct takes its place in the tree by being made
import { join } from 'node:path';
import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Architecture, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import type { Construct } from 'constructs';

/** Of a deployment of Bursar in the same account and region: two outputs of its service stack, and a manager. */
export interface AgentStackProps {
  readonly endpoint: string;
  readonly processPaymentRoleArn: string;
  readonly paymentManagerArn: string;
}

const CHECKOUT = join(import.meta.dirname, '..', '..');

/** An agent as a function, which may assume ProcessPaymentRole and nothing else. */
export class AgentStack extends Stack {
  constructor(scope: Construct, id: string, { endpoint, processPaymentRoleArn, paymentManagerArn }: AgentStackProps) {
    super(scope, id, { description: 'An agent that pays within sessions of Bursar' });
    const agent = new NodejsFunction(this, 'Agent', {
      entry: join(import.meta.dirname, 'agent.ts'),
      projectRoot: CHECKOUT,
      depsLockFilePath: join(CHECKOUT, 'package-lock.json'),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 512,
      timeout: Duration.minutes(2),
      environment: {
        BURSAR_ENDPOINT: endpoint,
        PROCESS_PAYMENT_ROLE_ARN: processPaymentRoleArn,
        PAYMENT_MANAGER_ARN: paymentManagerArn,
      },
      // In the versions that are tested here, rather than those that the runtime has.
      bundling: { bundleAwsSDK: true },
    });
    agent.addToRolePolicy(new PolicyStatement({ actions: ['sts:AssumeRole'], resources: [processPaymentRoleArn] }));
    new CfnOutput(this, 'FunctionName', { value: agent.functionName });
    new CfnOutput(this, 'RoleArn', { value: agent.role!.roleArn });
  }
}
