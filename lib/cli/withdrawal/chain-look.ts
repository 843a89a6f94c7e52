import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonRpc } from '../../chains/evm/authorization-state.ts';
import { findNetwork } from '../../domain/assets.ts';
import { createJsonRpc } from '../../client/fetch/json-rpc.ts';
import { parseSecureUrl } from '../program/arguments.ts';
import type { Invocation } from '../program/command.ts';
import { describeNetworkError, toCliError } from '../program/failures.ts';
import type { Target } from '../target/target.ts';
import { printable } from '../terminal/terminal.ts';
import { usageError } from '../terminal/outcome.ts';
import type { SettlementAnswer } from './facilitator.ts';

/** How often, and how long apart, the chain is asked for a transfer that a facilitator says it has settled. */
const CHAIN_READS_MAX = 4;
const CHAIN_READ_WAIT_MS = 500;
/** Endpoints that are asked beside the deployment's own. */
const RPC_URLS_MAX = 2;

/** Whether the chain shows the transfer. */
export interface ChainLook {
  readonly settled: boolean;
  /** As a clause about the chain: why nobody can tell, or who says otherwise. `null`: all who were asked agree. */
  readonly doubt: string | null;
}

/** The endpoints of `--rpc-url`. Throws `CliError`. */
export function rpcUrlsOf({ options }: Invocation): readonly string[] {
  const urls = options.list('rpc-url').map((text) => parseSecureUrl(text, 'rpc-url'));
  if (urls.length > RPC_URLS_MAX) throw usageError(`--rpc-url may be given ${RPC_URLS_MAX} times`);
  return urls;
}

const DEPLOYMENT = 'the deployment';

interface Witness {
  /** Of its URL, which may hold a key, the host alone. */
  readonly name: string;
  readonly sees: () => Promise<boolean>;
}

/**
 * Looks for a transfer on the chain: through the deployment, and through each endpoint that was named. It has arrived where all of
 * them show it, since a single endpoint may be wrong, or be lied to. Never throws.
 */
export function createChainLook(
  { deps, target }: Invocation,
  rpcUrls: readonly string[],
  transfer: {
    readonly network: string;
    /** Whether the deployment says so. */
    readonly isSettled: () => Promise<boolean>;
    /** Whether a chain shows it. */
    readonly shows: (rpc: JsonRpc) => Promise<boolean>;
  },
): () => Promise<ChainLook> {
  const witnesses: readonly Witness[] = [
    { name: DEPLOYMENT, sees: transfer.isSettled },
    ...rpcUrls.map((url) => ({
      name: new URL(url).host,
      sees: async () => {
        if (findNetwork(transfer.network) === undefined) throw new Error('the network is not known');
        return transfer.shows(createJsonRpc(url, { fetch: deps.fetch, signal: deps.interrupted }));
      },
    })),
  ];
  return async () => {
    const looks = await Promise.all(
      witnesses.map(async ({ name, sees }) => {
        try {
          return { name, seen: await sees(), problem: null };
        } catch (error) {
          return { name, seen: false, problem: problemOf(error, target, name) };
        }
      }),
    );
    const problems = looks.flatMap(({ problem }) => (problem === null ? [] : [problem]));
    if (problems.length > 0) return { settled: false, doubt: `which could not be read (${problems.join('; ')})` };
    const [seenBy, missedBy] = [true, false].map((wanted) => looks.filter(({ seen }) => seen === wanted));
    const settled = missedBy!.length === 0;
    const names = (of: typeof looks = []): string => of.map(({ name }) => name).join(', ');
    const isDisputed = !settled && seenBy!.length > 0;
    return { settled, doubt: isDisputed ? `which ${names(seenBy)} shows and ${names(missedBy)} does not` : null };
  };
}

function problemOf(error: unknown, target: Target, name: string): string {
  if (name === DEPLOYMENT) return toCliError(error, target).message;
  return `${name}: ${describeNetworkError(error) ?? printable(error instanceof Error ? error.message : String(error))}`;
}

/** The chain may show a moment late what a facilitator has settled. */
export async function awaitChain(look: () => Promise<ChainLook>, { problem }: SettlementAnswer): Promise<ChainLook> {
  const reads = problem === null ? CHAIN_READS_MAX : 1;
  for (let read = 1; ; read += 1) {
    const seen = await look();
    if (seen.settled || read === reads) return seen;
    await sleep(CHAIN_READ_WAIT_MS);
  }
}
