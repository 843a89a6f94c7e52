import { Command, INTERRUPT, MemorySaver } from '@langchain/langgraph';
import {
  createAgent,
  createMiddleware,
  tool as defineTool,
  toolRetryMiddleware,
  ToolMessage,
  type AgentMiddleware,
} from 'langchain';
import { beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createPaymentsMiddleware, type PaymentsMiddlewareOptions } from '../../../lib/client/langchain/index.ts';
import { withFunctions } from '../../support/functions.ts';
import { scriptModel } from '../../support/scripted-models/langchain.ts';
import type { ShopInput } from './framework.ts';
import { TASK, toldIn, toTool } from './langchain.ts';
import { GOODS, openShop, openTenant, URL } from './shop.ts';

const functions = withFunctions();
let tenant: Awaited<ReturnType<typeof openTenant>>;
beforeEach(async () => {
  tenant = await openTenant(functions);
});

const call = (tool: string) => [[{ id: 'call-1', tool, input: { url: URL } }]];
const payments = (more: Partial<PaymentsMiddlewareOptions> = {}) =>
  createPaymentsMiddleware({ ...tenant.options, tools: ['shop'], ...more });

describe('a payment above the price that needs no person', () => {
  const thread = { configurable: { thread_id: 'thread-1' } };
  const resume = (value: unknown) => new Command({ resume: value });

  const open = (shop: ReturnType<typeof openShop>, tool = 'shop') =>
    createAgent({
      model: scriptModel(call(tool)),
      tools: [toTool(shop.tool)],
      middleware: [payments({ approveAboveUsd: '0.49', fetch: shop.fetch })],
      checkpointer: new MemorySaver(),
    });
  const questionOf = (state: object) =>
    (state as { readonly [INTERRUPT]?: readonly { readonly value: object }[] })[INTERRUPT]?.[0]?.value;

  test.each(['shop', 'fetch_paid'])(
    'interrupts the graph for %s, and is paid once a person lets it pass',
    async (tool) => {
      const shop = openShop();
      const agent = open(shop, tool);
      const question = questionOf(await agent.invoke(TASK, thread));
      expect(question).toMatchObject({ tool, url: URL, amountUsd: '0.50', offers: [{ amountUsd: '0.50' }] });
      expect(tenant.paid()).toEqual([]);
      const { messages } = await agent.invoke(resume({ ...question, approved: true }), thread);
      expect(toldIn(messages)).toMatchObject([{ refused: null }]);
      expect(toldIn(messages)[0]!.text).toContain(GOODS);
      expect(tenant.paid()).toHaveLength(1);
    },
  );

  test.each([false, 'yes', {}])('is refused for the answer %j', async (answer) => {
    const agent = open(openShop());
    await agent.invoke(TASK, thread);
    const { messages } = await agent.invoke(resume(answer), thread);
    expect(toldIn(messages)).toMatchObject([{ refused: { code: 'client:not_approved' } }]);
  });

  test('is asked about anew where the answer is for another offer', async () => {
    const shop = openShop();
    const agent = open(shop);
    const question = questionOf(await agent.invoke(TASK, thread));
    const again = await agent.invoke(resume({ approved: true, offers: [{ amountUsd: '0.10' }] }), thread);
    expect(questionOf(again)).toEqual(question);
    expect(tenant.paid()).toEqual([]);
    await agent.invoke(resume({ ...question, approved: true }), thread);
    expect(shop.proofs()).toHaveLength(1);
  });
});

describe('a middleware that repeats tools', () => {
  // Its type is none that LangChain's own agents take, under the strictest settings.
  const retry = toolRetryMiddleware({ maxRetries: 2, initialDelayMs: 0, jitter: false }) as AgentMiddleware;
  const failingOnce = (shop: ReturnType<typeof openShop>) => {
    let failed = false;
    return async (input: ShopInput): Promise<unknown> => {
      const answer = await shop.tool.run(input);
      if (input.headers === undefined || failed) return answer;
      failed = true;
      throw new Error('the connection broke');
    };
  };

  test.each(['around', 'inside'])('%s the payments presents the same proof again', async (place) => {
    const shop = openShop();
    const tool = toTool({ name: 'shop', run: failingOnce(shop) });
    const middleware = place === 'around' ? [retry, payments()] : [payments(), retry];
    const { messages } = await createAgent({ model: scriptModel(call('shop')), tools: [tool], middleware }).invoke(
      TASK,
    );
    const [first, ...others] = shop.proofs();
    if (place === 'inside') {
      expect(toldIn(messages)[0]!.text).toContain(GOODS);
      expect(others).toEqual([first]);
    } else {
      // The payments tell of the failure by a result, since another run would not help it.
      expect(toldIn(messages)).toMatchObject([{ refused: { code: 'client:not_delivered' } }]);
      expect(others).toEqual([]);
    }
    expect(tenant.paid()).toHaveLength(1);
  });

  test('around the payments repeats a tool that failed before it asked for one', async () => {
    const shop = openShop();
    let runs = 0;
    const run = async (input: ShopInput): Promise<unknown> => {
      runs += 1;
      if (runs === 1) throw new Error('the connection broke');
      return shop.tool.run(input);
    };
    const middleware = [retry, payments()];
    const agent = createAgent({ model: scriptModel(call('shop')), tools: [toTool({ name: 'shop', run })], middleware });
    expect(toldIn((await agent.invoke(TASK)).messages)[0]!.text).toContain(GOODS);
    expect(tenant.paid()).toHaveLength(1);
  });
});

describe('a 402 is found', () => {
  const buyWith = async (
    run: (input: ShopInput, runtime: { readonly toolCallId: string }) => Promise<unknown>,
    responseFormat = 'content_and_artifact',
  ) => {
    const named = { name: 'shop', description: 'A tool of the program.', responseFormat };
    const tool = defineTool(run as (input: ShopInput) => Promise<unknown>, {
      ...named,
      schema: { type: 'object', properties: { url: { type: 'string' } }, required: ['url'] },
    });
    const agent = createAgent({ model: scriptModel(call('shop')), tools: [tool], middleware: [payments()] });
    return toldIn((await agent.invoke(TASK)).messages);
  };

  test('in the artifact of a tool whose content is for the model', async () => {
    const shop = openShop();
    const told = await buyWith(async (input) => {
      const answer = (await shop.tool.run(input)) as { readonly statusCode: number };
      return [`answered ${answer.statusCode}`, answer];
    });
    expect(told).toMatchObject([{ text: 'answered 200', refused: null }]);
    expect(tenant.paid()).toHaveLength(1);
  });

  test('in the structured content of a tool of MCP', async () => {
    const shop = openShop();
    const told = await buyWith(async (input) => {
      const { headers } = (await shop.tool.run(input)) as { readonly headers: Record<string, string> };
      const terms = headers['payment-required'];
      if (terms === undefined) return [GOODS, { structuredContent: { report: GOODS } }];
      return ['Payment required', { isError: true, structuredContent: JSON.parse(atob(terms)) as object }];
    });
    expect(told).toMatchObject([{ text: GOODS, refused: null }]);
    expect(tenant.paid()).toHaveLength(1);
  });

  test('in a message that the tool makes itself', async () => {
    const shop = openShop();
    const told = await buyWith(
      async (input, { toolCallId }) =>
        new ToolMessage({ tool_call_id: toolCallId, content: 'see there', artifact: await shop.tool.run(input) }),
      'content',
    );
    expect(told).toMatchObject([{ text: 'see there', refused: null }]);
    expect(tenant.paid()).toHaveLength(1);
  });
});

test('a tool whose schema knows no headers gets the proof all the same, and those who trace it do not', async () => {
  const shop = openShop();
  const tool = defineTool(async (input: ShopInput) => shop.tool.run(input), {
    name: 'shop',
    description: 'd',
    schema: z.object({ url: z.string() }),
  });
  const traced: string[] = [];
  const callbacks = [{ handleToolStart: (...told: unknown[]) => void traced.push(JSON.stringify(told)) }];
  const agent = createAgent({ model: scriptModel(call('shop')), tools: [tool], middleware: [payments()] });
  const { messages } = await agent.invoke(TASK, { callbacks });
  expect(toldIn(messages)[0]!.text).toContain(GOODS);
  expect(shop.proofs()).toHaveLength(1);
  expect(traced).toHaveLength(2);
  expect(traced.join('').toLowerCase()).not.toContain('payment-signature');
});

test('what other middleware does to a call stays as it is', async () => {
  const shop = openShop();
  const names: string[] = [];
  const watching = createMiddleware({
    name: 'Watching',
    wrapToolCall: (request, handler) => {
      names.push(request.toolCall.name);
      return handler(request);
    },
  });
  const middleware = [watching, payments(), { ...watching, name: 'Within' }];
  const agent = createAgent({ model: scriptModel(call('shop')), tools: [toTool(shop.tool)], middleware });
  await agent.invoke(TASK);
  expect(names).toEqual(['shop', 'shop', 'shop']);
});
