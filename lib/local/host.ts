import { join } from 'node:path';
import { createAwsEndpoint } from './aws-endpoint/endpoint.ts';
import { createDatabaseClient } from './database/client.ts';
import { createTables } from './database/tables.ts';
import { createAccessPolicies } from './iam/access-policies.ts';
import { createAwsHooks } from './iam/aws-hooks.ts';
import { createCredentialStore, keepAccessKeys, type AccessKey, type CredentialStore } from './iam/credentials.ts';
import { startDatabaseGate } from './iam/database-gate.ts';
import { createEventBuses, type BusEvent } from './triggers/event-bus.ts';
import type { CheckAnswer } from './gateway/answer-check.ts';
import { createFunctions, describeOlderNode } from './runtime/functions.ts';
import { openOwnFunctions, type OwnFunction, type OwnFunctions } from './runtime/own-functions.ts';
import { startGateway } from './gateway/http.ts';
import { checkPort } from './loopback/server.ts';
import type { Environment } from './template/environment.ts';
import { createLogSink, type LogLine } from './runtime/log-sink.ts';
import type { ReceivedSpan } from './runtime/otlp.ts';
import type { FunctionPool, InvocationResult } from './runtime/runtime.ts';
import { createScheduleDriver } from './triggers/schedule.ts';
import { createStreamDriver } from './triggers/stream-driver.ts';
import { startTraceDaemon } from './runtime/trace-daemon.ts';
import { readDeployment, type Deployment, type FunctionDefinition } from './template/deployment.ts';
import type { RoleDefinition } from './template/roles.ts';

export type { BusEvent } from './triggers/event-bus.ts';
export type { AccessKey } from './iam/credentials.ts';
export type { LogLine } from './runtime/log-sink.ts';
export type { ReceivedSpan } from './runtime/otlp.ts';
export type { InvocationResult } from './runtime/runtime.ts';

export interface HostOptions<Caller extends string> {
  /** What `cdk synth` or `synth()` wrote. */
  readonly templatesDir: string;
  /** Where keys, secrets, access keys and logs are kept between starts; `null` keeps nothing. */
  readonly dataDir: string | null;
  /** The API's port. @default 0: any free one */
  readonly port?: number;
  /** The database, already running. Its tables are made if they are missing. */
  readonly database: { readonly endpoint: string };
  /** Local chains by CAIP-2 id. @default - the template's own */
  readonly rpcUrls?: Readonly<Record<string, string>>;
  /** @default - Coinbase itself */
  readonly coinbaseCdp?: { readonly url: string; readonly hubUrl: string };
  /** @default - Privy itself */
  readonly stripePrivy?: { readonly url: string; readonly consentUrl: string };
  /** Who gets an access key: the output that gives the role's ARN, by the name that the caller goes by. */
  readonly callers: Readonly<Record<Caller, string>>;
  /** Functions that no template has, for those of the templates to invoke. @default - none */
  readonly ownFunctions?: readonly OwnFunction[];
  /** Whether schedules and streams run by themselves; `null` leaves them to `runSchedule` and `drainStreams`. @default 'running' */
  readonly timers?: 'running' | null;
  /** Hears every line that functions print. */
  readonly log?: (entry: LogLine) => void;
  /** Whether requests are traced, and their spans kept in `traces.jsonl` of the data directory. @default null */
  readonly traces?: 'all' | null;
  /** Looks at what functions answer, as it goes out. @default - nobody looks */
  readonly checkAnswer?: CheckAnswer;
  /** Hears of problems of the local stack itself. @default - they go unheard */
  readonly report?: (problem: string) => void;
  /** @default LOCAL_ENVIRONMENT */
  readonly environment?: Environment;
}

export interface Host<Caller extends string> {
  /** The API's base URL, with the stage. */
  readonly endpoint: string;
  /** KMS, Secrets Manager, EventBridge and what invokes functions. */
  readonly awsEndpoint: string;
  readonly region: string;
  readonly account: string;
  /** Access keys, by the names that `callers` gave. They stay the same while the data directory does. */
  readonly credentialsByRole: Readonly<Record<Caller, AccessKey>>;
  /** Of who may invoke the functions that no template has. */
  readonly functionOwner: AccessKey;
  /** The functions that run, by label such as `process-payment`. */
  readonly functions: Readonly<Record<string, FunctionPool>>;
  readonly deployment: Deployment;
  /** Invokes the target of a schedule now. @param name the schedule, or the label of its function */
  runSchedule(name: string): Promise<InvocationResult>;
  /** Hands what has changed in the tables to the functions that their streams are mapped to. */
  drainStreams(): Promise<void>;
  /** What functions put on the event buses since the start, oldest first; the latest ten thousand. */
  events(): readonly BusEvent[];
  /** The spans of traced requests since the start, in the order in which they came; the latest ten thousand. */
  spans(): readonly ReceivedSpan[];
  /** Ends everything that was started here; not the database. */
  close(): Promise<void>;
}

export const LOCAL_ENVIRONMENT: Environment = { partition: 'aws', region: 'us-east-1', account: '000000000000' };

/**
 * Runs what the templates describe: tables, functions in processes of their own, the API with its signatures and
 * policies, the schedules, KMS and Secrets Manager. The caller brings the database and, if anything reads a chain, that.
 *
 * @throws PortTaken, TemplateError, or what the database says
 */
export async function startHost<Caller extends string>(options: HostOptions<Caller>): Promise<Host<Caller>> {
  const { dataDir, port = 0, environment = LOCAL_ENVIRONMENT, report = () => {} } = options;
  // Told before anything is started, rather than after seconds of work.
  if (port !== 0) await checkPort(port);
  const deployment = readDeployment(options.templatesDir, environment);
  if (deployment.api === null) throw new Error(`no REST API in the templates of ${options.templatesDir}`);
  const olderNode = describeOlderNode(deployment.functions, Number(process.versions.node.split('.')[0]));
  if (olderNode !== null) report(olderNode);
  await makeTables(options.database.endpoint, deployment);

  const credentials = createCredentialStore();
  const credentialsByRole = admitCallers(options, deployment, credentials);
  const logs = createLogSink(dataDir === null ? null : join(dataDir, 'logs'), options.log);
  const own = openOwnFunctions(options.ownFunctions ?? [], { environment, credentials, logs });
  const accessPolicies = createAccessPolicies([...deployment.roles, own.ownerRole], environment);
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closers.splice(0).toReversed()) await end();
  };
  const inData = (name: string): string | null => (dataDir === null ? null : join(dataDir, name));
  try {
    const buses = createEventBuses(deployment.eventBuses, inData('events.jsonl'));
    closers.push(() => closePools(own.pools));
    const aws = await openAws(options, { environment, credentials, accessPolicies, buses, own });
    closers.push(aws.close);
    // The functions that it invokes need the gate, which tells it of writes.
    let drivers: ReturnType<typeof createDrivers> | null = null;
    const gate = await startDatabaseGate({
      noteWrite: () => drivers?.streams.noteWrite(),
      databaseUrl: options.database.endpoint,
      tables: deployment.tables,
      environment,
      credentials,
      accessPolicies,
      report,
    });
    closers.push(gate.close);
    const traceDaemon = options.traces === 'all' ? await startTraceDaemon(inData('traces.jsonl'), report) : null;
    if (traceDaemon !== null) closers.push(traceDaemon.close);
    const endpoints = { dynamoDb: gate.endpoint, aws: aws.url, traceDaemon: traceDaemon?.address ?? null };
    const pools = openPools(options, { deployment, credentials, endpoints, logs, cacheDir: inData('cache') });
    closers.push(() => closePools(pools));
    const invoke = (name: string, event: unknown, traceHeader?: string): Promise<InvocationResult> =>
      find(pools, name).invoke(event, traceHeader);
    drivers = createDrivers(options, { deployment, environment, report, invoke });
    const { schedules, streams } = drivers;
    closers.push(async () => schedules.close());
    closers.push(streams.close);
    const gateway = await startGateway({
      api: deployment.api,
      environment,
      credentials,
      accessPolicies,
      invoke,
      sampled: traceDaemon === null ? '0' : '1',
      port,
      report,
      ...(options.checkAnswer === undefined ? {} : { checkAnswer: options.checkAnswer }),
    });
    closers.push(gateway.close);
    return {
      endpoint: gateway.endpoint,
      awsEndpoint: aws.url,
      region: environment.region,
      account: environment.account,
      credentialsByRole,
      functionOwner: own.ownerKey,
      functions: Object.fromEntries(deployment.functions.map(({ label, name }) => [label, find(pools, name)])),
      deployment,
      runSchedule: (name) => schedules.run(toFunctionName(deployment.functions, name)),
      drainStreams: streams.drain,
      events: buses.events,
      spans: traceDaemon?.spans ?? (() => []),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function openAws<Caller extends string>(
  { dataDir, report = () => {} }: HostOptions<Caller>,
  {
    buses,
    own,
    ...hooks
  }: Parameters<typeof createAwsHooks>[0] & {
    readonly buses: ReturnType<typeof createEventBuses>;
    readonly own: OwnFunctions;
  },
) {
  return createAwsEndpoint({
    events: buses,
    functions: own.pools,
    ...createAwsHooks(hooks),
    ...hooks.environment,
    dataDir: dataDir === null ? null : join(dataDir, 'keys-and-secrets'),
    report: (error) => report(`AWS endpoint: ${String(error)}`),
  });
}

function openPools<Caller extends string>(
  options: HostOptions<Caller>,
  host: Pick<Parameters<typeof createFunctions>[0], 'cacheDir' | 'credentials' | 'endpoints' | 'logs'> & {
    readonly deployment: Deployment;
  },
) {
  const { deployment, ...rest } = host;
  return createFunctions({
    ...deployment,
    ...rest,
    rpcUrls: options.rpcUrls ?? null,
    coinbaseCdp: options.coinbaseCdp ?? null,
    stripePrivy: options.stripePrivy ?? null,
  });
}

async function closePools(pools: ReadonlyMap<string, FunctionPool>): Promise<void> {
  await Promise.all([...pools.values()].map((pool) => pool.close()));
}

/** What invokes functions besides the API: time, and changes of tables. */
function createDrivers<Caller extends string>(
  options: HostOptions<Caller>,
  host: Pick<Parameters<typeof createScheduleDriver>[0], 'environment' | 'invoke' | 'report'> & {
    readonly deployment: Deployment;
  },
) {
  const { deployment, ...deps } = host;
  const timers = options.timers === undefined ? 'running' : options.timers;
  return {
    schedules: createScheduleDriver({ ...deps, schedules: deployment.schedules, timers }),
    streams: createStreamDriver({
      ...deps,
      mappings: deployment.streamMappings,
      databaseEndpoint: options.database.endpoint,
      region: deployment.environment.region,
      path: options.dataDir === null ? null : join(options.dataDir, 'streams.json'),
      timers,
    }),
  };
}

async function makeTables(endpoint: string, { tables }: Deployment): Promise<void> {
  const client = createDatabaseClient(endpoint);
  try {
    await createTables(client, tables);
  } finally {
    client.destroy();
  }
}

function admitCallers<Caller extends string>(
  { callers, dataDir }: HostOptions<Caller>,
  deployment: Deployment,
  credentials: CredentialStore,
): Readonly<Record<Caller, AccessKey>> {
  // The keys of `callers` are the names that are asked for, and one access key is made for each.
  const names = Object.keys(callers) as Caller[];
  const path = dataDir === null ? null : join(dataDir, 'access-keys.json');
  const keys = keepAccessKeys(path, names) as Readonly<Record<Caller, AccessKey>>;
  for (const name of names) {
    const role = findRole(deployment, callers[name]);
    credentials.admit(keys[name], { roleName: role.name, sessionName: name });
  }
  return keys;
}

function findRole({ roles, output }: Deployment, outputName: string): RoleDefinition {
  const arn = output(outputName);
  const role = roles.find((one) => one.arn === arn);
  if (role === undefined) throw new Error(`output ${outputName} is ${arn}, which is no role of the templates`);
  return role;
}

function find(pools: ReadonlyMap<string, FunctionPool>, name: string): FunctionPool {
  const pool = pools.get(name);
  if (pool === undefined) throw new Error(`no template defines function ${name}`);
  return pool;
}

function toFunctionName(functions: readonly FunctionDefinition[], name: string): string {
  return functions.find(({ label }) => label === name)?.name ?? name;
}
