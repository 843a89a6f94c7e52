import type { EpochMs } from '../time.ts';

/** An imported list of payees and hosts that nobody may pay. */
export interface StoredFeed {
  readonly name: string;
  /** SHA-256 of the file, in hex. */
  readonly hash: string;
  readonly payees: number;
  readonly hosts: number;
  readonly importedAt: EpochMs;
  /** Who called: a role's ARN. */
  readonly importedBy: string;
}

/** Of the paying path. */
export interface FeedReader {
  /** Eventually consistent; `null`: there is none of this name. */
  findFeed(name: string): Promise<StoredFeed | null>;
  /** The file of a feed. Throws where it is not there: the list must not count as empty. */
  readFeedText(feed: Pick<StoredFeed, 'name' | 'hash'>): Promise<string>;
}

export interface FeedKeeper extends Pick<FeedReader, 'findFeed'> {
  /** Writes the file, then says that it is the list. Whoever reads meanwhile gets the old list or the new one, whole. */
  putFeed(feed: StoredFeed, text: string): Promise<void>;
  removeFeed(name: string): Promise<void>;
}
