import { Stack } from 'aws-cdk-lib';
import { CfnSecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { Effect, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { CfnFunction, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { VpcChoice } from '../../config/config.ts';

export interface FunctionNetworkProps {
  readonly vpc: VpcChoice;
}

const HTTPS = 443;
/** What Lambda does in the name of a function's role, to put the function into a subnet. */
const INTERFACE_ACTIONS = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

/** Puts functions into subnets of the deployer: nothing comes in, and only HTTPS goes out. */
export class FunctionNetwork extends Construct {
  private readonly subnetIds: readonly string[];
  private readonly securityGroup: CfnSecurityGroup;

  constructor(scope: Construct, id: string, { vpc }: FunctionNetworkProps) {
    super(scope, id);
    this.subnetIds = vpc.subnetIds;
    // A construct of its own for the VPC would have to look it up in the account.
    this.securityGroup = new CfnSecurityGroup(this, 'SecurityGroup', {
      groupDescription: 'Functions of Bursar: HTTPS out, nothing in',
      vpcId: vpc.vpcId,
      securityGroupEgress: [
        { ipProtocol: 'tcp', fromPort: HTTPS, toPort: HTTPS, cidrIp: '0.0.0.0/0', description: 'AWS, RPC and issuers' },
      ],
    });
  }

  /**
   * Attaches a function. Lambda manages its network interfaces with the function's own role, so the role is kept from doing
   * the same in the function's code.
   *
   * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
   */
  attach(fn: LambdaFunction, role: Role): void {
    role.addToPrincipalPolicy(
      new PolicyStatement({ sid: 'KeepNetworkInterfaces', actions: INTERFACE_ACTIONS, resources: ['*'] }),
    );
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'NeverFromItsOwnCode',
        effect: Effect.DENY,
        actions: [...INTERFACE_ACTIONS, 'ec2:DetachNetworkInterface'],
        resources: ['*'],
        conditions: {
          ArnLike: {
            'lambda:SourceFunctionArn': Stack.of(this).formatArn({
              service: 'lambda',
              resource: 'function:*',
            }),
          },
        },
      }),
    );
    // The default child of a function is its resource.
    const resource = fn.node.defaultChild as CfnFunction;
    resource.vpcConfig = { subnetIds: [...this.subnetIds], securityGroupIds: [this.securityGroup.attrGroupId] };
  }
}
