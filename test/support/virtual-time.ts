import { toEpochMs, type Clock } from '../../lib/domain/time.ts';

/** Time that passes only while everybody waits for it: an hour of work takes as long as its computing does. */
export interface VirtualTime extends Clock {
  /** Runs what waits, in the order of time, until the work has ended. */
  runUntil<T>(work: Promise<T>): Promise<T>;
}

export function createVirtualTime(startMs: number): VirtualTime {
  let nowMs = startMs;
  /** Instants in order, each with those who wait for it. */
  const waiting = new Map<number, (() => void)[]>();
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return {
    now: () => toEpochMs(nowMs),
    sleep: (ms) =>
      new Promise((resolve) => {
        const at = nowMs + ms;
        waiting.set(at, [...(waiting.get(at) ?? []), resolve]);
      }),
    runUntil: async (work) => {
      const ended = new AbortController();
      void work.then(
        () => ended.abort(),
        () => ended.abort(),
      );
      for (await settled(); !ended.signal.aborted; await settled()) {
        const next = Math.min(...waiting.keys());
        if (next === Infinity) throw new Error('the work waits for something else than time');
        nowMs = next;
        const wakes = waiting.get(next)!;
        waiting.delete(next);
        for (const wake of wakes) wake();
      }
      return work;
    },
  };
}
