import {
  CHAIN_ANSWER_MAX_BYTES,
  CHAIN_ENDPOINT_REST_MS,
  CHAIN_READ_MAX_MS,
  CHAIN_RPC_TIMEOUT_MS,
} from '../../domain/chain-limits.ts';
import { ChainUnavailable, type ChainTrouble } from '../../domain/ports/chains.ts';
import { addMs, type Clock, type EpochMs } from '../../domain/time.ts';
import { EndpointFailure, askEndpoint, type Ask } from './call.ts';

/** An endpoint that failed, by its place among those of its network, from 1. */
export interface FailedEndpoint {
  readonly network: string;
  readonly endpoint: number;
  readonly code: ChainTrouble;
}

export interface EndpointsDeps {
  readonly clock: Pick<Clock, 'now'>;
  /** @default the platform's */
  readonly fetch?: typeof fetch;
  /** Ends whatever is asked. @default nothing does */
  readonly signal?: AbortSignal;
  /** Of one answer. @default CHAIN_RPC_TIMEOUT_MS */
  readonly timeoutMs?: number;
  /** Of one piece of work, whatever it takes. @default CHAIN_READ_MAX_MS */
  readonly totalMs?: number;
  /** @default nobody hears of it */
  readonly report?: (failed: FailedEndpoint) => void;
}

/** What endpoints must be of. */
export interface EndpointNetwork {
  readonly id: string;
  readonly isThatOf: (ask: Ask) => Promise<boolean>;
}

/** The endpoints of one network. */
export interface Endpoints {
  /**
   * Does a piece of work by what one endpoint says, from begin to end, since two may be at different blocks. Where that one fails, the
   * work begins anew with the next; one that failed lately comes last, and one that is alone is asked twice. Whoever is asked first is
   * asked which chain it is of. Throws `ChainUnavailable` where all failed, and what the work throws by itself.
   */
  use<T>(work: (ask: Ask) => Promise<T>): Promise<T>;
}

interface Endpoint {
  readonly url: string;
  /** From 1. */
  readonly place: number;
  restsUntil: EpochMs | null;
  checked: Promise<void> | null;
}

type Outcome<T> = { readonly kind: 'done'; readonly value: T } | ({ readonly kind: 'failed' } & Failed);

interface Failed {
  readonly place: number;
  readonly failure: EndpointFailure;
  /** What the work made of it: an error of a library, for instance. */
  readonly thrown: unknown;
}

/** Failures after which the same endpoint may well answer. */
const PASSING: ReadonlySet<ChainTrouble> = new Set(['timeout', 'unreachable', 'http_status', 'rate_limited']);

/** @param urls at least one, the preferred first */
export function createEndpoints(network: EndpointNetwork, urls: readonly string[], deps: EndpointsDeps): Endpoints {
  const { clock, totalMs = CHAIN_READ_MAX_MS } = deps;
  const endpoints = urls.map((url, index): Endpoint => ({ url, place: index + 1, restsUntil: null, checked: null }));
  const [only] = endpoints.length === 1 ? endpoints : [];

  const rest = (endpoint: Endpoint, { code }: EndpointFailure): void => {
    // It answered, and another may know more.
    if (code === 'rpc_error') return;
    endpoint.restsUntil = addMs(clock.now(), CHAIN_ENDPOINT_REST_MS);
    deps.report?.({ network: network.id, endpoint: endpoint.place, code });
  };

  return {
    use: async (work) => {
      const total = AbortSignal.timeout(totalMs);
      const signal = deps.signal === undefined ? total : AbortSignal.any([total, deps.signal]);
      const failed: Failed[] = [];
      for (const endpoint of only === undefined ? inOrder(endpoints, clock.now()) : [only, only]) {
        const before = failed.at(-1)?.failure;
        if (before !== undefined && (total.aborted || (only !== undefined && !PASSING.has(before.code)))) break;
        const outcome = await attempt(network, endpoint, { ...deps, signal }, work);
        if (outcome.kind === 'done') return outcome.value;
        deps.signal?.throwIfAborted();
        failed.push(outcome);
        if (isVerdict(outcome.failure)) break;
        rest(endpoint, outcome.failure);
      }
      throw toThrown(network.id, failed, endpoints.length);
    },
  };
}

/** Those that failed lately last. */
function inOrder(endpoints: readonly Endpoint[], now: EpochMs): readonly Endpoint[] {
  const rests = ({ restsUntil }: Endpoint): boolean => restsUntil !== null && now < restsUntil;
  return [...endpoints.filter((each) => !rests(each)), ...endpoints.filter(rests)];
}

async function attempt<T>(
  network: EndpointNetwork,
  endpoint: Endpoint,
  { fetch: send = fetch, timeoutMs = CHAIN_RPC_TIMEOUT_MS, signal }: EndpointsDeps & { readonly signal: AbortSignal },
  work: (ask: Ask) => Promise<T>,
): Promise<Outcome<T>> {
  let failure: EndpointFailure | null = null;
  const ask: Ask = async (method, params) => {
    try {
      const access = { fetch: send, timeoutMs, answerMaxBytes: CHAIN_ANSWER_MAX_BYTES, signal };
      return await askEndpoint(endpoint.url, { method, params }, access);
    } catch (error) {
      if (error instanceof EndpointFailure) failure = error;
      throw error;
    }
  };
  try {
    await checked(network, endpoint, ask);
    return { kind: 'done', value: await work(ask) };
  } catch (thrown) {
    const own = thrown instanceof EndpointFailure ? thrown : failure;
    if (own === null) throw thrown;
    return { kind: 'failed', place: endpoint.place, failure: own, thrown };
  }
}

/** Asks an endpoint once which chain it is of; where that failed, again at its next use. */
function checked(network: EndpointNetwork, endpoint: Endpoint, ask: Ask): Promise<void> {
  endpoint.checked ??= network.isThatOf(ask).then(
    (isOfIt) => {
      if (isOfIt) return;
      endpoint.checked = null;
      throw new EndpointFailure('wrong_chain');
    },
    (error: unknown) => {
      endpoint.checked = null;
      throw error;
    },
  );
  return endpoint.checked;
}

/** Whether the chain itself has refused: every endpoint would say so. */
function isVerdict({ rpc }: EndpointFailure): boolean {
  return rpc !== null && (rpc.code === 3 || /revert/i.test(rpc.message));
}

function toThrown(networkId: string, failed: readonly Failed[], of: number): unknown {
  const { failure, thrown } = failed.at(-1)!;
  if (failure.rpc !== null && !(thrown instanceof EndpointFailure)) return thrown;
  const troubles = failed.map(({ place, failure: { message } }) => `endpoint ${place} of ${of} (${message})`);
  return new ChainUnavailable(networkId, failure.code, troubles);
}
