import { memberOf } from '../../lib/json/record.ts';
import type { LocalStack } from '../../lib/local/stack.ts';
import { toBarChart } from '../workload/bar-chart.ts';
import type { Played } from '../workload/main-program.ts';
import { spendOn } from '../workload/spend-report.ts';
import { createBuyer, readingsOf } from '../workload/strands-agent.ts';
import { openBudget, type Budget } from '../workload/world.ts';

const BUDGET_USD = '3.00';
const SOURCES = ['market-data', 'research-papers', 'analyst-report'];

interface Growth {
  readonly country: string;
  readonly percent: number;
}

/** An analyst buys all sources at once, under one budget; then code computes with what was bought, and draws it. */
export async function playAnalysis(stack: LocalStack): Promise<Played> {
  const budget = await openBudget(stack, 'analysis', BUDGET_USD);
  let growth: readonly Growth[] = [];
  const [report] = await spendOn([{ name: 'Growth of installations' }], budget, async () => {
    growth = await analyse(budget);
    return growth.map(({ country, percent }) => `${country} ${percent.toFixed(1)} %`).join(', ');
  });
  return {
    report: { workload: 'financial analysis', budgetUsd: BUDGET_USD, tasks: [report!] },
    findings: [`from the first to the last month: ${report!.answer}`],
    chart: toBarChart(
      'Growth of installations, first to last month',
      growth.map(({ country, percent }) => ({ label: country, value: percent, text: `${percent.toFixed(1)} %` })),
    ),
  };
}

async function analyse(budget: Budget): Promise<readonly Growth[]> {
  const urls = SOURCES.map((source) => ({ source, url: budget.urlOf(source) }));
  const buyAll = urls.map(({ source, url }) => ({ id: `buy-${source}`, tool: 'fetch_paid', input: { url } }));
  const agent = createBuyer(budget, 'financial-analyst', [buyAll]);
  await agent.invoke(`Fetch these at once, and say that you are done: ${urls.map(({ url }) => url).join(' ')}`);
  return growthIn(readingsOf(agent).flat().map(documentOf));
}

/** What a source delivered, in the answer of the tool that fetches. */
function documentOf(reading: unknown): unknown {
  const body = memberOf(reading, 'body');
  return typeof body === 'string' ? (JSON.parse(body) as unknown) : body;
}

interface Series {
  readonly country: string;
  readonly months: Readonly<Record<string, number>>;
}

function growthIn(documents: readonly unknown[]): readonly Growth[] {
  const series = documents.map((document) => memberOf(document, 'series')).find((each) => each !== undefined);
  if (!Array.isArray(series)) throw new Error('no source had a series');
  return (series as readonly Series[]).map(({ country, months }) => {
    const values = Object.keys(months)
      .toSorted()
      .map((month) => months[month]!);
    return { country, percent: (values.at(-1)! / values[0]! - 1) * 100 };
  });
}
