import type { LocalStack } from '../../lib/local/stack.ts';
import type { Played } from '../workload/main-program.ts';
import { RESEARCH_BUDGET_USD, RESEARCH_TASKS, toPrompt } from '../workload/research-story.ts';
import { spendOn } from '../workload/spend-report.ts';
import { createBuyer } from '../workload/strands-agent.ts';
import { openBudget } from '../workload/world.ts';

/** The story of the README, told by an agent of Strands: three sources are bought, and the fourth does not fit into the budget. */
export async function playResearch(stack: LocalStack): Promise<Played> {
  const budget = await openBudget(stack, 'research', RESEARCH_BUDGET_USD);
  const tasks = await spendOn(RESEARCH_TASKS, budget, async ({ name, source, answer }) => {
    const url = budget.urlOf(source);
    const script = [[{ id: `read-${source}`, tool: 'fetch_paid', input: { url, intent: name } }]];
    const agent = createBuyer(budget, 'research-assistant', script, answer);
    const result = await agent.invoke(toPrompt(name, url));
    return result.toString();
  });
  const report = { workload: 'research assistant', budgetUsd: RESEARCH_BUDGET_USD, tasks };
  return { report, findings: tasks.map(({ task, answer }) => `${task} ${answer.trim()}`) };
}
