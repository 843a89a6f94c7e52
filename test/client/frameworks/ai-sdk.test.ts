import { generateText, isStepCount, jsonSchema, tool as defineTool, type ModelMessage, type ToolSet } from 'ai';
import { beforeEach, describe, expect, test } from 'vitest';
import { createPayments, type PaymentsOptions } from '../../../lib/client/ai-sdk/index.ts';
import { withFunctions } from '../../support/functions.ts';
import { scriptModel } from '../../support/scripted-models/ai-sdk.ts';
import type { Script } from '../../../examples/workload/script.ts';
import { STEPS_MAX, toldIn, toTools } from './ai-sdk.ts';
import type { ShopInput } from './framework.ts';
import { GOODS, openShop, openTenant, URL } from './shop.ts';

const functions = withFunctions();
let tenant: Awaited<ReturnType<typeof openTenant>>;
beforeEach(async () => {
  tenant = await openTenant(functions);
});

const call = (tool: string): Script => [[{ id: 'call-1', tool, input: { url: URL } }]];
const TASK: ModelMessage[] = [{ role: 'user', content: 'Buy what you need.' }];

const open = (shop: ReturnType<typeof openShop>, more: Partial<PaymentsOptions> = {}) =>
  createPayments({ ...tenant.options, tools: ['shop'], fetch: shop.fetch, ...more });

async function run(payments: ReturnType<typeof open>, tools: ToolSet, script: Script, messages = TASK) {
  const { toolApproval } = payments;
  const stopWhen = isStepCount(STEPS_MAX);
  const given = { ...payments.tools, ...payments.withPayments(tools) };
  const result = await generateText({ model: scriptModel(script), tools: given, toolApproval, messages, stopWhen });
  const asked = result.content.flatMap((part) => (part.type === 'tool-approval-request' ? [part] : []));
  return { asked, result, messages: [...messages, ...result.responseMessages] };
}

describe('a payment above the price that needs no person', () => {
  /** The conversation goes on, as after a request of a browser in which the person has decided. */
  const decide = async (
    { asked, messages }: Awaited<ReturnType<typeof run>>,
    approved: boolean,
    [payments, tools]: readonly [ReturnType<typeof open>, ToolSet],
  ) => {
    const answers = asked.map(({ approvalId }) => ({ type: 'tool-approval-response' as const, approvalId, approved }));
    return run(payments, tools, [], [...messages, { role: 'tool', content: answers }]);
  };
  const world = (shop: ReturnType<typeof openShop>, more: Partial<PaymentsOptions> = {}) =>
    [open(shop, { approveAboveUsd: '0.49', ...more }), toTools(shop.tool)] as const;

  test.each([
    ['fetch_paid', /^Pay USD 0\.50 to 0x\w{40} for https:\/\/seller\.example\/report$/],
    ['shop', /^Pay up to USD 1\.00$/],
  ])('waits for a person before %s runs, who is told the price', async (tool, reason) => {
    const shop = openShop();
    const first = await run(...world(shop), call(tool));
    expect(first.asked).toMatchObject([{ reason: expect.stringMatching(reason) as string }]);
    expect(tenant.paid()).toEqual([]);
    const { result } = await decide(first, true, world(shop));
    expect(JSON.stringify(result.responseMessages)).toContain(GOODS);
    expect(tenant.paid()).toHaveLength(1);
  });

  test('is not made where the person does not want it', async () => {
    const shop = openShop();
    const first = await run(...world(shop), call('fetch_paid'));
    const visited = shop.visits.length;
    await decide(first, false, world(shop));
    expect(shop.visits).toHaveLength(visited);
    expect(tenant.paid()).toEqual([]);
  });

  test('is denied where the price has risen above what was approved', async () => {
    const first = await run(...world(openShop()), call('fetch_paid'));
    const { result } = await decide(first, true, world(openShop({ amount: '900000' })));
    expect(JSON.stringify(result.responseMessages)).toContain('the price rose from USD 0.50 to USD 0.90');
    expect(tenant.paid()).toEqual([]);
  });

  test('is refused where it rises between the last question and the payment', async () => {
    const shop = openShop({ amount: '900000' });
    const first = await run(...world(openShop()), call('fetch_paid'));
    const [payments] = world(shop);
    const approving = { ...payments, toolApproval: async () => undefined };
    const { result } = await decide(first, true, [approving, {}]);
    expect(JSON.stringify(result.responseMessages)).toContain('not approved');
    expect(tenant.paid()).toEqual([]);
  });

  test('is refused where nobody could be asked', async () => {
    const shop = openShop();
    const payments = { ...open(shop, { approveAboveUsd: '0.49' }), toolApproval: async () => undefined };
    const { result } = await run(payments, toTools(shop.tool), call('shop'));
    expect(JSON.stringify(result.responseMessages)).toContain('not approved');
    expect(tenant.paid()).toEqual([]);
  });

  test.each([
    ['a price below it', { approveAboveUsd: '0.50' }],
    ['a program that decides by itself', { approve: () => true }],
  ])('is not asked about for %s', async (_what, more) => {
    const { asked } = await run(...world(openShop(), more), call('fetch_paid'));
    expect(asked).toEqual([]);
    expect(tenant.paid()).toHaveLength(1);
  });
});

describe('a tool that tells on its way', () => {
  const telling = (shop: ReturnType<typeof openShop>) => ({
    shop: defineTool({
      description: 'Tells that it asks.',
      inputSchema: jsonSchema<ShopInput>({ type: 'object', properties: { url: { type: 'string' } } }),
      execute: async function* (input) {
        yield 'asking';
        yield await shop.tool.run(input);
      },
    }),
  });

  test('tells it through the payments, and the 402 is none of its outputs', async () => {
    const shop = openShop();
    const paid = open(shop).withPayments(telling(shop)).shop;
    const outputs: unknown[] = [];
    const told = { toolCallId: 'call-1', messages: [], context: {} };
    for await (const output of paid.execute!({ url: URL }, told) as AsyncIterable<unknown>) outputs.push(output);
    expect(outputs).toMatchObject(['asking', 'asking', { statusCode: 200, body: GOODS }]);
  });

  test('is paid for by the loop', async () => {
    const shop = openShop();
    const { result } = await run(open(shop), telling(shop), call('shop'));
    expect(JSON.stringify(result.responseMessages)).toContain(GOODS);
    expect(tenant.paid()).toHaveLength(1);
  });
});

describe('what the model reads', () => {
  test('of a refusal is its sentence, whatever the tool makes of its outputs', async () => {
    const shop = openShop({ amount: '10000001' });
    const tools = {
      shop: { ...toTools(shop.tool)['shop']!, toModelOutput: () => ({ type: 'text' as const, value: 'own words' }) },
    };
    const { result } = await run(open(shop, { maxPriceUsd: null }), tools, call('shop'));
    const outputs = result.steps.flatMap(({ toolResults }) => toolResults);
    expect(toldIn(result.responseMessages, outputs)).toMatchObject([
      { text: expect.stringContaining('Nothing was paid') as string, refused: { code: 'bursar:budget_exceeded' } },
    ]);
  });

  test('of goods is what the tool makes of them', async () => {
    const shop = openShop();
    const tools = {
      shop: { ...toTools(shop.tool)['shop']!, toModelOutput: () => ({ type: 'text' as const, value: 'own words' }) },
    };
    const { result } = await run(open(shop), tools, call('shop'));
    expect(toldIn(result.responseMessages, [])).toMatchObject([{ text: 'own words' }]);
  });
});

test('a tool that the framework does not run stays as it is', () => {
  const tools = { shop: { inputSchema: jsonSchema<ShopInput>({ type: 'object' }), description: 'Runs elsewhere.' } };
  expect(open(openShop()).withPayments(tools).shop).toBe(tools.shop);
});

describe('the fetch for providers of models', () => {
  const ask = { method: 'POST', body: '{"prompt":"hello"}' };
  const answering = (statuses: readonly number[]) => {
    const left = [...statuses];
    const shop = openShop();
    const provider: typeof fetch = async (input, init) => {
      const answer = await shop.fetch(input, init);
      const status = answer.status === 402 ? 402 : left.shift()!;
      return answer.status === status ? answer : new Response('broken', { status });
    };
    return { shop, pay: open(shop, { fetch: provider }).fetch };
  };

  test('pays for each request, be it the same', async () => {
    const { shop, pay } = answering([200, 200]);
    for (const _ of [1, 2]) expect(await (await pay(URL, ask)).text()).toBe(GOODS);
    expect(new Set(shop.proofs()).size).toBe(2);
  });

  test('presents the same proof for a request that failed and is sent again', async () => {
    const { shop, pay } = answering([503, 200, 200]);
    const statuses = [];
    for (const _ of [1, 2, 3]) statuses.push((await pay(URL, ask)).status);
    expect(statuses).toEqual([503, 200, 200]);
    const [first, second, third] = shop.proofs();
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });
});
