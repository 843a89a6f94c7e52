import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { formatUsd } from '../../lib/domain/money.ts';
import { startStack, type LocalStack } from '../../lib/local/stack.ts';
import { toBarChart } from './bar-chart.ts';
import { formatReport, spentOn, type SpendReport } from './spend-report.ts';

/** What a workload came to, and pictures of what it bought. */
export interface Played {
  readonly report: SpendReport;
  /** Further lines for people. */
  readonly findings: readonly string[];
  /** In place of the chart of the spending. */
  readonly chart?: string;
}

/**
 * Plays a workload on a local stack of its own, which keeps nothing, and prints what each task cost.
 * `--chart FILE` writes a picture.
 */
export async function playAsProgram(play: (stack: LocalStack) => Promise<Played>): Promise<void> {
  const { values } = parseArgs({ options: { chart: { type: 'string' } } });
  const stack = await startStack({ port: 0, dataDir: null, fresh: 'keep', progress: (step) => console.error(step) });
  try {
    const played = await play(stack);
    console.log(formatPlayed(played));
    if (values.chart !== undefined) writeFileSync(values.chart, played.chart ?? toSpendChart(played.report));
  } finally {
    await stack.close();
  }
}

export function formatPlayed({ report, findings }: Played): string {
  return [...findings, '', formatReport(report)].join('\n');
}

export function toSpendChart({ workload, tasks }: SpendReport): string {
  const bars = tasks.map((each) => {
    const spent = spentOn(each);
    return { label: each.task, value: Number(spent), text: `USD ${formatUsd(spent)}` };
  });
  return toBarChart(`${workload}: cost of each task`, bars);
}
