import { InvariantViolated } from '../../../domain/invariant.ts';
import type { FeedKeeper, FeedReader, StoredFeed } from '../../../domain/ports/feeds.ts';
import { NotNow } from '../../../domain/ports/services.ts';
import { floorToSeconds, type Clock } from '../../../domain/time.ts';
import {
  SCHEMA_VERSION,
  assertReadable,
  number,
  readInstant,
  readInteger,
  readText,
  text,
} from '../store/attributes.ts';
import type { Item } from '../store/client.ts';
import { putIf, updateIf, type StoreTable } from '../store/conditional-write.ts';

/** How long the file of a list is kept that another has replaced: readers may still have its name. */
const FILE_KEEP_SECONDS = 86_400;

export const FEED_KEYS = 'FEED#*';
const FEED = 'FEED';

const partitionOf = (name: string) => text(`FEED#${name}`);
export const feedKey = (name: string): Item => ({ pk: partitionOf(name), sk: text(FEED) });
export const fileKey = (name: string, hash: string): Item => ({ pk: partitionOf(name), sk: text(`FILE#${hash}`) });

export function toFeedItem({ name, hash, payees, hosts, importedAt, importedBy }: StoredFeed): Item {
  return {
    ...feedKey(name),
    v: number(SCHEMA_VERSION),
    hash: text(hash),
    payees: number(payees),
    hosts: number(hosts),
    importedAt: number(importedAt),
    importedBy: text(importedBy),
  };
}

export function parseFeedItem(item: Item): StoredFeed {
  assertReadable(item);
  return {
    name: readText(item, 'pk').slice('FEED#'.length),
    hash: readText(item, 'hash'),
    payees: readInteger(item, 'payees'),
    hosts: readInteger(item, 'hosts'),
    importedAt: readInstant(item, 'importedAt'),
    importedBy: readText(item, 'importedBy'),
  };
}

export function toFileItem(name: string, hash: string, file: string): Item {
  return { ...fileKey(name, hash), v: number(SCHEMA_VERSION), file: text(file) };
}

export function parseFileItem(item: Item): string {
  assertReadable(item);
  return readText(item, 'file');
}

export function createFeedReader({ client, tableName }: StoreTable): FeedReader {
  return {
    findFeed: async (name) => {
      const item = await client.getItem({ TableName: tableName, Key: feedKey(name) });
      return item === null ? null : parseFeedItem(item);
    },
    readFeedText: async ({ name, hash }) => {
      // The file was written before its name was.
      const item = await client.getItem({ TableName: tableName, Key: fileKey(name, hash), ConsistentRead: true });
      if (item === null) throw new InvariantViolated(`the feed ${name} has no file`);
      return parseFileItem(item);
    },
  };
}

/** Imported lists in the registry table: a file under its hash, and an item that says which file is the list. */
export function createFeedKeeper(table: StoreTable, clock: Pick<Clock, 'now'>): FeedKeeper {
  const { client, tableName } = table;
  const find = async (name: string): Promise<StoredFeed | null> => {
    const item = await client.getItem({ TableName: tableName, Key: feedKey(name), ConsistentRead: true });
    return item === null ? null : parseFeedItem(item);
  };
  /** DynamoDB removes the file after a day: until then somebody may still read it by the name that he has. */
  const retire = async (name: string, hash: string): Promise<void> => {
    const expiresAtSeconds = number(floorToSeconds(clock.now()) + FILE_KEEP_SECONDS);
    await updateIf(table, fileKey(name, hash), { set: { expiresAtSeconds } }, { expression: 'attribute_exists(pk)' });
  };
  return {
    findFeed: find,
    putFeed: async (feed, file) => {
      const before = await find(feed.name);
      await client.putItem({ TableName: tableName, Item: toFileItem(feed.name, feed.hash, file) });
      const written = await putIf(
        table,
        toFeedItem(feed),
        before === null
          ? {
              expression: 'attribute_not_exists(pk) OR #hash = :new',
              names: ['hash'],
              values: { ':new': text(feed.hash) },
            }
          : {
              expression: '#hash IN (:before, :new)',
              names: ['hash'],
              values: { ':before': text(before.hash), ':new': text(feed.hash) },
            },
      );
      if (written.kind === 'refused') throw new NotNow(`another import of the feed ${feed.name} came between`);
      if (before !== null && before.hash !== feed.hash) await retire(feed.name, before.hash);
    },
    removeFeed: async (name) => {
      const before = await find(name);
      if (before === null) return;
      await client.deleteItem({ TableName: tableName, Key: feedKey(name) });
      await retire(name, before.hash);
    },
  };
}
