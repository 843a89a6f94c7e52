import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { BursarConfig } from '../infra/config/config.ts';
import { synth } from '../infra/build/synth.ts';
import { startChain, type LocalChain } from './chain/index.ts';
import { startFaucet } from './faucet.ts';
import type { BusEvent, LogLine } from './host.ts';
import { checkPort } from './loopback/server.ts';
import type { LocalInfo } from './info.ts';
import { startIssuer, type Issuer } from './issuer/index.ts';
import { ISSUER_CLIENTS, provision } from './provision.ts';
import { startFacilitator } from './sellers/facilitator.ts';
import { startSellers, type Seller } from './sellers/index.ts';
import { startServices, type LocalServices } from './services.ts';

/** Everything, running. */
export interface LocalStack {
  readonly info: LocalInfo;
  readonly chain: LocalChain;
  readonly services: LocalServices;
  readonly issuer: Issuer;
  readonly sellers: readonly Seller[];
  /** The events that were told since the start, oldest first; all of them are in `events.jsonl` of the data directory. */
  events(): readonly BusEvent[];
  close(): Promise<void>;
}

export interface LocalStackOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** Where books, keys and the chain's state are kept; `null` keeps nothing. */
  readonly dataDir: string | null;
  /** Whether to delete the data directory first. */
  readonly fresh: 'fresh' | 'keep';
  /** Hears what is being done, for people. */
  readonly progress: (step: string) => void;
  /** @default 'running' */
  readonly timers?: 'running' | null;
  /** Whether requests are traced, their spans kept in `traces.jsonl` of the data directory. @default null */
  readonly traces?: 'all' | null;
  readonly onLog?: (entry: LogLine) => void;
}

/** The last of Anvil's published accounts, that of index 9: nobody else here uses it. */
const TREASURY_ADDRESS = '0xa0Ee7A142d267C1f36714E4a8F75612F20a79720';

/** Where the local stack differs from a deployment with no choices made: it has the roles that nobody has unasked, to try them. */
export const LOCAL_CONFIG: Partial<BursarConfig> = {
  tokenPrincipals: ['arn:aws:iam::000000000000:root'],
  treasuryPrincipals: ['arn:aws:iam::000000000000:root'],
  withdrawalAddresses: [TREASURY_ADDRESS],
  backupPrincipals: ['arn:aws:iam::000000000000:root'],
};

/** Says to people what the directory is. */
const MARK = 'README.txt';
/** Names the chain that the books belong to. */
const GENESIS_FILE = 'chain-genesis';

/** Starts the local stack: the deployable service, a chain, a facilitator and sellers. Nothing of it leaves this machine. */
export async function startStack(options: LocalStackOptions): Promise<LocalStack> {
  const { progress, dataDir } = options;
  if (options.port !== 0) await checkPort(options.port);
  prepareDirectory(options);
  const opened: { close(): Promise<void> }[] = [];
  const open = async <T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const started = await starting;
    opened.push(started);
    return started;
  };
  const close = async (): Promise<void> => {
    for (const each of opened.toReversed()) await each.close();
  };
  try {
    progress('bundling the functions and synthesizing the templates');
    const [templates, chain] = await Promise.all([
      synth({ config: LOCAL_CONFIG }),
      open(startChain({ dataDir: dataDir === null ? null : join(dataDir, 'chain') })),
    ]);
    progress(`chain ${chain.chainId} is up, with USDC at ${chain.usdc}`);
    if (dataDir !== null) reportForeignChain(dataDir, chain.genesis, progress);
    const facilitator = await open(startFacilitator(chain));
    const [{ sellers }, faucet] = await Promise.all([open(startSellers(chain, facilitator)), open(startFaucet(chain))]);
    progress(`${sellers.length} sellers and their facilitator are up`);
    const chainKey = `eip155:${chain.chainId}`;
    const services = await open(
      startServices({
        templatesDir: dirname(templates[0]!),
        dataDir,
        port: options.port,
        rpcUrls: { [chainKey]: chain.rpcUrl },
        report: progress,
        timers: options.timers === undefined ? 'running' : options.timers,
        traces: options.traces ?? null,
        ...(options.onLog === undefined ? {} : { onLog: options.onLog }),
      }),
    );
    progress('the API, the database and the keys are up');
    const issuer = await open(
      startIssuer({
        dataDir: dataDir === null ? null : join(dataDir, 'issuer'),
        clients: ISSUER_CLIENTS,
        report: progress,
      }),
    );
    const provisioned = await provision(services, issuer);
    const info: LocalInfo = {
      endpoint: services.endpoint,
      region: services.region,
      credentials: services.credentials,
      aws: { endpoint: services.awsEndpoint },
      ...provisioned,
      chains: { [chainKey]: { rpcUrl: chain.rpcUrl, usdc: chain.usdc } },
      sellers: sellers.map(({ payTo: _payTo, ...seller }) => seller),
      faucet: faucet.url,
      facilitator: facilitator.url,
      withdrawalAddresses: [TREASURY_ADDRESS],
    };
    return { info, chain, services, issuer, sellers, events: services.events, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Makes the data directory, and empties it where that was asked for and it is ours. */
function prepareDirectory({ dataDir, fresh }: LocalStackOptions): void {
  if (dataDir === null) return;
  mkdirSync(dataDir, { recursive: true });
  if (fresh === 'fresh') {
    for (const name of [
      'chain',
      'keys-and-secrets',
      'issuer',
      'cache',
      'logs',
      'access-keys.json',
      'events.jsonl',
      'traces.jsonl',
      'streams.json',
      GENESIS_FILE,
      MARK,
    ])
      rmSync(join(dataDir, name), { recursive: true, force: true });
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(dataDir, `tables.sqlite${suffix}`), { force: true });
  }
  writeFileSync(
    join(dataDir, MARK),
    'Books, keys and chain state of a local stack of Bursar. Worth nothing anywhere else.\n',
  );
}

/** Says so where the books were kept beside another chain: the money that they speak of is not on this one. */
function reportForeignChain(dataDir: string, genesis: string, progress: (step: string) => void): void {
  const path = join(dataDir, GENESIS_FILE);
  const known = existsSync(path) ? readFileSync(path, 'utf8').trim() : null;
  if (known === null) writeFileSync(path, `${genesis}\n`);
  if (known === null || known === genesis) return;
  progress(
    `warning: the books in ${dataDir} were kept beside another chain, so its wallets are empty here; --fresh begins anew`,
  );
}

/** Writes what the stack is to a file, at once or not at all. It holds access keys, so only its owner may read it. */
export function writeInfo(path: string, info: LocalInfo): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.partial`, `${JSON.stringify(info, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.partial`, path);
}
