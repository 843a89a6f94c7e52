import { Agent, RunState, tool as defineTool, type Tool } from '@openai/agents';
import { beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createPayments, type PaymentsOptions } from '../../../lib/client/openai-agents/index.ts';
import { withFunctions } from '../../support/functions.ts';
import { scriptModel } from '../../support/scripted-models/openai-agents.ts';
import type { Script } from '../../../examples/workload/script.ts';
import { createAgent, runner, toldIn } from './openai-agents.ts';
import { GOODS, openShop, openTenant, URL } from './shop.ts';

const functions = withFunctions();
let tenant: Awaited<ReturnType<typeof openTenant>>;
beforeEach(async () => {
  tenant = await openTenant(functions);
});

const call = (tool: string): Script => [[{ id: 'call-1', tool, input: { url: URL } }]];

const open = (shop: ReturnType<typeof openShop>, tool: string, more: Partial<PaymentsOptions> = {}) =>
  createAgent({ ...tenant.options, tools: ['shop'], fetch: shop.fetch, ...more }, shop.tool, call(tool));

describe('a payment above the price that needs no person', () => {
  const bound = { approveAboveUsd: '0.49' };

  /** Stores the run that waits, decides, and goes on with it by another agent, as another process has it. */
  async function decide(run: { readonly state: { toString(): string } }, verdict: 'approve' | 'reject', agent: Agent) {
    const state = await RunState.fromString(agent, run.state.toString());
    for (const interruption of state.getInterruptions()) state[verdict](interruption);
    return runner.run(agent, state);
  }

  test.each(['shop', 'fetch_paid'])(
    'interrupts the run before %s runs, and is made in the process that resumes it',
    async (tool) => {
      const shop = openShop();
      const run = await runner.run(open(shop, tool, bound), 'go');
      expect(run.interruptions.map(({ name }) => name)).toEqual([tool]);
      expect(tenant.paid()).toEqual([]);
      const { history } = await decide(run, 'approve', open(shop, tool, bound));
      expect(toldIn(history)[0]!.text).toContain(GOODS);
      expect(tenant.paid()).toHaveLength(1);
    },
  );

  test('is not made where the person does not want it', async () => {
    const shop = openShop();
    const agent = open(shop, 'fetch_paid', bound);
    await decide(await runner.run(agent, 'go'), 'reject', agent);
    expect(shop.proofs()).toEqual([]);
    expect(tenant.paid()).toEqual([]);
  });

  test('is refused where the price has risen above what was approved', async () => {
    let shop = openShop();
    const changing: typeof fetch = async (input, init) => shop.fetch(input, init);
    const agent = open({ ...shop, fetch: changing }, 'fetch_paid', bound);
    const run = await runner.run(agent, 'go');
    shop = openShop({ amount: '900000' });
    const { history } = await decide(run, 'approve', agent);
    expect(toldIn(history)).toMatchObject([{ refused: { code: 'client:not_approved' } }]);
    expect(tenant.paid()).toEqual([]);
  });

  test('comes with its price and its URL, for the person to see', async () => {
    const shop = openShop();
    const { questionOf, tools } = createPayments({ ...tenant.options, fetch: shop.fetch, ...bound });
    const agent = new Agent({ name: 'Buyer', model: scriptModel(call('fetch_paid')), tools: [...tools] });
    const { interruptions } = await runner.run(agent, 'go');
    const [{ rawItem }] = interruptions as [(typeof interruptions)[number]];
    expect(questionOf((rawItem as { readonly callId: string }).callId)).toMatchObject({ amountUsd: '0.50', url: URL });
    expect(questionOf('call-2')).toBeUndefined();
  });

  test('is not asked about below the price', async () => {
    const shop = openShop();
    const { interruptions } = await runner.run(open(shop, 'fetch_paid', { approveAboveUsd: '0.50' }), 'go');
    expect(interruptions).toEqual([]);
    expect(shop.proofs()).toHaveLength(1);
  });

  test('leaves to a tool what it wants approved for reasons of its own', async () => {
    const shop = openShop();
    const own = defineTool({
      name: 'shop',
      description: 'd',
      parameters: z.object({ url: z.string() }),
      needsApproval: true,
      execute: async (input) => shop.tool.run(input),
    });
    const { withPayments } = createPayments({ ...tenant.options, tools: ['shop'] });
    const agent = new Agent({ name: 'Buyer', model: scriptModel(call('shop')), tools: withPayments([own]) });
    expect((await runner.run(agent, 'go')).interruptions).toHaveLength(1);
  });
});

describe('a tool whose schema drops headers', () => {
  const closed = (shop: ReturnType<typeof openShop>, parameters: z.ZodObject): Tool =>
    defineTool({ name: 'shop', description: 'd', parameters, execute: async (input) => shop.tool.run(input as never) });
  const runWith = async (shop: ReturnType<typeof openShop>, parameters: z.ZodObject) => {
    const { withPayments } = createPayments({ ...tenant.options, tools: ['shop'] });
    const tools = withPayments([closed(shop, parameters)]);
    const { history } = await runner.run(new Agent({ name: 'Buyer', model: scriptModel(call('shop')), tools }), 'go');
    return toldIn(history);
  };

  test('is refused before anything is paid', async () => {
    const told = await runWith(openShop(), z.object({ url: z.string() }));
    expect(told).toMatchObject([{ refused: { code: 'client:no_place_for_proof' } }]);
    expect(tenant.asked).toEqual([]);
  });
});

test('what else hangs on a call hears of no proof', async () => {
  const shop = openShop();
  const heard: string[] = [];
  const own = defineTool({
    name: 'shop',
    description: 'd',
    strict: false,
    parameters: {
      type: 'object',
      properties: { url: { type: 'string' } },
      required: ['url'],
      additionalProperties: true,
    },
    execute: async (input) => shop.tool.run(input as { readonly url: string }),
    customDataExtractor: ({ input }) => {
      heard.push(JSON.stringify(input));
      return {};
    },
  });
  const { withPayments } = createPayments({ ...tenant.options, tools: ['shop'] });
  const agent = new Agent({ name: 'Buyer', model: scriptModel(call('shop')), tools: withPayments([own]) });
  const { history } = await runner.run(agent, 'go');
  expect(toldIn(history)[0]!.text).toContain(GOODS);
  expect(heard).toEqual([JSON.stringify({ url: URL })]);
});

test('the input that a tool cannot read is left to it', async () => {
  const shop = openShop();
  const { withPayments } = createPayments({ ...tenant.options, tools: ['shop'] });
  const own = defineTool({
    name: 'shop',
    description: 'd',
    parameters: z.object({ url: z.string() }),
    execute: async (input) => shop.tool.run(input),
  });
  const [paid] = withPayments([own]);
  const answer: unknown = await paid!.invoke({} as never, 'no JSON');
  expect(String(answer)).toContain('An error occurred');
});

test('tools of other kinds stay as they are', () => {
  const hosted = { type: 'hosted_tool', name: 'web_search', providerData: {} } as const satisfies Tool;
  const { withPayments } = createPayments({ ...tenant.options, tools: 'all' });
  expect(withPayments([hosted])[0]).toBe(hosted);
});
