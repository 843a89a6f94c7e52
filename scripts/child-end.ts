import type { ChildProcess } from 'node:child_process';

/** How a child process ended: by itself, with a code, or by a signal. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Waits until a child process is gone and its streams are closed. Kills it where this process exits first, so that none is left
 * behind. Rejects where it cannot start.
 * @param kill how it is killed at our exit; by default the process alone, and not what it started
 */
export async function untilChildEnds(
  child: ChildProcess,
  kill: () => void = () => void child.kill('SIGKILL'),
): Promise<ChildEnd> {
  const killIfThere = (): void => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) kill();
  };
  process.once('exit', killIfThere);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code, signal }));
    });
  } finally {
    process.off('exit', killIfThere);
  }
}
