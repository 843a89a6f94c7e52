import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { LocalInfo } from '../../lib/local/info.ts';
import { untilChildEnds } from '../child-end.ts';
import { killTreeAtOnce, listTree, sendSignal, untilGone, type TreeProcess } from '../process-tree.ts';

/** `bin/local.ts` in a process group of its own, with everything that it started. */
export interface StackProcess {
  /** Fulfilled once it is ready; rejected where it ends before. A kill by `kill` is no reason to listen. */
  readonly ready: Promise<LocalInfo>;
  /** Kills one of the processes that run functions. Returns how many were killed: 0 where none runs. */
  killWorker(choice: number): number;
  /** Stops one of them, and lets it go on after a while. Resolves with whether it was still there to go on. */
  stopWorker(choice: number, forMs: number): Promise<boolean>;
  /** Kills all processes at once, as a power cut would, and waits until they are gone. Returns how many they were. */
  kill(): Promise<number>;
}

export interface StackProcessOptions {
  readonly port: number;
  readonly dataDir: string;
  /** The stack writes its `.bursar/local.json` below it. */
  readonly cwd: string;
}

const PROGRAM = join(import.meta.dirname, '../../bin/local.ts');
/** No two processes that run functions agree on the time. */
const SKEWED = pathToFileURL(join(import.meta.dirname, 'skewed-workers.ts')).href;
const READY_MARK = 'BURSAR_READY ';
const WORKER_MARK = join('runtime', 'worker.ts');
const OUTPUT_LINES_MAX = 20;

/** Starts the stack as a user would, and reads its output. */
export function startStackProcess({ port, dataDir, cwd }: StackProcessOptions): StackProcess {
  const child = spawn(process.execPath, ['--import', SKEWED, PROGRAM, '--port', `${port}`, '--data', dataDir], {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ready = untilReady(child);
  // A caller that kills it while it starts does not wait for `ready`.
  ready.catch(() => {});
  // That it cannot start is what `ready` tells.
  untilChildEnds(child, () => void killTreeAtOnce(child.pid!)).catch(() => {});
  return {
    ready,
    killWorker: (choice) => {
      const chosen = chooseWorker(child, choice);
      return chosen !== undefined && sendSignal(chosen.id, 'SIGKILL') ? 1 : 0;
    },
    stopWorker: async (choice, forMs) => {
      const chosen = chooseWorker(child, choice);
      if (chosen === undefined || !sendSignal(chosen.id, 'SIGSTOP')) return false;
      await wait(forMs);
      return sendSignal(chosen.id, 'SIGCONT');
    },
    kill: () => killTree(child),
  };
}

function chooseWorker(child: ChildProcess, choice: number): TreeProcess | undefined {
  const workers = listTree(child.pid ?? 0).filter(({ command }) => command.includes(WORKER_MARK));
  return workers[Math.floor(choice * workers.length)];
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
  await untilGone(tree);
  return tree.length;
}
