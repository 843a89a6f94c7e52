import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

/** A directory that keeps a chain between its starts. */
export interface StateDir {
  /** What tells anvil to go on from there and to write there at its end. */
  readonly options: readonly string[];
  /** Written while the chain runs. */
  readonly saved: string;
  /** There while a chain runs; holds the id of the process that will delete it. */
  readonly lock: string;
}

const LOCK_TIMEOUT_MS = 2_000;
const LOCK_POLL_MS = 20;
const SAVE_INTERVAL_MS = 1_000;
/** A large state takes long to write: saving may take one part in so many of the time. */
const SAVE_SHARE = 10;
const RPC_TIMEOUT_MS = 10_000;

/**
 * Opens a state directory for the next start: waits for the end of an anvil whose starter was killed, then takes the newest
 * whole state. Anvil writes in place, so that a kill can leave half a file, which it would refuse to read ever after; therefore
 * it writes only at its end, to a file of its own that replaces the saved one when it is whole.
 *
 * @throws Error where another chain uses the directory
 */
export async function openStateDir(dataDir: string): Promise<StateDir> {
  mkdirSync(dataDir, { recursive: true });
  const saved = join(dataDir, 'chain.json');
  const atExit = join(dataDir, 'chain.exit.json');
  const lock = join(dataDir, 'chain.pid');
  await untilUnlocked(lock);
  if (existsSync(atExit)) {
    if (isWhole(atExit)) renameSync(atExit, saved);
    else rmSync(atExit);
  }
  const load = existsSync(saved) ? ['--load-state', saved] : [];
  return { options: [...load, '--dump-state', atExit], saved, lock };
}

async function untilUnlocked(lock: string): Promise<void> {
  const giveUpAt = performance.now() + LOCK_TIMEOUT_MS;
  for (;;) {
    const owner = readOwner(lock);
    if (owner === null) return;
    if (owner > 0 && !isAlive(owner)) {
      rmSync(lock, { force: true });
      return;
    }
    if (performance.now() > giveUpAt) {
      throw new Error(
        `the chain's directory is in use by process ${owner}: stop it, or delete ${lock} if that is no chain`,
      );
    }
    await wait(LOCK_POLL_MS);
  }
}

/** The process that holds a lock: 0 where it has not said so yet, `null` where there is no lock. */
function readOwner(lock: string): number | null {
  try {
    return Number(/^[0-9]{1,10}$/.exec(readFileSync(lock, 'utf8').trim())?.[0] ?? 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function isWhole(file: string): boolean {
  try {
    JSON.parse(readFileSync(file, 'utf8'));
    return true;
  } catch {
    return false;
  }
}

/**
 * Saves the state of a running chain about every second in which it grew, so that little is lost when anvil itself is killed.
 * Replaces the file in one step. `stop` waits for a save in progress.
 */
export function keepSaving(rpcUrl: string, file: string): { stop(): Promise<void> } {
  const stopping = new AbortController();
  let savedBlock = '';
  const save = async (): Promise<void> => {
    const block = (await ask(rpcUrl, 'eth_blockNumber')) as string;
    if (block === savedBlock) return;
    const dump = (await ask(rpcUrl, 'anvil_dumpState')) as string;
    const state = await promisify(gunzip)(Buffer.from(dump.slice(2), 'hex'));
    writeFileSync(`${file}.new`, state);
    renameSync(`${file}.new`, file);
    savedBlock = block;
  };
  const run = async (): Promise<void> => {
    let pause = SAVE_INTERVAL_MS;
    while (!stopping.signal.aborted) {
      await wait(pause, null, { signal: stopping.signal, ref: false }).catch(() => {});
      if (stopping.signal.aborted) return;
      const start = performance.now();
      // A chain that does not answer has ended or is busy: the next turn tells.
      await save().catch(() => {});
      pause = Math.max(SAVE_INTERVAL_MS, SAVE_SHARE * (performance.now() - start));
    }
  };
  const running = run();
  return {
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}

async function ask(rpcUrl: string, method: string): Promise<unknown> {
  const response = await fetch(rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: [] }),
    signal: AbortSignal.timeout(RPC_TIMEOUT_MS),
  });
  const { result } = (await response.json()) as { readonly result?: unknown };
  if (typeof result !== 'string') throw new Error(`the chain gave no answer to ${method}`);
  return result;
}
