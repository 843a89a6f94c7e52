import { createBoundedMap } from '../../domain/bounded-map.ts';
import { InvariantViolated } from '../../domain/invariant.ts';
import { parseDenyFeed, type DenyFeed, type FeedLookup } from '../../domain/policy/index.ts';
import type { FeedReader, StoredFeed } from '../../domain/ports/feeds.ts';
import type { EpochMs } from '../../domain/time.ts';

/** A list that was looked for is not looked for again for so long. */
const FEED_CACHE_MS = 10_000;
/** Lists that a process keeps ready. */
const FEEDS_KEPT_MAX = 16;

/** Finds imported lists, ready to look things up in. */
export interface FeedSource {
  /** Throws where a list could not be read. One that is not there is missing in the look-up, so that a rule that names it refuses. */
  read(names: ReadonlySet<string>, now: EpochMs): Promise<FeedLookup>;
}

interface Known {
  /** `null`: there is none. */
  readonly feed: DenyFeed | null;
  readonly readAt: EpochMs;
}

/** Asks which file is a list no more often than every `FEED_CACHE_MS`, and reads a file once. */
export function createFeedSource(reader: FeedReader): FeedSource {
  const known = createBoundedMap<string, Known>(FEEDS_KEPT_MAX);
  const find = async (name: string, now: EpochMs): Promise<DenyFeed | null> => {
    const before = known.get(name);
    if (before !== undefined && now - before.readAt < FEED_CACHE_MS) return before.feed;
    const stored = await reader.findFeed(name);
    const feed = stored === null ? null : await open(reader, stored, before?.feed ?? null);
    known.set(name, { feed, readAt: now });
    return feed;
  };
  return {
    read: async (names, now) => {
      const found = await Promise.all([...names].map(async (name) => [name, await find(name, now)] as const));
      const feeds = new Map(found);
      return (name) => feeds.get(name) ?? null;
    },
  };
}

async function open(reader: FeedReader, stored: StoredFeed, before: DenyFeed | null): Promise<DenyFeed> {
  const { name, hash, importedAt } = stored;
  if (before?.version === hash) return { ...before, importedAt };
  const feed = parseDenyFeed(name, await reader.readFeedText(stored), importedAt);
  if (!feed.ok)
    throw new InvariantViolated(`line ${feed.error.line} of the feed ${name} is not ${feed.error.expected}`);
  if (feed.value.version !== hash) throw new InvariantViolated(`the feed ${name} is not the file that was imported`);
  return feed.value;
}
