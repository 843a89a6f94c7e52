import { join } from 'node:path';
import { createAwsEndpoint } from './aws-endpoint/endpoint.ts';
import { createDatabaseClient } from './database/client.ts';
import { startDatabase } from './database/engine.ts';
import { createTables } from './database/tables.ts';
import { createAuthorizer } from './host/authorize.ts';
import { createAwsHooks } from './host/aws-hooks.ts';
import { createCredentialStore, keepAccessKeys, type AccessKey, type CredentialStore } from './host/credentials.ts';
import { startGateway } from './host/http.ts';
import type { Environment } from './host/intrinsics.ts';
import { createLogSink, type LogLine } from './host/log-sink.ts';
import { createFunctionPool, type FunctionPool, type InvocationResult } from './host/runtime.ts';
import { createScheduleDriver } from './host/schedule.ts';
import { readDeployment, type Deployment, type FunctionDefinition } from './host/template.ts';

export const CALLER_ROLES = ['controlPlane', 'management', 'processPayment'] as const;
export type CallerRole = (typeof CALLER_ROLES)[number];

/** The deployed service on this machine: API, functions, database, keys and secrets. */
export interface LocalServices {
  readonly endpoint: string;
  readonly credentials: Readonly<Record<CallerRole, AccessKey>>;
  readonly databaseEndpoint: string;
  readonly functions: ReadonlyMap<string, FunctionPool>;
  runSchedule(name: string): Promise<InvocationResult>;
  close(): Promise<void>;
}

export interface LocalServicesOptions {
  readonly templatesDir: string;
  readonly environment: Environment;
  /** `null` keeps nothing. */
  readonly dataDir: string | null;
  /** 0 takes a free one. */
  readonly port: number;
  /** RPC endpoints by CAIP-2 id: the only variable besides AWS's endpoints that differs from a deployment. */
  readonly rpcUrls: Readonly<Record<string, string>>;
  /** Whether schedules run by themselves; tests drive them. @default 'running' */
  readonly timers?: 'running' | null;
  readonly report: (problem: string) => void;
  /** Hears every line that a function prints. */
  readonly onLog?: (entry: LogLine) => void;
}

/** Starts what the templates describe. Keys, secrets, tables and access keys are kept in the data directory. */
export async function startServices(options: LocalServicesOptions): Promise<LocalServices> {
  const { environment, dataDir, report } = options;
  const deployment = readDeployment(options.templatesDir, environment);
  if (deployment.api === null) throw new Error(`the templates in ${options.templatesDir} have no API`);
  const authorizer = createAuthorizer(deployment.roles, environment);
  const credentials = createCredentialStore();
  const callers = admitCallers(deployment, credentials, dataDir);

  const database = await startDatabase({ dataDir });
  const client = createDatabaseClient(database.endpoint);
  await createTables(client, deployment.tables);
  client.destroy();
  const awsEndpoint = await createAwsEndpoint({
    dataDir: dataDir === null ? null : join(dataDir, 'keys-and-secrets'),
    region: environment.region,
    account: environment.account,
    ...createAwsHooks({ environment, credentials, authorizer }),
    report: (error) => report(`the embedded KMS and Secrets Manager failed: ${String(error)}`),
  });
  const logs = createLogSink(dataDir === null ? null : join(dataDir, 'logs'), options.onLog);
  const endpoints = {
    AWS_ENDPOINT_URL_DYNAMODB: database.endpoint,
    AWS_ENDPOINT_URL_KMS: awsEndpoint.url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: awsEndpoint.url,
  };
  const functions = new Map(
    deployment.functions.map((definition) => {
      const rpc = 'RPC_URLS' in definition.environment ? { RPC_URLS: JSON.stringify(options.rpcUrls) } : {};
      const env = {
        ...definition.environment,
        ...rpc,
        ...endpoints,
        ...issueKeys(definition, credentials),
        ...runtimeVariables(definition, environment),
      };
      return [
        definition.name,
        startPool(definition, env, (line) => logs.write({ functionName: definition.name, line })),
      ];
    }),
  );
  const invoke = (name: string, event: unknown): Promise<InvocationResult> => {
    const pool = functions.get(name);
    if (pool === undefined) throw new Error(`the templates have no function ${name}`);
    return pool.invoke(event);
  };
  const schedules = createScheduleDriver({
    schedules: deployment.schedules,
    environment,
    invoke,
    report,
    timers: options.timers === undefined ? 'running' : options.timers,
  });
  const gateway = await startGateway({
    api: deployment.api,
    environment,
    credentials,
    authorizer,
    invoke,
    port: options.port,
    report,
  });
  return {
    endpoint: gateway.endpoint,
    credentials: callers,
    databaseEndpoint: database.endpoint,
    functions,
    runSchedule: schedules.run,
    close: async () => {
      schedules.close();
      await gateway.close();
      await Promise.all([...functions.values()].map((pool) => pool.close()));
      await awsEndpoint.close();
      await database.close();
    },
  };
}

/** The access keys of the three caller roles, the same at every start from one data directory. */
function admitCallers(
  deployment: Deployment,
  credentials: CredentialStore,
  dataDir: string | null,
): Readonly<Record<CallerRole, AccessKey>> {
  const keys = keepAccessKeys(dataDir === null ? null : join(dataDir, 'access-keys.json'), CALLER_ROLES);
  // A function's role may be called like a caller's; nobody outside may take it on.
  const ofFunctions = new Set(deployment.functions.map(({ roleArn }) => roleArn));
  const assumable = deployment.roles.filter(({ arn }) => !ofFunctions.has(arn));
  const entries = CALLER_ROLES.map((role) => {
    const wanted = `${role}Role`.toLowerCase();
    const found = assumable.filter(({ logicalId }) => logicalId.toLowerCase().startsWith(wanted));
    const key = keys[role];
    if (found.length !== 1 || key === undefined)
      throw new Error(`the templates have ${found.length} roles ${role}Role; expected one`);
    credentials.admit(key, { roleName: found[0]!.name, sessionName: 'local' });
    return [role, key] as const;
  });
  return Object.fromEntries(entries) as Record<CallerRole, AccessKey>;
}

/** What Lambda itself sets. */
function runtimeVariables(
  { name, handler, directory, memoryMib }: FunctionDefinition,
  { region }: Environment,
): Record<string, string> {
  return {
    _HANDLER: handler,
    LAMBDA_TASK_ROOT: directory,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: `${memoryMib}`,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    TZ: ':UTC',
  };
}

/** A function's own credentials, of its own role: what its role may not do, it cannot do here either. */
function issueKeys(definition: FunctionDefinition, credentials: CredentialStore): Record<string, string> {
  const roleName = definition.roleArn.split('/').at(-1) ?? '';
  const key = credentials.issue({ roleName, sessionName: definition.name });
  return {
    AWS_ACCESS_KEY_ID: key.accessKeyId,
    AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
    AWS_SESSION_TOKEN: key.sessionToken ?? '',
  };
}

function startPool(
  definition: FunctionDefinition,
  env: Record<string, string>,
  log: (line: string) => void,
): FunctionPool {
  const { name, arn, directory, memoryMib, timeoutMs } = definition;
  return createFunctionPool({ name, arn, directory, memoryMib, timeoutMs, env, log });
}
