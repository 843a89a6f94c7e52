import { readFileSync, readdirSync } from 'node:fs';
import { sendSignal } from '../../process-tree.ts';

const PERIOD_MS = 20;
const LOOK_MS = 1;
const NANOS_PER_MS = 1_000_000;

/**
 * Gives a process a share of one CPU as Lambda does: so much time in each period, and none for the rest of it. Stops and
 * continues it by signals, which needs no rights, and is a millisecond coarse. Linux only.
 *
 * @param share of one CPU, up to 1
 * @returns lets it run freely
 */
export function paceProcess(id: number, share: number): () => void {
  const quotaMs = share * PERIOD_MS;
  let periodEndsAt = performance.now() + PERIOD_MS;
  let allowedMs = cpuMsOf(id) + quotaMs;
  let running = true;
  const set = (wanted: boolean): void => {
    if (wanted === running) return;
    sendSignal(id, wanted ? 'SIGCONT' : 'SIGSTOP');
    running = wanted;
  };
  const look = (): void => {
    const used = cpuMsOf(id);
    const now = performance.now();
    if (now >= periodEndsAt) {
      const periods = Math.floor((now - periodEndsAt) / PERIOD_MS) + 1;
      periodEndsAt += periods * PERIOD_MS;
      // What was not used is lost; what was overdrawn, because we looked late, is owed.
      allowedMs = Math.max(used, allowedMs) === used ? allowedMs + periods * quotaMs : used + quotaMs;
    }
    set(used < allowedMs);
  };
  const timer = share >= 1 ? null : setInterval(look, LOOK_MS);
  return () => {
    if (timer !== null) clearInterval(timer);
    set(true);
  };
}

/** Of all threads, as garbage collection and compilation count too. @see https://docs.kernel.org/scheduler/sched-stats.html */
function cpuMsOf(id: number): number {
  try {
    return readdirSync(`/proc/${id}/task`).reduce((sum, thread) => sum + threadCpuMs(id, thread), 0);
  } catch {
    // It has ended.
    return 0;
  }
}

function threadCpuMs(id: number, thread: string): number {
  try {
    return Number(readFileSync(`/proc/${id}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / NANOS_PER_MS;
  } catch {
    return 0;
  }
}
