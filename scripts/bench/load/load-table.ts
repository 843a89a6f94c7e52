import { formatColumns } from '../columns.ts';
import { median } from '../measure.ts';
import { percentile, type PhaseFigures } from './phases.ts';
import { PARTS, type MemorySample, type Usage } from './usage.ts';

export interface MeasuredPhase {
  readonly figures: PhaseFigures;
  /** Used by the stack in the phase, and by the callers. */
  readonly before: Usage;
  readonly after: Usage;
  readonly callersCpuMs: number;
}

/** One line for each phase. CPU is in milliseconds for a payment, by who used it. */
export function formatPhases(phases: readonly MeasuredPhase[]): string {
  const head = [
    'phase',
    'callers',
    'paid/s',
    'answers/s',
    'denied',
    'busy',
    'errors',
    'p50',
    'p95',
    'p99',
    ...PARTS,
    'callers',
  ];
  const lines = phases.map(({ figures, before, after, callersCpuMs }) => {
    const answers = figures.latencies.length;
    const perAnswer = (ms: number): string => (answers === 0 ? '-' : (ms / answers).toFixed(1));
    return [
      figures.name,
      `${figures.callers}`,
      (figures.paid / figures.seconds).toFixed(0),
      (answers / figures.seconds).toFixed(0),
      `${figures.denied}`,
      `${figures.busy}`,
      `${figures.failures.length}`,
      ...[0.5, 0.95, 0.99].map((share) => `${percentile(figures.latencies, share).toFixed(0)} ms`),
      ...PARTS.map((part) => perAnswer(after[part].cpuMs - before[part].cpuMs)),
      perAnswer(callersCpuMs),
    ];
  });
  return formatColumns([head, ...lines]);
}

/** Memory in the second and in the last quarter of a time in which the load was the same: what still grows then, grows. */
export function formatMemory(samples: readonly MemorySample[]): string {
  const quarter = Math.max(1, samples.length >> 2);
  const lines = PARTS.map((part) => {
    const of = (some: readonly MemorySample[]): number => median(some.map(({ mib }) => mib[part]));
    const early = of(samples.slice(quarter, 2 * quarter + 1));
    const late = of(samples.slice(-quarter));
    return [part, `${early.toFixed(0)} MiB`, `${late.toFixed(0)} MiB`, `${(late - early).toFixed(0)} MiB`];
  });
  return formatColumns([['memory', '2nd quarter', 'last quarter', 'growth'], ...lines]);
}
