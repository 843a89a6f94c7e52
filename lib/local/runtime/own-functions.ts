import { createAccessKey, type AccessKey, type CredentialStore } from '../iam/credentials.ts';
import type { Environment } from '../template/environment.ts';
import type { RoleDefinition } from '../template/roles.ts';
import type { LogSink } from './log-sink.ts';
import { createFunctionPool, type FunctionPool } from './runtime.ts';

/** A function that no template has: somebody's own, which functions of the templates invoke. */
export interface OwnFunction {
  readonly label: string;
  /** With its alias or version. */
  readonly arn: string;
  /** With `index.mjs` in it, whose `handler` is called. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface OwnFunctions {
  /** By ARN. No process is started before the first invocation. */
  readonly pools: ReadonlyMap<string, FunctionPool>;
  /** Whom they belong to: it may invoke them, and nothing else. */
  readonly ownerRole: RoleDefinition;
  /** It ends with this process. */
  readonly ownerKey: AccessKey;
}

/** Longer than anybody waits for a signer. */
const TIMEOUT_MS = 5_000;
const MEMORY_MIB = 256;
const OWNER = 'function-owner';

export function openOwnFunctions(
  functions: readonly OwnFunction[],
  {
    environment,
    credentials,
    logs,
  }: { readonly environment: Environment; readonly credentials: CredentialStore; readonly logs: LogSink },
): OwnFunctions {
  const ownerKey = createAccessKey('AKIA');
  credentials.admit(ownerKey, { roleName: OWNER, sessionName: OWNER });
  const pools = new Map(functions.map((each) => [each.arn, createPool(each, environment, logs)]));
  return { pools, ownerRole: toOwnerRole([...pools.keys()], environment), ownerKey };
}

function toOwnerRole(arns: readonly string[], { partition, account }: Environment): RoleDefinition {
  const invoke = { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: arns };
  const policy = { name: 'invoke', document: { Version: '2012-10-17', Statement: [invoke] } };
  const arn = `arn:${partition}:iam::${account}:role/${OWNER}`;
  return { name: OWNER, arn, logicalId: OWNER, policies: arns.length === 0 ? [] : [policy] };
}

function createPool({ label, arn, directory, env }: OwnFunction, { region }: Environment, logs: LogSink): FunctionPool {
  return createFunctionPool({
    name: label,
    arn,
    directory,
    timeoutMs: TIMEOUT_MS,
    memoryMib: MEMORY_MIB,
    env: {
      ...env,
      AWS_REGION: region,
      AWS_LAMBDA_FUNCTION_NAME: label,
      AWS_LAMBDA_FUNCTION_VERSION: '1',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(MEMORY_MIB),
      _HANDLER: 'index.handler',
      LAMBDA_TASK_ROOT: directory,
      TZ: ':UTC',
      LANG: 'en_US.UTF-8',
      PATH: '/usr/local/bin:/usr/bin:/bin',
    },
    log: (line) => logs.write({ functionName: label, line }),
  });
}
