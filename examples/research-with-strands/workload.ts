import type { LocalStack } from '../../lib/local/stack.ts';
import type { Played } from '../workload/main-program.ts';
import { spendOn } from '../workload/spend-report.ts';
import { createBuyer } from '../workload/strands-agent.ts';
import { openBudget } from '../workload/world.ts';

const BUDGET_USD = '10.00';

/** What the assistant is asked, the source, and what a scripted model makes of it. The last costs more than is left. */
const TASKS = [
  {
    name: 'How many heat pumps are installed?',
    source: 'market-data',
    answer: 'In September 2026 France installed 41,300, Germany 26,150 and Sweden 11,800.',
  },
  {
    name: 'How efficient are they in the cold?',
    source: 'research-papers',
    answer: 'In 412 homes they gave 2.9 to 3.6 times the electricity that they took.',
  },
  {
    name: 'What may slow their production?',
    source: 'analyst-report',
    answer: 'Lead times of inverter boards, and changes of subsidies.',
  },
  {
    name: 'What changed in ten years?',
    source: 'full-archive',
    answer: 'That stands in the archive, which costs more than is left.',
  },
];

/** The story of the README, told by an agent of Strands: three sources are bought, and the fourth does not fit into the budget. */
export async function playResearch(stack: LocalStack): Promise<Played> {
  const budget = await openBudget(stack, 'research', BUDGET_USD);
  const tasks = await spendOn(TASKS, budget, async ({ name, source, answer }) => {
    const url = budget.urlOf(source);
    const script = [[{ id: `read-${source}`, tool: 'fetch_paid', input: { url, intent: name } }]];
    const agent = createBuyer(budget, 'research-assistant', script, answer);
    const result = await agent.invoke(`${name} Read ${url} and answer in one sentence. If it cannot be paid, say so.`);
    return result.toString();
  });
  const report = { workload: 'research assistant', budgetUsd: BUDGET_USD, tasks };
  return { report, findings: tasks.map(({ task, answer }) => `${task} ${answer.trim()}`) };
}
