import type { LocalStack } from '../../lib/local/stack.ts';
import type { Played } from '../workload/main-program.ts';
import { spendOn } from '../workload/spend-report.ts';
import { createBuyer, readingsOf } from '../workload/strands-agent.ts';
import { openBudget } from '../workload/world.ts';

const BUDGET_USD = '1.00';

const TASKS = [
  { name: 'With money left', wanted: ['market-data'] },
  { name: 'With too little for the best', wanted: ['research-papers', 'weather'] },
];

/** What an agent does when its budget ends: it is told so in the result of its tool, takes what it can afford, and says what is missing. */
export async function playBudgetEnd(stack: LocalStack): Promise<Played> {
  const budget = await openBudget(stack, 'budget-end', BUDGET_USD);
  const tasks = await spendOn(TASKS, budget, async ({ wanted }) => {
    const urls = wanted.map((source) => budget.urlOf(source));
    const script = urls.map((url, turn) => [{ id: `try-${turn}`, tool: 'fetch_paid', input: { url } }]);
    const agent = createBuyer(budget, 'thrifty-assistant', script);
    await agent.invoke(
      `Read the first of these that you can pay for, and say what you could not read: ${urls.join(' ')}`,
    );
    const told = readingsOf(agent).map((reading) => JSON.stringify(reading));
    const missing = wanted.filter((_, index) => told[index]?.includes('"refused"') === true);
    return missing.length === 0 ? 'complete' : `without ${missing.join(', ')}`;
  });
  const report = { workload: 'the end of a budget', budgetUsd: BUDGET_USD, tasks };
  return { report, findings: tasks.map(({ task, answer }) => `${task}: ${answer}`) };
}
