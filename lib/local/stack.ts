import { LOOPBACK } from '../domain/loopback.ts';
import { dirname, join, resolve } from 'node:path';
import type { BursarConfig } from '../infra/config/config.ts';
import { synth } from '../infra/build/synth.ts';
import { startAwsAccount } from './aws-account/server.ts';
import { LOCAL_CHAIN_ID } from './chain/anvil.ts';
import { startChain, type LocalChain } from './chain/index.ts';
import { LOCAL_TOKENS } from './chain/tokens.ts';
import { isForeignChain, ownDataDir } from './data-dir.ts';
import { startFaucet } from './faucet.ts';
import { LOCAL_ENVIRONMENT, type BusEvent, type LogLine } from './host.ts';
import { checkPort } from './loopback/server.ts';
import type { LocalInfo } from './info.ts';
import { startIssuer, type Issuer } from './issuer/index.ts';
import { coinbaseCredentials, ISSUER_CLIENTS, PAGE_CLIENT, provision } from './provision.ts';
import { FACILITATOR_ADDRESS, startFacilitator } from './sellers/facilitator.ts';
import { startSellers, type Seller } from './sellers/index.ts';
import { openSignerFunction, SIGNER_FUNCTION_ARN } from './signer-function.ts';
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
  /** @default 0 */
  readonly sellersPort?: number;
  /** @default 0 */
  readonly faucetPort?: number;
  /** Of what programs written for AWS find in place of an account. @default 0 */
  readonly awsAccountPort?: number;
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
  /** A module that exports the handler of a signer, and the variables that it is given where they begin with `SIGNER_`. @default - none */
  readonly signerFunction?: { readonly file: string; readonly env: Readonly<Record<string, string | undefined>> };
  /** Origins of pages that may call with tokens. @default - none */
  readonly browserOrigins?: readonly string[];
}

/** The last of Anvil's published accounts, that of index 9: nobody else here uses it. */
const TREASURY_ADDRESS = '0xa0Ee7A142d267C1f36714E4a8F75612F20a79720';

/** What the faucet of the stand-in for Coinbase sends at a time, in USDC's base units: whatever network and token it is asked for. */
const TEST_FUNDS = 1_000_000n;

const { ACME } = LOCAL_TOKENS;

/**
 * Where the local stack differs from a deployment with no choices made: it has the roles that nobody has unasked, to try them, lets its
 * own facilitator decide how much is taken, sends approvals, and pays in the other tokens of its chain, at rates of the first day of the month.
 */
export const localConfig = (now: Date): Partial<BursarConfig> => ({
  assets: [{ ...ACME, network: `eip155:${LOCAL_CHAIN_ID}` }],
  usdRates: {
    EURC: { usd: '1.17', asOf: firstOfMonth(now) },
    [ACME.symbol]: { usd: '1', asOf: firstOfMonth(now) },
  },
  tokenPrincipals: ['arn:aws:iam::000000000000:root'],
  treasuryPrincipals: ['arn:aws:iam::000000000000:root'],
  withdrawalAddresses: [TREASURY_ADDRESS],
  backupPrincipals: ['arn:aws:iam::000000000000:root'],
  facilitators: [FACILITATOR_ADDRESS],
  signerOrigins: [`http://${LOOPBACK}`],
  signerFunctions: [SIGNER_FUNCTION_ARN],
  approvalGasPerDay: '0.05',
});

/** Rates are good for thirty days, and a synthesis for as long as nothing changes. */
function firstOfMonth(now: Date): string {
  return `${now.toISOString().slice(0, 'YYYY-MM'.length)}-01`;
}

/** Starts the local stack: the deployable service, a chain, a facilitator and sellers. Nothing of it leaves this machine. */
export async function startStack(options: LocalStackOptions): Promise<LocalStack> {
  const { progress, dataDir, sellersPort = 0, faucetPort = 0, awsAccountPort = 0 } = options;
  for (const port of [options.port, sellersPort, faucetPort, awsAccountPort]) if (port !== 0) await checkPort(port);
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
    if (dataDir !== null) await open(ownDataDir(dataDir, options.fresh));
    progress('bundling the functions and synthesizing the templates');
    const [templates, chain] = await Promise.all([
      synth({ config: { ...localConfig(new Date()), browserOrigins: options.browserOrigins ?? [] } }),
      open(startChain({ dataDir: dataDir === null ? null : join(dataDir, 'chain') })),
    ]);
    progress(`chain ${chain.chainId} is up, with USDC at ${chain.usdc}`);
    if (dataDir !== null && isForeignChain(dataDir, chain.firstBlock)) progress(formatForeignChain(dataDir));
    const facilitator = await open(startFacilitator(chain));
    const [{ sellers }, faucet] = await Promise.all([
      open(startSellers(chain, facilitator, { port: sellersPort })),
      open(startFaucet(chain, { port: faucetPort })),
    ]);
    progress(`${sellers.length} sellers and their facilitator are up`);
    const chainKey = `eip155:${chain.chainId}`;
    const signer =
      options.signerFunction === undefined ? null : await open(openSigner(options.signerFunction, dataDir));
    const services = await open(
      startServices({
        templatesDir: dirname(templates[0]!),
        dataDir,
        port: options.port,
        rpcUrls: { [chainKey]: chain.rpcUrl },
        sendTestFunds: ({ address }) => chain.mint(address, TEST_FUNDS),
        report: progress,
        ownFunctions: signer === null ? [] : [signer],
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
        people: PAGE_CLIENT,
        report: progress,
      }),
    );
    const provisioned = await provision(services, issuer);
    const account = await open(startAccount(services, options));
    const info: LocalInfo = {
      dataDir: dataDir === null ? null : resolve(dataDir),
      ...describeServices(services),
      ...(signer === null ? {} : { signerFunction: { arn: signer.arn, credentials: services.functionOwner } }),
      awsAccount: { endpoint: account.url, credentials: account.credentials },
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

function openSigner({ file, env }: NonNullable<LocalStackOptions['signerFunction']>, dataDir: string | null) {
  return openSignerFunction(file, { env, cacheDir: dataDir === null ? null : join(dataDir, 'cache') });
}

function startAccount({ endpoint, region, credentials }: LocalServices, options: LocalStackOptions) {
  const { dataDir, awsAccountPort = 0, progress } = options;
  return startAwsAccount({
    dataDir: dataDir === null ? null : join(dataDir, 'aws-account'),
    environment: LOCAL_ENVIRONMENT,
    deployment: { endpoint, region, credentials, fetch },
    port: awsAccountPort,
    report: progress,
  });
}

type ServicesInfo = Pick<LocalInfo, 'endpoint' | 'region' | 'credentials' | 'aws' | 'coinbaseCdp' | 'stripePrivy'>;

function describeServices({ coinbaseCdp, stripePrivy, ...services }: LocalServices): ServicesInfo {
  return {
    endpoint: services.endpoint,
    region: services.region,
    credentials: services.credentials,
    aws: { endpoint: services.awsEndpoint },
    coinbaseCdp: {
      url: coinbaseCdp.url,
      hubUrl: coinbaseCdp.hubUrl,
      credentials: coinbaseCredentials(coinbaseCdp.project),
    },
    stripePrivy: {
      url: stripePrivy.url,
      consentUrl: stripePrivy.consentUrl,
      credentials: stripePrivy.app.credentials(),
    },
  };
}

function formatForeignChain(dataDir: string): string {
  return (
    `warning: the books in ${dataDir} were kept beside another chain, so its wallets are empty here; ` +
    '--fresh begins anew'
  );
}
