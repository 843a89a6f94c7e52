import { existsSync, readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { InvocationResult } from '../runtime/runtime.ts';
import { handOver } from './stream-batch.ts';
import { fits } from './stream-filter.ts';
import type { StreamMapping } from '../template/stream-mapping.ts';
import { readShards, type StreamChange, type StreamShard } from './stream-reader.ts';

export interface StreamDriver {
  /** Hears of a write to a table; what changed is handed over a moment later. */
  noteWrite(): void;
  /** Hands over what has changed until now, and what changes while it does. */
  drain(): Promise<void>;
  /** Ends after the invocation under way; what was not handed over comes at the next start. */
  close(): Promise<void>;
}

export interface StreamOptions {
  readonly mappings: readonly StreamMapping[];
  readonly databaseEndpoint: string;
  readonly region: string;
  /** Remembers how far each mapping has come, or `null`. */
  readonly path: string | null;
  readonly invoke: (functionName: string, event: unknown) => Promise<InvocationResult>;
  readonly report: (problem: string) => void;
  /** `null` leaves the streams to `drain`. */
  readonly timers: 'running' | null;
}

type Places = Record<string, string>;
type FindShards = (tableName: string) => Promise<readonly StreamShard[]>;

/** In place of the batching window: short, for people who watch, and long enough for the writes of one payment. */
const GATHER_MS = 200;
/** Asking for the shards makes the embedded database count items and records. DynamoDB ends a shard after four hours. */
const SHARDS_KNOWN_MS = 60_000;
/** Of one `drain`; a function that writes what it reads would never end. */
const PAGES_MAX = 10_000;

/** Plays the mappings between streams and functions: in the order of the stream, at least once. */
export function createStreamDriver(options: StreamOptions): StreamDriver {
  const places = readPlaces(options.path);
  const findShards = createShardFinder(options.databaseEndpoint);
  const ended = new AbortController();
  let running = Promise.resolve();
  let timer: NodeJS.Timeout | null = null;

  const drain = (): Promise<void> => {
    const next = running.then(() => drainAll(options, findShards, places, ended.signal));
    running = next.catch(() => {});
    return next;
  };
  const noteWrite = (): void => {
    if (options.timers === null || options.mappings.length === 0 || timer !== null || ended.signal.aborted) return;
    timer = setTimeout(() => {
      timer = null;
      drain().catch((error: unknown) => {
        if (!ended.signal.aborted) options.report(`streams: ${String(error)}`);
      });
    }, GATHER_MS);
  };
  // What an earlier run left.
  noteWrite();
  return {
    noteWrite,
    drain,
    close: async () => {
      ended.abort();
      if (timer !== null) clearTimeout(timer);
      await running;
    },
  };
}

/** Remembers the shards of a table for a while. A table without a stream is asked for again. */
function createShardFinder(endpoint: string): FindShards {
  const known = new Map<string, { readonly shards: readonly StreamShard[]; readonly untilMs: number }>();
  return async (tableName) => {
    const found = known.get(tableName);
    if (found !== undefined && performance.now() < found.untilMs) return found.shards;
    const shards = await readShards(endpoint, tableName);
    if (shards.length > 0) known.set(tableName, { shards, untilMs: performance.now() + SHARDS_KNOWN_MS });
    return shards;
  };
}

async function drainAll(
  options: StreamOptions,
  findShards: FindShards,
  places: Places,
  ended: AbortSignal,
): Promise<void> {
  for (const mapping of options.mappings) {
    for (const shard of await findShards(mapping.tableName)) {
      await drainShard(options, mapping, shard, places, ended);
    }
  }
}

async function drainShard(
  options: StreamOptions,
  mapping: StreamMapping,
  shard: StreamShard,
  places: Places,
  ended: AbortSignal,
): Promise<void> {
  const place = `${mapping.logicalId}/${shard.shardId}`;
  const sleep = (ms: number): Promise<void> => wait(ms, undefined, { signal: ended });
  for (let page = 0; page < PAGES_MAX && !ended.aborted; page += 1) {
    const changes = await shard.read(places[place] ?? null);
    if (changes.length === 0) return;
    const wanted = changes.filter((change) => passes(mapping, change));
    for (let start = 0; start < wanted.length; start += mapping.batchRecordsMax) {
      const batch = wanted.slice(start, start + mapping.batchRecordsMax);
      if (ended.aborted) return;
      await handOver({ ...options, mapping, sleep }, batch);
      places[place] = batch.at(-1)!.dynamodb.SequenceNumber;
    }
    places[place] = changes.at(-1)!.dynamodb.SequenceNumber;
    await writePlaces(options.path, places);
  }
}

function passes({ filters }: StreamMapping, change: StreamChange): boolean {
  return filters.length === 0 || filters.some((pattern) => fits(pattern, change));
}

function readPlaces(path: string | null): Places {
  if (path === null || !existsSync(path)) return {};
  return JSON.parse(readFileSync(path, 'utf8')) as Places;
}

/** Beside the event loop: replacing a file makes some file systems write it out first, for as long as they like. */
async function writePlaces(path: string | null, places: Places): Promise<void> {
  if (path === null) return;
  await writeFile(`${path}.partial`, `${JSON.stringify(places, null, 2)}\n`);
  await rename(`${path}.partial`, path);
}
