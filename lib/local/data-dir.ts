import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';

/** A data directory that this process owns. */
export interface OwnedDataDir {
  /** Lets the next one have it. The end of the process does the same, however it ends. */
  close(): Promise<void>;
}

/** Locked, never deleted and never written: the operating system lets go of its lock when the owner ends. */
const LOCK_FILE = 'owner.lock';
/** For the message to whom it is refused. */
const PROCESS_FILE = 'owner.pid';
/** Says to people what the directory is. */
const MARK_FILE = 'README.txt';
const MARK = 'Books, keys and chain state of a local stack of Bursar. Worth nothing anywhere else.\n';
/** Names the chain that the books belong to. */
const CHAIN_FILE = 'chain-first-block';
/** All that a stack keeps; whatever else lies in the directory is somebody else's. */
const CONTENTS = [
  'chain',
  'keys-and-secrets',
  'issuer',
  'cache',
  'logs',
  'access-keys.json',
  'events.jsonl',
  'traces.jsonl',
  'streams.json',
  'tables.sqlite',
  'tables.sqlite-wal',
  'tables.sqlite-shm',
  CHAIN_FILE,
  MARK_FILE,
];
/** A stack that was told to end takes a moment. */
const OWNER_TIMEOUT_MS = 2_000;
const OWNER_POLL_MS = 50;

/**
 * Makes a data directory this process's own, so that no two stacks keep books in one file, and empties it where that is asked for.
 * Waits a moment for an owner that is ending.
 *
 * @throws Error where another stack, in this process or another, owns it
 */
export async function ownDataDir(dataDir: string, fresh: 'fresh' | 'keep'): Promise<OwnedDataDir> {
  mkdirSync(dataDir, { recursive: true });
  const giveUpAt = performance.now() + OWNER_TIMEOUT_MS;
  let lock = tryLock(dataDir);
  while (lock === null) {
    if (performance.now() > giveUpAt) {
      const owner = readText(join(dataDir, PROCESS_FILE)) ?? 'unknown';
      throw new Error(
        `${dataDir} is in use by another local stack (process ${owner}): stop it, or choose another directory`,
      );
    }
    await wait(OWNER_POLL_MS);
    lock = tryLock(dataDir);
  }
  const held = lock;
  writeFileSync(join(dataDir, PROCESS_FILE), `${process.pid}\n`);
  if (fresh === 'fresh') for (const name of CONTENTS) rmSync(join(dataDir, name), { recursive: true, force: true });
  writeFileSync(join(dataDir, MARK_FILE), MARK);
  return { close: async () => held.close() };
}

/** Whether a stack that lives owns the directory. */
export function isOwned(dataDir: string): boolean {
  if (!existsSync(join(dataDir, LOCK_FILE))) return false;
  const lock = tryLock(dataDir);
  lock?.close();
  return lock === null;
}

/** The connection holds SQLite's write lock, for which only one can begin a transaction. `null`: somebody has it. */
function tryLock(dataDir: string): DatabaseSync | null {
  const lock = new DatabaseSync(join(dataDir, LOCK_FILE), { timeout: 0 });
  try {
    lock.exec('BEGIN IMMEDIATE');
    return lock;
  } catch (error) {
    lock.close();
    if (error instanceof Error && error.message.includes('locked')) return null;
    throw error;
  }
}

/**
 * Whether the books of the directory were kept beside another chain than this: the money that they speak of is not on it.
 * @param firstBlock what tells the chain from others
 */
export function isForeignChain(dataDir: string, firstBlock: string): boolean {
  const path = join(dataDir, CHAIN_FILE);
  const known = readText(path);
  if (known === null) writeFileSync(path, `${firstBlock}\n`);
  return known !== null && known !== firstBlock;
}

function readText(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : null;
}
