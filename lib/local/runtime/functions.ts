import { join } from 'node:path';
import type { CredentialStore } from '../iam/credentials.ts';
import type { Environment } from '../template/environment.ts';
import type { LogSink } from './log-sink.ts';
import { createFunctionPool, type FunctionPool } from './runtime.ts';
import type { RoleDefinition } from '../template/roles.ts';
import type { FunctionDefinition } from '../template/deployment.ts';

/** Where functions find the embedded services; the only thing in which they differ from a deployment. */
export interface ServiceEndpoints {
  readonly dynamoDb: string;
  /** KMS, Secrets Manager, EventBridge and what invokes functions. */
  readonly aws: string;
  /** Where spans are sent, or `null` for nowhere. */
  readonly traceDaemon: string | null;
}

export interface FunctionsOptions {
  readonly functions: readonly FunctionDefinition[];
  readonly roles: readonly RoleDefinition[];
  readonly environment: Environment;
  readonly credentials: CredentialStore;
  readonly endpoints: ServiceEndpoints;
  /** Chains by CAIP-2 id, in place of all of the template's: nothing leaves this machine. `null` keeps the template's. */
  readonly rpcUrls: Readonly<Record<string, string>> | null;
  /** What stands in for Coinbase and for the page of its end users. */
  readonly coinbaseCdp: { readonly url: string; readonly hubUrl: string } | null;
  /** What stands in for Privy and for the page of its users. */
  readonly stripePrivy: { readonly url: string; readonly consentUrl: string } | null;
  readonly logs: LogSink;
  /** Where compiled code is kept between starts, or `null`. */
  readonly cacheDir: string | null;
}

/** A pool for each function of the templates, by name. Starts no process before the first invocation. */
export function createFunctions(options: FunctionsOptions): ReadonlyMap<string, FunctionPool> {
  return new Map(
    options.functions.map((definition) => {
      const pool = createFunctionPool({
        name: definition.name,
        arn: definition.arn,
        directory: definition.directory,
        timeoutMs: definition.timeoutMs,
        memoryMib: definition.memoryMib,
        env: createEnvironment(definition, options),
        log: (line) => options.logs.write({ functionName: definition.label, line }),
      });
      return [definition.name, pool];
    }),
  );
}

/** Says where functions run on an older Node here than deployed; `null` where none does. */
export function describeOlderNode(functions: readonly FunctionDefinition[], nodeMajor: number): string | null {
  const newest = Math.max(0, ...functions.map(({ runtime }) => Number(/^nodejs(\d+)\.x$/.exec(runtime)?.[1] ?? 0)));
  if (nodeMajor >= newest) return null;
  return `the functions run on Node ${nodeMajor} here and on Node ${newest} when deployed`;
}

/** Where what stands in for providers is, and where their users grant. */
function replaceProviders({ coinbaseCdp, stripePrivy }: FunctionsOptions): Record<string, string> {
  const hubs = {
    ...(coinbaseCdp === null ? {} : { '*': coinbaseCdp.hubUrl }),
    ...(stripePrivy === null ? {} : { StripePrivy: stripePrivy.consentUrl }),
  };
  return {
    ...(coinbaseCdp === null ? {} : { COINBASE_CDP_URL: coinbaseCdp.url }),
    ...(stripePrivy === null ? {} : { STRIPE_PRIVY_URL: stripePrivy.url }),
    ...(Object.keys(hubs).length === 0 ? {} : { WALLET_HUB_URLS: JSON.stringify(hubs) }),
  };
}

/** All that a worker's process has in its environment: the template's variables, Lambda's own, and the endpoints. */
function createEnvironment(definition: FunctionDefinition, options: FunctionsOptions): Record<string, string> {
  const role = options.roles.find(({ arn }) => arn === definition.roleArn);
  if (role === undefined) throw new Error(`function ${definition.label} has a role that no template defines`);
  const key = options.credentials.issue({ roleName: role.name, sessionName: definition.name });
  const { region } = options.environment;
  return {
    ...definition.environment,
    ...replaceRpcUrls(definition, options.rpcUrls),
    ...replaceProviders(options),
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: key.accessKeyId,
    AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
    AWS_SESSION_TOKEN: key.sessionToken ?? '',
    AWS_EXECUTION_ENV: `AWS_Lambda_${definition.runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: definition.name,
    AWS_LAMBDA_FUNCTION_VERSION: '1',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMib),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${definition.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    _HANDLER: definition.handler,
    LAMBDA_TASK_ROOT: definition.directory,
    TZ: ':UTC',
    LANG: 'en_US.UTF-8',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    AWS_ENDPOINT_URL_DYNAMODB: options.endpoints.dynamoDb,
    AWS_ENDPOINT_URL_KMS: options.endpoints.aws,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: options.endpoints.aws,
    AWS_ENDPOINT_URL_EVENTBRIDGE: options.endpoints.aws,
    AWS_ENDPOINT_URL_LAMBDA: options.endpoints.aws,
    ...(options.endpoints.traceDaemon === null ? {} : { AWS_XRAY_DAEMON_ADDRESS: options.endpoints.traceDaemon }),
    ...(options.cacheDir === null ? {} : { NODE_COMPILE_CACHE: join(options.cacheDir, 'node') }),
  };
}

/** The one value that a template can't know: the local chain's port is new at every start. */
function replaceRpcUrls(
  { environment }: FunctionDefinition,
  rpcUrls: FunctionsOptions['rpcUrls'],
): Record<string, string> {
  return rpcUrls === null || !Object.hasOwn(environment, 'RPC_URLS') ? {} : { RPC_URLS: JSON.stringify(rpcUrls) };
}
