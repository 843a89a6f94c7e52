import { join } from 'node:path';
import { startDatabase } from './database/engine.ts';
import { startCoinbaseCdp, type CoinbaseCdp, type CoinbaseCdpOptions } from './providers/coinbase-cdp/index.ts';
import { startStripePrivy, type StripePrivy } from './providers/stripe-privy/index.ts';
import { checkByContract } from './gateway/answer-check.ts';
import {
  startHost,
  type AccessKey,
  type BusEvent,
  type HostOptions,
  type InvocationResult,
  type LogLine,
  type ReceivedSpan,
} from './host.ts';
import type { FunctionPool } from './runtime/runtime.ts';

/** Who gets an access key, and the output of the service stack that gives the role's ARN. */
const CALLERS = {
  controlPlane: 'ControlPlaneRoleArn',
  management: 'ManagementRoleArn',
  processPayment: 'ProcessPaymentRoleArn',
  observer: 'ObserverRoleArn',
  token: 'TokenRoleArn',
  treasury: 'TreasuryRoleArn',
  backup: 'BackupRoleArn',
} as const;
export type CallerRole = keyof typeof CALLERS;

/** The deployed service on this machine: API, functions, database, keys and secrets. */
export interface LocalServices {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Readonly<Record<CallerRole, AccessKey>>;
  /** The database itself, behind the gate that the functions go through. */
  readonly databaseEndpoint: string;
  /** Of who may invoke the signer that is a function. */
  readonly functionOwner: AccessKey;
  /** KMS, Secrets Manager and what invokes functions. */
  readonly awsEndpoint: string;
  /** What stands in for Coinbase. */
  readonly coinbaseCdp: CoinbaseCdp;
  /** What stands in for Privy. */
  readonly stripePrivy: StripePrivy;
  /** By the name that the template gives them. */
  readonly functions: ReadonlyMap<string, FunctionPool>;
  runSchedule(name: string): Promise<InvocationResult>;
  /** Tells what has changed in the books as events. */
  drainStreams(): Promise<void>;
  /** The events that were told since the start, oldest first; the latest ten thousand. */
  events(): readonly BusEvent[];
  /** The spans of traced requests since the start, in the order in which they came. */
  spans(): readonly ReceivedSpan[];
  close(): Promise<void>;
}

export interface LocalServicesOptions {
  readonly templatesDir: string;
  /** `null` keeps nothing. */
  readonly dataDir: string | null;
  /** 0 takes a free one. */
  readonly port: number;
  /** RPC endpoints by CAIP-2 id: the only variable besides AWS's endpoints that differs from a deployment. */
  readonly rpcUrls: Readonly<Record<string, string>>;
  /** Sends what the provider's faucet gives. @default - nothing is sent */
  readonly sendTestFunds?: CoinbaseCdpOptions['sendTestFunds'];
  /** Functions that no template has. @default - none */
  readonly ownFunctions?: HostOptions<CallerRole>['ownFunctions'];
  /** Whether schedules and streams run by themselves; tests drive them. */
  readonly timers: 'running' | null;
  /** Whether requests are traced. @default null */
  readonly traces?: 'all' | null;
  readonly report: (problem: string) => void;
  /** Hears every line that a function prints. */
  readonly onLog?: (entry: LogLine) => void;
}

/** Starts what the templates describe, with a database behind it. All of it is kept in the data directory. */
export async function startServices(options: LocalServicesOptions): Promise<LocalServices> {
  const { templatesDir, dataDir, port, rpcUrls, timers, traces = null, report, onLog } = options;
  const inData = (name: string) => (dataDir === null ? null : join(dataDir, name));
  const [database, coinbaseCdp, stripePrivy] = await Promise.all([
    startDatabase({ dataDir }),
    startCoinbaseCdp({
      dataDir: inData('coinbase-cdp'),
      ...(options.sendTestFunds === undefined ? {} : { sendTestFunds: options.sendTestFunds }),
    }),
    startStripePrivy({ dataDir: inData('stripe-privy') }),
  ]);
  const closeAll = () => Promise.all([database.close(), coinbaseCdp.close(), stripePrivy.close()]);
  try {
    const host = await startHost({
      checkAnswer: checkByContract,
      templatesDir,
      dataDir,
      port,
      database,
      rpcUrls,
      coinbaseCdp,
      stripePrivy,
      timers,
      traces,
      report,
      callers: CALLERS,
      ...(options.ownFunctions === undefined ? {} : { ownFunctions: options.ownFunctions }),
      ...(onLog === undefined ? {} : { log: onLog }),
    });
    return {
      endpoint: host.endpoint,
      region: host.region,
      credentials: host.credentialsByRole,
      functionOwner: host.functionOwner,
      databaseEndpoint: database.endpoint,
      awsEndpoint: host.awsEndpoint,
      coinbaseCdp,
      stripePrivy,
      functions: new Map(host.deployment.functions.map(({ name, label }) => [name, host.functions[label]!])),
      runSchedule: host.runSchedule,
      drainStreams: host.drainStreams,
      events: host.events,
      spans: host.spans,
      close: async () => {
        await host.close();
        await closeAll();
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}
