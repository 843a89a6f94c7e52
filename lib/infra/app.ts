import { App, type Environment } from 'aws-cdk-lib';
import type { BursarConfig } from './config/config.ts';
import { DataStack } from './data-stack.ts';
import { DEPLOYED_FUNCTION_NAMES, type DeployedFunctionName } from './function-names.ts';
import { ServiceStack } from './service-stack.ts';

type FunctionDirectories = Readonly<Record<string, { readonly path: string; readonly sdkPath?: string }>>;

export interface StacksOptions {
  readonly config: BursarConfig;
  /** Where the code of each function is, by name. */
  readonly functions: FunctionDirectories;
  /** @default - whichever account and region the CLI deploys to */
  readonly env?: Environment;
}

/** Adds the data stack and the service stack to an app. Throws where a function has no bundle. */
export function addStacks(
  app: App,
  { config, functions, env }: StacksOptions,
): { data: DataStack; service: ServiceStack } {
  const chosen = config.region === null ? env : { ...env, region: config.region };
  const props = chosen === undefined ? {} : { env: chosen };
  const data = new DataStack(app, `${config.stackPrefix}Data`, { ...props, config });
  const service = new ServiceStack(app, `${config.stackPrefix}Service`, {
    ...props,
    config,
    data,
    bundles: toBundlePaths(functions, config),
  });
  return { data, service };
}

function toBundlePaths(
  functions: FunctionDirectories,
  { awsTransport }: BursarConfig,
): Record<DeployedFunctionName, string> {
  const paths = DEPLOYED_FUNCTION_NAMES.map((name) => {
    const bundle = functions[name];
    if (bundle === undefined) throw new Error(`no bundle of function ${name}: expected lambdas/${name}.ts`);
    return [name, awsTransport === 'sdk' ? (bundle.sdkPath ?? bundle.path) : bundle.path] as const;
  });
  // Every name has its pair, or the line above threw.
  return Object.fromEntries(paths) as Record<DeployedFunctionName, string>;
}
