import type { TreeProcess } from '../../process-tree.ts';

/** The parts of the stack that use time and memory. */
export const PARTS = ['host', 'database', 'functions'] as const;
export type Part = (typeof PARTS)[number];

export type Usage = Readonly<Record<Part, { readonly cpuMs: number; readonly memoryMib: number }>>;

/** Sums up the processes of the stack by what they are. Time of processes that have ended is gone. */
export function usageOf(tree: readonly TreeProcess[]): Usage {
  const usage = {
    host: { cpuMs: 0, memoryMib: 0 },
    database: { cpuMs: 0, memoryMib: 0 },
    functions: { cpuMs: 0, memoryMib: 0 },
  };
  for (const { command, cpuMs, memoryMib } of tree) {
    const part = partOf(command);
    usage[part].cpuMs += cpuMs;
    usage[part].memoryMib += memoryMib;
  }
  return usage;
}

function partOf(command: string): Part {
  if (command.includes('worker.ts')) return 'functions';
  return command.includes('dynoxide') ? 'database' : 'host';
}

/** Samples memory until told to stop. */
export function watchMemory(read: () => readonly TreeProcess[]): { stop(): readonly MemorySample[] } {
  const samples: MemorySample[] = [];
  const started = performance.now();
  const take = (): void => {
    const usage = usageOf(read());
    const mib = Object.fromEntries(PARTS.map((part) => [part, usage[part].memoryMib])) as Record<Part, number>;
    samples.push({ atMs: performance.now() - started, mib });
  };
  take();
  const timer = setInterval(take, SAMPLE_INTERVAL_MS);
  return {
    stop: () => {
      clearInterval(timer);
      take();
      return samples;
    },
  };
}

export interface MemorySample {
  readonly atMs: number;
  readonly mib: Readonly<Record<Part, number>>;
}

const SAMPLE_INTERVAL_MS = 1_000;
