import { Stack } from 'aws-cdk-lib';
import type { IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { LambdaApplication, LambdaDeploymentConfig, LambdaDeploymentGroup } from 'aws-cdk-lib/aws-codedeploy';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { ServiceFunction } from './service-function.ts';

export interface CanaryDeploymentsProps {
  /** By name: what gets its calls through an alias, and so can get a part of them. */
  readonly functions: Readonly<Record<string, ServiceFunction>>;
  /** What ends a deployment and takes it back. None of them may depend on an alias. */
  readonly alarms: readonly IAlarm[];
}

/**
 * Moves a tenth of the calls to a new version, and the rest after five minutes without an alarm. Does nothing at the first
 * deployment, when there is no earlier version. AWS's policy for CodeDeploy lets it change every alias of the account; the
 * role here may change these.
 */
export class CanaryDeployments extends Construct {
  constructor(scope: Construct, id: string, { functions, alarms }: CanaryDeploymentsProps) {
    super(scope, id);
    const role = new Role(this, 'Role', {
      description: 'Shifts calls between versions of the functions of Bursar',
      assumedBy: new ServicePrincipal('codedeploy.amazonaws.com'),
    });
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'ShiftCalls',
        actions: ['lambda:GetAlias', 'lambda:GetProvisionedConcurrencyConfig', 'lambda:UpdateAlias'],
        resources: Object.values(functions).flatMap(({ function: { functionArn }, alias }) => [
          functionArn,
          `${functionArn}:${alias.aliasName}`,
        ]),
      }),
    );
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'SeeAlarms',
        actions: ['cloudwatch:DescribeAlarms'],
        // CloudWatch asks for this whatever the names that are looked for.
        resources: [Stack.of(this).formatArn({ service: 'cloudwatch', resource: 'alarm:*' })],
      }),
    );
    const application = new LambdaApplication(this, 'Application');
    for (const [name, { alias }] of Object.entries(functions)) {
      const group = new LambdaDeploymentGroup(this, name, {
        application,
        alias,
        role: role.withoutPolicyUpdates(),
        deploymentConfig: LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES,
        alarms: [...alarms],
        autoRollback: { deploymentInAlarm: true, failedDeployment: true, stoppedDeployment: true },
      });
      // The alias waits for its group, which must be able to act by then.
      group.node.addDependency(role);
    }
  }
}
