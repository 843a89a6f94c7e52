import { trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { BeforeToolCallEvent, FunctionTool, type Agent, type AgentResult, type JSONValue } from '@strands-agents/sdk';
import { beforeEach, describe, expect, test } from 'vitest';
import type { PaymentsPluginOptions } from '../../../lib/client/strands/index.ts';
import { withFunctions } from '../../support/functions.ts';
import type { Script } from '../../../examples/workload/script.ts';
import { GOODS, openShop, openTenant, URL } from './shop.ts';
import { createAgent, toldIn } from './strands.ts';

const functions = withFunctions();
let tenant: Awaited<ReturnType<typeof openTenant>>;
beforeEach(async () => {
  tenant = await openTenant(functions);
});

const buy = (id: string) => [{ id, tool: 'shop', input: { url: URL } }];

function open(
  shop: ReturnType<typeof openShop>,
  more: Partial<PaymentsPluginOptions> = {},
  script: Script = [buy('call-1')],
) {
  const { client, session, instrument } = tenant.options;
  const options = { client, ...session, ...instrument, paymentToolAllowlist: ['shop'], fetch: shop.fetch, ...more };
  return createAgent(options, shop.tool, script);
}

/** Answers what interrupted an agent, as an application does once a person has decided. */
const answer = async (agent: Agent, { interrupts = [] }: AgentResult, response: JSONValue) =>
  agent.invoke(interrupts.map(({ id: interruptId }) => ({ interruptResponse: { interruptId, response } })));

describe('a payment above the price that needs no person', () => {
  test('interrupts the agent with what is bought, and is paid once a person lets it pass', async () => {
    const shop = openShop();
    const { agent } = open(shop, { approveAboveUsd: '0.49' });
    const asked = await agent.invoke('go');
    expect(asked.stopReason).toBe('interrupt');
    expect(asked.interrupts).toMatchObject([
      { reason: { tool: 'shop', toolUseId: 'call-1', url: URL, amountUsd: '0.50', offers: [{ amountUsd: '0.50' }] } },
    ]);
    expect(tenant.paid()).toEqual([]);
    await answer(agent, asked, true);
    expect(toldIn(agent.messages)[0]!.text).toContain(GOODS);
    expect(tenant.paid()).toHaveLength(1);
  });

  test.each([false, 'yes', { approved: true }])('is refused for the answer %j', async (response) => {
    const { agent } = open(openShop(), { approveAboveUsd: '0.49' });
    await answer(agent, await agent.invoke('go'), response);
    expect(toldIn(agent.messages)).toMatchObject([{ refused: { code: 'client:not_approved' } }]);
    expect(tenant.paid()).toEqual([]);
  });

  test('is asked about anew where the price has risen meanwhile', async () => {
    const [cheap, dear] = [openShop(), openShop({ amount: '900000' })];
    let shop = cheap;
    const tool = { name: 'shop', run: cheap.tool.run };
    const { agent } = open(
      { ...cheap, tool: { ...tool, run: (input) => shop.tool.run(input) } },
      { approveAboveUsd: '0.49' },
    );
    const first = await agent.invoke('go');
    shop = dear;
    const second = await answer(agent, first, true);
    expect(second.interrupts).toMatchObject([{ reason: { amountUsd: '0.90' } }]);
    expect(tenant.paid()).toEqual([]);
    await answer(agent, second, true);
    expect(dear.proofs()).toHaveLength(1);
  });

  test('interrupts the tool of the plugin as well', async () => {
    const shop = openShop();
    const script = [[{ id: 'call-1', tool: 'fetch_paid', input: { url: URL } }]];
    const { agent } = open(shop, { approveAboveUsd: '0.49' }, script);
    const asked = await agent.invoke('go');
    expect(asked.interrupts).toMatchObject([{ reason: { tool: 'fetch_paid', amountUsd: '0.50' } }]);
    await answer(agent, asked, true);
    expect(toldIn(agent.messages)[0]!.text).toContain(GOODS);
    expect(tenant.paid()).toHaveLength(1);
  });
});

describe('a refused payment', () => {
  const tooDear = { maxPriceUsd: null, maxInterruptRetries: 2 };

  test('interrupts the agent where that is asked for, and is tried again out of another session', async () => {
    const shop = openShop({ amount: '10000001' });
    const { agent, plugin } = open(shop, tooDear);
    const asked = await agent.invoke('go');
    expect(asked.interrupts).toMatchObject([
      { name: 'payment-failure-0', reason: { code: 'bursar:budget_exceeded', retryAttempt: 0, maxRetries: 2 } },
    ]);
    plugin.updatePaymentSessionId(await tenant.openSession('20.00'));
    await answer(agent, asked, 'there is another session now');
    expect(toldIn(agent.messages)).toMatchObject([{ refused: null }]);
    expect(shop.proofs()).toHaveLength(1);
  });

  test('is told to the model after that many interrupts, or where nobody helps', async () => {
    const shop = openShop({ amount: '10000001' });
    const patient = open(shop, tooDear).agent;
    const first = await patient.invoke('go');
    const second = await answer(patient, first, true);
    expect(second.interrupts).toMatchObject([{ name: 'payment-failure-1' }]);
    expect((await answer(patient, second, true)).stopReason).toBe('endTurn');
    const curt = open(shop, tooDear).agent;
    expect((await answer(curt, await curt.invoke('go'), false)).stopReason).toBe('endTurn');
    for (const { messages } of [patient, curt]) {
      expect(toldIn(messages)).toMatchObject([{ refused: { code: 'bursar:budget_exceeded' } }]);
    }
  });
});

describe('the tools that the plugin gives', () => {
  test('fetch and pay, and read what there is to spend', async () => {
    const shop = openShop();
    const script = [
      [{ id: 'call-1', tool: 'fetch_paid', input: { url: URL } }],
      [{ id: 'call-2', tool: 'get_payment_session', input: {} }],
    ];
    const { agent } = open(shop, {}, script);
    await agent.invoke('go');
    const [fetched, session] = toldIn(agent.messages);
    expect(fetched!.text).toContain(GOODS);
    expect(session!.text).toContain('9.5');
  });

  test('follow the session that the plugin is given', async () => {
    const { agent, plugin } = open(openShop(), {}, [[{ id: 'call-1', tool: 'get_payment_session', input: {} }]]);
    const other = await tenant.openSession('1.00');
    plugin.updatePaymentSessionId(other);
    await agent.invoke('go');
    expect(toldIn(agent.messages)[0]!.text).toContain(other);
  });

  test.each<[string, Partial<PaymentsPluginOptions>]>([
    ['provideHttpRequest', { provideHttpRequest: false }],
    ['fetchTool', { fetchTool: false }],
    ['autoPayment', { autoPayment: false }],
  ])('do not pay where %s is off', (_what, more) => {
    const names = open(openShop(), more).plugin.getTools!().map(({ name }) => name);
    expect(names).not.toContain('fetch_paid');
    expect(names).toContain('get_payment_session');
  });
});

test('without automatic payments a 402 is left to the agent', async () => {
  const shop = openShop();
  const { agent } = open(shop, { autoPayment: false });
  await agent.invoke('go');
  expect(toldIn(agent.messages)[0]!.text).toContain('402');
  expect(shop.visits).toHaveLength(1);
});

test('tools come on and go off the list, and without its last name none pays', async () => {
  const shop = openShop();
  const { agent, plugin } = open(shop, { paymentToolAllowlist: [] }, [buy('call-1'), buy('call-2'), buy('call-3')]);
  const steps = [() => {}, () => plugin.addToAllowlist('shop'), () => plugin.removeFromAllowlist('shop')];
  agent.addHook(BeforeToolCallEvent, () => steps.shift()!());
  await agent.invoke('go');
  expect(toldIn(agent.messages).map(({ refused }) => refused?.code)).toEqual([
    'client:tool_not_allowed',
    undefined,
    'client:tool_not_allowed',
  ]);
});

test('what a tool tells on its way reaches the stream, and no event has a proof in it', async () => {
  const shop = openShop();
  const script = [[{ id: 'call-1', tool: 'slow', input: { url: URL } }]];
  const { agent } = open(shop, { paymentToolAllowlist: ['slow'] }, script);
  agent.toolRegistry.add(
    new FunctionTool({
      name: 'slow',
      description: 'Tells that it asks.',
      callback: async function* (input) {
        yield 'asking';
        return (await shop.tool.run(input as { readonly url: string })) as JSONValue;
      },
    }),
  );
  const events: string[] = [];
  for await (const event of agent.stream('go')) events.push(JSON.stringify(event));
  expect(events.filter((event) => event.includes('asking'))).toHaveLength(2);
  expect(shop.proofs()).toHaveLength(1);
  expect(events.join('')).not.toContain(shop.proofs()[0]);
});

test('a span of the agent tells what the model asked its tool, and no proof', async () => {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  trace.setGlobalTracerProvider(provider);
  try {
    const shop = openShop();
    await open(shop).agent.invoke('go');
    const spans = exporter.getFinishedSpans().filter(({ name }) => name === 'execute_tool shop');
    const told = spans.map(({ attributes, events }) => JSON.stringify([attributes, events]));
    expect(shop.proofs()).toHaveLength(1);
    expect(told).toHaveLength(2);
    expect(told.join('')).toContain(URL);
    expect(told.join('').toLowerCase()).not.toContain('payment-signature');
  } finally {
    trace.disable();
  }
});

test('a tool that fails with the proof, and quotes it, tells it nobody', async () => {
  const shop = openShop();
  const run: typeof shop.tool.run = async (input) => {
    if (input.headers !== undefined) throw new Error(`no answer to ${JSON.stringify(input)}`);
    return shop.tool.run(input);
  };
  const { agent } = open({ ...shop, tool: { name: 'shop', run } });
  await agent.invoke('go');
  expect(toldIn(agent.messages)).toMatchObject([{ refused: { code: 'client:not_delivered' } }]);
  expect(JSON.stringify(agent.messages).toLowerCase()).not.toContain('payment-signature');
});
