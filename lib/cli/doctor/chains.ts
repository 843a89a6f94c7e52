import { createEvmEndpoints, demanding } from '../../chains/evm/endpoints.ts';
import type { EndpointsDeps } from '../../chains/rpc/endpoints.ts';
import { findNetwork, type NetworkId } from '../../domain/assets.ts';
import { isLoopbackUrl } from '../../domain/loopback.ts';
import { ChainUnavailable } from '../../domain/ports/chains.ts';
import { toEpochMs } from '../../domain/time.ts';
import { parseSecureUrl } from '../program/arguments.ts';
import type { CliDeps, Invocation } from '../program/command.ts';
import { usageError } from '../terminal/outcome.ts';
import { findingsOf, type Finding } from './finding.ts';

/** The endpoints of the doctor's own, by CAIP-2 id: those of `--rpc-url`, else the local stack's. */
export type OwnRpcUrls = ReadonlyMap<NetworkId, readonly string[]>;

/** An endpoint whose newest block is older shows balances of then. */
const BLOCK_AGE_MAX_MS = 5 * 60_000;
const QUANTITY = /^0x[0-9a-f]{1,12}$/;

/** Throws `CliError`. */
export function ownRpcUrls({ options, target }: Invocation): OwnRpcUrls {
  const own = new Map<NetworkId, readonly string[]>();
  for (const text of options.list('rpc-url')) {
    const [name = '', ...rest] = text.split('=');
    const id = findNetwork(name)?.id;
    if (id === undefined || id !== name || rest.length === 0) {
      throw usageError(`--rpc-url must be such as eip155:8453=https://rpc.example. Received: ${name}`);
    }
    own.set(id, [...(own.get(id) ?? []), parseSecureUrl(rest.join('='), 'rpc-url')]);
  }
  for (const [name, { rpcUrl }] of Object.entries(target.local?.chains ?? {})) {
    const id = findNetwork(name)?.id;
    if (id !== undefined && !own.has(id)) own.set(id, [rpcUrl]);
  }
  return own;
}

/** What the doctor asks chains with. */
export function accessOf({ fetch, interrupted, now }: CliDeps): EndpointsDeps {
  return { fetch, signal: interrupted, clock: { now: () => toEpochMs(now()) } };
}

/** Asks each endpoint by itself whether it is of its chain, and how old the newest block is that it knows. */
export async function checkChains({ deps }: Invocation, own: OwnRpcUrls): Promise<readonly Finding[]> {
  const all = [...own].flatMap(([id, urls]) => urls.map((url, index) => ({ id, url, place: index + 1 })));
  return Promise.all(
    all.map(async ({ id, url, place }) => {
      // By its place: an endpoint's URL often has a key in it.
      const what = findingsOf(`chain:${id}:${place}`, `endpoint ${place} of ${id}`);
      const mend =
        'take it out of rpcUrls (docs/operating.md, Settings), or mend it: payments may be judged by what it says';
      try {
        const ageMs = await createEvmEndpoints(id, [url], accessOf(deps)).use(async (ask) => {
          const block = await demanding(ask)('eth_getBlockByNumber', ['latest', false]);
          return deps.now() - timeOf(block);
        });
        // A chain of this machine has a block when somebody sends it a transaction.
        if (ageMs <= BLOCK_AGE_MAX_MS || isLoopbackUrl(new URL(url))) return what.ok('is of this chain and up to date');
        return what.fail(`its newest block is ${Math.floor(ageMs / 60_000)} minutes old`, mend);
      } catch (error) {
        if (!(error instanceof ChainUnavailable)) throw error;
        const why = error.code === 'wrong_chain' ? 'is of another chain' : `gives no usable answer (${error.code})`;
        return what.fail(why, mend);
      }
    }),
  );
}

/** Epoch milliseconds; 0 for what is no block. */
function timeOf(block: unknown): number {
  const { timestamp } = (typeof block === 'object' && block !== null ? block : {}) as { readonly timestamp?: unknown };
  return typeof timestamp === 'string' && QUANTITY.test(timestamp) ? Number(timestamp) * 1_000 : 0;
}
