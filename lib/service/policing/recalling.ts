import {
  breakerOf,
  resourceOf,
  statedPlace,
  talliesOf,
  type CounterKey,
  type FeedLookup,
  type PolicyFacts,
  type PreparedPolicy,
} from '../../domain/policy/index.ts';
import type { RememberedFacts } from '../../domain/policy/facts.ts';
import type { FeedReader } from '../../domain/ports/feeds.ts';
import type { MemoryReader, PolicyMemory, StoredPin } from '../../domain/ports/memory.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { CallFacts } from './in-force.ts';
import { createFeedSource, type FeedSource } from './feed-source.ts';

/** What one request of the store reads at most; counters beyond it are not foretold. */
const RECALL_KEYS_MAX = 100;

/** Where rules that look at earlier payments and at imported lists find them. */
export interface Remembering {
  readonly reader: MemoryReader;
  /** `null` where nothing is paid. */
  readonly keeper: PolicyMemory | null;
  readonly feeds: FeedReader;
}

/** What was read for one call. */
export interface Recalled {
  readonly factsOn: (network: string) => RememberedFacts;
  /** The pin that holds on a network; `null`: none, or none that was read. */
  readonly pinOn: (network: string) => StoredPin | null;
  readonly tallies: ReadonlyMap<CounterKey, bigint>;
  readonly feeds: FeedLookup;
}

export const NOTHING_RECALLED: Recalled = {
  factsOn: () => ({}),
  pinOn: () => null,
  tallies: new Map(),
  feeds: () => null,
};

/** Reads what rules need before they can judge. */
export interface Recall {
  /** @param offered the facts of each offer that may be judged: counters of their own are read where `counted` asks for them */
  (
    policies: readonly PreparedPolicy[],
    call: CallFacts,
    offered: readonly PolicyFacts[],
    of: { readonly now: EpochMs; readonly counted: boolean },
  ): Promise<Recalled>;
}

/** Whether there is anything to read for policies before they can judge. */
export function hasMemories(policies: readonly PreparedPolicy[]): boolean {
  return policies.some(({ remembers, feeds, tallies }) => remembers.size > 0 || feeds.size > 0 || tallies);
}

/** One request for what is remembered, and beside it one for each list that was not looked for lately. */
export function createRecall({ reader, feeds }: Pick<Remembering, 'reader' | 'feeds'>): Recall {
  const source: FeedSource = createFeedSource(feeds);
  return async (policies, { managerId, principal, said }, offered, { now, counted }) => {
    const { userId } = principal;
    const needs = (fact: keyof RememberedFacts) => policies.some(({ remembers }) => remembers.has(fact));
    const place = statedPlace({ url: said.url, origin: null });
    const networks = [...new Set(offered.map(({ verified }) => verified.network))];
    const user = { managerId, userId };
    const pins =
      place !== null && needs('pinnedPayee')
        ? networks.map((network) => ({ ...user, origin: place.origin, network }))
        : [];
    const price = place !== null && needs('lastPrice') ? { ...user, resource: resourceOf(place) } : null;
    const failures = place !== null && needs('breaker') ? { ...user, origin: place.origin } : null;
    const keys = counted ? new Set(offered.flatMap((facts) => talliesOf(policies, facts).map(({ key }) => key))) : [];
    const tallies = [...keys].slice(0, RECALL_KEYS_MAX - pins.length - 2).map((key) => ({ managerId, key }));
    const isAsked = pins.length + tallies.length > 0 || price !== null || failures !== null;
    const [memories, lookup] = await Promise.all([
      isAsked ? reader.recall({ pins, price, failures, tallies }) : null,
      source.read(new Set(policies.flatMap((policy) => [...policy.feeds])), now),
    ]);
    const pinned = new Map(pins.map(({ network }, at) => [network, memories?.pins[at] ?? null]));
    const pinOn = (network: string): StoredPin | null => {
      const pin = pinned.get(network) ?? null;
      return pin !== null && now < pin.until ? pin : null;
    };
    return {
      pinOn,
      factsOn: (network) => ({
        ...(pinned.has(network) ? { pinnedPayee: pinOn(network)?.payee ?? null } : {}),
        ...(price === null ? {} : { lastPrice: memories?.price ?? null }),
        ...(failures === null ? {} : { breaker: breakerOf(memories?.failures ?? null) }),
      }),
      tallies: new Map(tallies.map(({ key }, at) => [key, memories?.tallies[at] ?? 0n])),
      feeds: lookup,
    };
  };
}
