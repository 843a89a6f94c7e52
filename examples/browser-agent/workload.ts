import { Agent } from '@strands-agents/sdk';
import type { Browser } from 'playwright-core';
import { payInPlaywright } from '../../lib/client/browser/index.ts';
import { createPayer } from '../../lib/client/index.ts';
import { memberOf } from '../../lib/json/record.ts';
import type { LocalStack } from '../../lib/local/stack.ts';
import { chooseModel } from '../workload/chosen-model.ts';
import type { Played } from '../workload/main-program.ts';
import { spendOn } from '../workload/spend-report.ts';
import { readingsOf } from '../workload/strands-agent.ts';
import { openBudget } from '../workload/world.ts';
import { createBrowsingTools } from './browsing-tools.ts';
import { openNewspaper } from './newspaper.ts';

const BUDGET_USD = '1.00';

/** What the agent is asked, and under which headline it stands. The last costs more than is left. */
const TASKS = [
  { name: 'What does the harbour cost?', headline: 'What the new harbour costs' },
  { name: 'When do night trains run?', headline: 'Night trains return' },
  { name: 'How far back does the archive go?', headline: 'A century in one file' },
];

/** An agent reads a paper in a browser, and the browser pays: its tools open pages and follow links, and know of no 402. */
export async function playBrowsing(stack: LocalStack, browser: Browser): Promise<Played> {
  const budget = await openBudget(stack, 'browsing', BUDGET_USD);
  const newspaper = await openNewspaper(stack);
  const page = await browser.newPage();
  try {
    const unpaid = new Map<string, string>();
    const { client, session, instrument } = budget;
    await payInPlaywright(page, {
      // The budget is what refuses here.
      payer: createPayer({ client, session, instrument, agentName: 'browser-agent', maxPriceUsd: null }),
      origins: [newspaper.url],
      onEvent: (event) => {
        if (event.type === 'refused') unpaid.set(event.url, event.message);
        else unpaid.delete(event.url);
      },
    });
    const tools = [...createBrowsingTools(page, (url) => unpaid.get(url) ?? null)];
    const tasks = await spendOn(TASKS, budget, async ({ name, headline }) => {
      const script = [
        [{ id: 'front-page', tool: 'open_page', input: { url: newspaper.url } }],
        [{ id: 'story', tool: 'follow_link', input: { text: headline } }],
      ];
      const agent = new Agent({ model: chooseModel(script), tools, printer: false });
      await agent.invoke(`${name} Begin at ${newspaper.url} and follow the link that may tell it, then answer.`);
      return lastReadBy(agent);
    });
    const report = { workload: 'browser agent', budgetUsd: BUDGET_USD, tasks };
    return { report, findings: tasks.map(({ task, answer }) => `${task} ${answer}`) };
  } finally {
    await page.close();
    await newspaper.close();
  }
}

/** What stood on the page that was open last, or why it was not paid. */
function lastReadBy(agent: Agent): string {
  return String(memberOf([readingsOf(agent).at(-1)].flat()[0], 'text')).replaceAll(/\s+/g, ' ');
}
