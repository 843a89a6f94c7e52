import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { LocalInfo } from '../../../lib/local/info.ts';
import { untilChildEnds } from '../../child-end.ts';
import { killTreeAtOnce, listTree, untilGone, type TreeProcess } from '../../process-tree.ts';

/** What callers need of the stack. */
export type LoadTarget = Pick<
  LocalInfo,
  'endpoint' | 'region' | 'credentials' | 'paymentManagerArn' | 'paymentConnectorIds'
>;

/** The stack in a process of its own, so that its time and memory can be told from those of its callers. */
export interface StackUnderLoad {
  readonly target: LoadTarget;
  /** It and everything that it started. */
  processes(): readonly TreeProcess[];
  /** Kills all of it at once. */
  kill(): Promise<void>;
  /** The same, without waiting for the end. */
  killAtOnce(): void;
  close(): Promise<void>;
}

const PROGRAM = join(import.meta.dirname, '../programs/load-stack.ts');

/** @param port 0 takes a free one */
export async function startStackUnderLoad(dataDir: string, port: number): Promise<StackUnderLoad> {
  const child = spawn(process.execPath, [PROGRAM, dataDir, `${port}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = untilChildEnds(child, () => void killTreeAtOnce(child.pid!));
  const root = child.pid;
  if (root === undefined) throw new Error(`${PROGRAM} could not be started`);
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout! }), 'line'),
    ended.then(() => {
      throw new Error('the stack ended before it was ready');
    }),
  ])) as [string];
  return {
    target: JSON.parse(line) as LoadTarget,
    processes: () => listTree(root),
    kill: async () => {
      const tree = killTreeAtOnce(root);
      await ended;
      await untilGone(tree);
    },
    killAtOnce: () => void killTreeAtOnce(root),
    close: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
