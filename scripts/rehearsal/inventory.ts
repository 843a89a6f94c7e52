import {
  CloudFormationClient,
  DescribeStacksCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { sdkOptionsOf, type Target } from './target.ts';

export interface DeployedResource {
  readonly logicalId: string;
  readonly type: string;
  readonly physicalId: string;
  readonly status: string;
}

/** A stack as CloudFormation knows it, also after its deletion. */
export interface DeployedStack {
  readonly stackId: string;
  readonly resources: readonly DeployedResource[];
}

const RESOURCES_MAX = 500;

export async function readStack(target: Target, nameOrId: string): Promise<DeployedStack> {
  const client = new CloudFormationClient(sdkOptionsOf(target));
  try {
    const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName: nameOrId }));
    const resources: DeployedResource[] = [];
    for await (const page of paginateListStackResources({ client }, { StackName: nameOrId })) {
      for (const each of page.StackResourceSummaries ?? []) {
        resources.push({
          logicalId: each.LogicalResourceId ?? '',
          type: each.ResourceType ?? '',
          physicalId: each.PhysicalResourceId ?? '',
          status: each.ResourceStatus ?? '',
        });
      }
      if (resources.length > RESOURCES_MAX)
        throw new Error(`stack ${nameOrId} has more than ${RESOURCES_MAX} resources`);
    }
    return { stackId: stack?.StackId ?? '', resources };
  } finally {
    client.destroy();
  }
}
