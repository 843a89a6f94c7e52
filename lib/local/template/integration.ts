import type { Environment } from './environment.ts';
import type { ResolvedResource } from './resolved-resource.ts';

export interface FunctionArn {
  readonly name: string;
  readonly arn: string;
}

const INVOCATION_URI = /^arn:[a-z-]+:apigateway:[a-z0-9-]+:lambda:path\/2015-03-31\/functions\/(.+)\/invocations$/;

/** The function that an ARN of this deployment names, with or without a version or alias; `null` for anything else. */
export function parseFunctionArn(arn: string, { partition, region, account }: Environment): FunctionArn | null {
  const prefix = `arn:${partition}:lambda:${region}:${account}:function:`;
  if (!arn.startsWith(prefix)) return null;
  const [name] = arn.slice(prefix.length).split(':');
  return name === undefined || name === '' ? null : { name, arn };
}

/** Where a Lambda proxy integration leads. */
export function readIntegration(
  api: ResolvedResource,
  where: string,
  integration: { readonly type?: unknown; readonly uri?: unknown },
  environment: Environment,
): FunctionArn {
  const target = INVOCATION_URI.exec(String(integration.uri))?.[1];
  const found = target === undefined ? null : parseFunctionArn(target, environment);
  if (String(integration.type).toLowerCase() !== 'aws_proxy' || found === null) {
    throw api.error(`${where}: expected a Lambda proxy integration, found ${JSON.stringify(integration)}`);
  }
  return found;
}
