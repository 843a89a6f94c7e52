import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** A process as Linux's /proc shows it. */
export interface TreeProcess {
  readonly id: number;
  readonly command: string;
  /** User and system time since its start. */
  readonly cpuMs: number;
  /** Resident, shared memory included. */
  readonly memoryMib: number;
}

interface Entry extends TreeProcess {
  readonly parent: number;
  readonly state: string;
}

/** `sysconf(_SC_CLK_TCK)` on every Linux that Node runs on. */
const TICK_MS = 10;
const PAGE_BYTES = 4_096;
const MIB = 1024 * 1024;
const GONE_TIMEOUT_MS = 5_000;
const GONE_POLL_MS = 10;
/** Looks into /proc until a signal has arrived, which takes microseconds. */
const STOP_LOOKS_MAX = 10_000;
/** Fields of /proc/ID/stat, counted from the state, which follows the command's closing parenthesis. */
const STAT = { state: 0, parent: 1, userTicks: 11, systemTicks: 12, residentPages: 21 } as const;

/** A process and its descendants, the root first. Empty where it is gone. */
export function listTree(root: number): readonly TreeProcess[] {
  const all = readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map((name) => readEntry(Number(name)))
    .filter((entry) => entry !== null);
  const tree: Entry[] = [];
  for (let level = all.filter(({ id }) => id === root); level.length > 0;) {
    tree.push(...level);
    const ids = new Set(level.map(({ id }) => id));
    level = all.filter(({ parent }) => ids.has(parent));
  }
  return tree;
}

/**
 * Kills a process and its descendants at once, without waiting for their end. Children of the dead get another parent, and some
 * live in a session of their own: the tree is read while its root is stopped, so that nothing joins it meanwhile.
 * @returns the ids of those that were there
 */
export function killTreeAtOnce(root: number): readonly number[] {
  sendSignal(root, 'SIGSTOP');
  for (let look = 0; look < STOP_LOOKS_MAX && readEntry(root)?.state !== 'T'; look += 1);
  const ids = listTree(root).map(({ id }) => id);
  for (const id of ids) sendSignal(id, 'SIGKILL');
  return ids;
}

/** Waits until none of the processes runs any more. Throws where one outlives its kill. */
export async function untilGone(ids: readonly number[]): Promise<void> {
  const giveUpAt = performance.now() + GONE_TIMEOUT_MS;
  while (ids.some(isRunning)) {
    if (performance.now() > giveUpAt) throw new Error('processes outlive their kill');
    await wait(GONE_POLL_MS);
  }
}

/** @returns whether there was such a process */
export function sendSignal(id: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(id, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** A zombie is gone: only its parent has not asked for it yet. */
function isRunning(id: number): boolean {
  const state = readEntry(id)?.state ?? 'Z';
  return state !== 'Z' && state !== 'X';
}

/** @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function readEntry(id: number): Entry | null {
  try {
    const stat = readFileSync(`/proc/${id}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return {
      id,
      command: readFileSync(`/proc/${id}/cmdline`, 'utf8').replaceAll('\0', ' ').trim(),
      state: fields[STAT.state]!,
      parent: Number(fields[STAT.parent]),
      cpuMs: (Number(fields[STAT.userTicks]) + Number(fields[STAT.systemTicks])) * TICK_MS,
      memoryMib: (Number(fields[STAT.residentPages]) * PAGE_BYTES) / MIB,
    };
  } catch {
    // It ended while we looked.
    return null;
  }
}
