import { Agent, McpClient } from '@strands-agents/sdk';
import { memberOf } from '../../lib/json/record.ts';
import type { LocalStack } from '../../lib/local/stack.ts';
import { chooseModel } from '../workload/chosen-model.ts';
import type { Played } from '../workload/main-program.ts';
import { RESEARCH_BUDGET_USD, RESEARCH_TASKS, toPrompt } from '../workload/research-story.ts';
import { spendOn } from '../workload/spend-report.ts';
import { readingsOf } from '../workload/strands-agent.ts';
import { openBudget } from '../workload/world.ts';
import { startPayingServer } from './paying-server.ts';

/**
 * The story of the README once more, by an agent that knows nothing of payments: its tools are those of `bursar mcp serve`, as any
 * client of MCP gets them. It asks for the price before it buys.
 */
export async function playResearchOverMcp(stack: LocalStack): Promise<Played> {
  const budget = await openBudget(stack, 'research-over-mcp', RESEARCH_BUDGET_USD);
  const tools = new McpClient({ transport: startPayingServer(stack.info, budget, 'research-assistant') as never });
  try {
    const tasks = await spendOn(RESEARCH_TASKS, budget, async ({ name, source, answer }) => {
      const url = budget.urlOf(source);
      const script = [
        [{ id: `price-${source}`, tool: 'quote', input: { url } }],
        [{ id: `read-${source}`, tool: 'fetch_paid', input: { url, intent: name } }],
      ];
      const agent = new Agent({ model: chooseModel(script, answer), tools: [tools], printer: false });
      const result = await agent.invoke(toPrompt(name, url));
      return `${result.toString().trim()} (${describeReadings(readingsOf(agent).flat())})`;
    });
    const report = { workload: 'research assistant over MCP', budgetUsd: RESEARCH_BUDGET_USD, tasks };
    return { report, findings: tasks.map(({ task, answer }) => `${task} ${answer}`) };
  } finally {
    await tools.disconnect();
  }
}

/** The price that the tools told, and how much came of it. */
function describeReadings(readings: readonly unknown[]): string {
  const documents = readings.map(toDocument);
  const offers = documents.map((each) => memberOf(memberOf(each, 'quote'), 'offers')).find(Array.isArray);
  const body = documents.map((each) => memberOf(each, 'body')).find((each) => typeof each === 'string');
  const price = `offered for USD ${String(memberOf(offers?.[0], 'amountUsd'))}`;
  return `${price}, ${body === undefined ? 'not read' : `${body.length} characters read`}`;
}

/** `null`: a sentence, such as that of a refusal. */
function toDocument(reading: unknown): unknown {
  try {
    return JSON.parse(String(reading));
  } catch {
    return null;
  }
}
