import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import type { LocalInfo } from '../../lib/local/info.ts';

/** `bin/local.ts` in a process group of its own, with everything that it started. */
export interface StackProcess {
  /** Fulfilled once it is ready; rejected where it ends before. A kill by `kill` is no reason to listen. */
  readonly ready: Promise<LocalInfo>;
  /** Kills one of the processes that run functions. Returns how many were killed: 0 where none runs. */
  killWorker(choice: number): number;
  /** Kills all processes at once, as a power cut would, and waits until they are gone. Returns how many they were. */
  kill(): Promise<number>;
}

export interface StackProcessOptions {
  readonly port: number;
  readonly dataDir: string;
  /** The stack writes its `.bursar/local.json` below it. */
  readonly cwd: string;
}

interface ProcessEntry {
  readonly id: number;
  readonly parent: number;
  readonly state: string;
}

const PROGRAM = join(import.meta.dirname, '../../bin/local.ts');
const READY_MARK = 'BURSAR_READY ';
const WORKER_MARK = join('runtime', 'worker.ts');
const GONE_TIMEOUT_MS = 5_000;
const GONE_POLL_MS = 10;
/** Looks into /proc until a signal has arrived, which takes microseconds. */
const STOP_LOOKS_MAX = 10_000;
const OUTPUT_LINES_MAX = 20;

/** Starts the stack as a user would, and reads its output. */
export function startStackProcess({ port, dataDir, cwd }: StackProcessOptions): StackProcess {
  const child = spawn(process.execPath, [PROGRAM, '--port', `${port}`, '--data', dataDir], {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ready = untilReady(child);
  // Whoever kills it while it starts does not wait for it.
  ready.catch(() => {});
  const leaveNothing = (): void => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) killTreeAtOnce(child.pid);
  };
  process.on('exit', leaveNothing);
  child.once('close', () => process.off('exit', leaveNothing));
  return {
    ready,
    killWorker: (choice) => {
      const workers = descendantsOf(child.pid ?? 0).filter(isWorker);
      const chosen = workers[Math.floor(choice * workers.length)];
      return chosen !== undefined && signal(chosen, 'SIGKILL') ? 1 : 0;
    },
    kill: () => killTree(child),
  };
}

async function untilReady(child: ChildProcess): Promise<LocalInfo> {
  const output: string[] = [];
  const keep = (line: string): void => {
    output.push(line);
    if (output.length > OUTPUT_LINES_MAX) output.shift();
  };
  createInterface({ input: child.stderr! }).on('line', keep);
  const lines = createInterface({ input: child.stdout! });
  return new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      if (line.startsWith(READY_MARK)) resolve(JSON.parse(line.slice(READY_MARK.length)) as LocalInfo);
      else keep(line);
    });
    child.once('error', reject);
    child.once('close', (code, killedBy) => {
      reject(new Error(`the stack ended before it was ready (${killedBy ?? code}):\n${output.join('\n')}`));
    });
  });
}

async function killTree(child: ChildProcess): Promise<number> {
  const root = child.pid;
  if (root === undefined || child.exitCode !== null || child.signalCode !== null) return 0;
  const closed = once(child, 'close');
  const tree = killTreeAtOnce(root);
  await closed;
  const giveUpAt = performance.now() + GONE_TIMEOUT_MS;
  while (tree.some(isRunning)) {
    if (performance.now() > giveUpAt) throw new Error('processes of the stack outlive their kill');
    await wait(GONE_POLL_MS);
  }
  return tree.length;
}

/**
 * The chain lives in a session of its own, and children of the dead get another parent: the tree is read while its root is
 * stopped, so that nothing joins it meanwhile.
 */
function killTreeAtOnce(root: number): readonly number[] {
  signal(root, 'SIGSTOP');
  for (let look = 0; look < STOP_LOOKS_MAX && readProcess(root)?.state !== 'T'; look += 1);
  const tree = [root, ...descendantsOf(root)];
  for (const id of tree) signal(id, 'SIGKILL');
  return tree;
}

function signal(id: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(id, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

function descendantsOf(root: number): readonly number[] {
  const all = listProcesses();
  const found: number[] = [];
  for (let level = [root]; level.length > 0;) {
    level = all.filter(({ parent }) => level.includes(parent)).map(({ id }) => id);
    found.push(...level);
  }
  return found;
}

function listProcesses(): readonly ProcessEntry[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((entry) => entry !== null);
}

/** @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function readProcess(id: number): ProcessEntry | null {
  const stat = readProcFile(id, 'stat');
  // The program's name stands in parentheses and may hold anything.
  const [, state, parent] = /^.*\) (\S) (\d+) /s.exec(stat) ?? [];
  return state === undefined ? null : { id, state, parent: Number(parent) };
}

/** Empty where the process is gone. */
function readProcFile(id: number, name: string): string {
  try {
    return readFileSync(`/proc/${id}/${name}`, 'utf8');
  } catch {
    return '';
  }
}

function isWorker(id: number): boolean {
  return readProcFile(id, 'cmdline').includes(WORKER_MARK);
}

/** A zombie is gone: only its parent has not asked for it yet. */
function isRunning(id: number): boolean {
  const entry = readProcess(id);
  return entry !== null && entry.state !== 'Z' && entry.state !== 'X';
}
