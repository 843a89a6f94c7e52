import { beforeEach, describe, expect, test } from 'vitest';
import type { AdapterOptions } from '../../../lib/client/frameworks/own-tools.ts';
import { withFunctions } from '../../support/functions.ts';
import { aiSdk } from './ai-sdk.ts';
import { langchain } from './langchain.ts';
import { openAiAgents } from './openai-agents.ts';
import { GOODS, openShop, openTenant, URL } from './shop.ts';
import { strands } from './strands.ts';

// What every adapter owes: the framework's own loop runs, the functions that deploy answer, and only the model is scripted.

const functions = withFunctions();
let tenant: Awaited<ReturnType<typeof openTenant>>;
beforeEach(async () => {
  tenant = await openTenant(functions);
});

const BUYS = [[{ id: 'call-1', tool: 'shop', input: { url: URL } }]];

describe.each([strands, aiSdk, langchain, openAiAgents])('an agent of $name', ({ run }) => {
  const open = (shop: ReturnType<typeof openShop>, more: Partial<AdapterOptions> = {}) =>
    run({ ...tenant.options, tools: ['shop'], ...more }, shop.tool, BUYS);

  test('gets in one result what its tool had to pay for', async () => {
    const shop = openShop();
    const { told } = await open(shop);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ toolCallId: 'call-1', refused: null });
    expect(told[0]!.text).toContain(GOODS);
    expect(shop.visits.map(({ proof }) => proof !== null)).toEqual([false, true]);
    expect(tenant.paid()).toHaveLength(1);
    expect(tenant.paid()[0]!.body['request']).toMatchObject({ url: URL, tool: 'shop' });
  });

  test('can list what it paid, by whichever tool, without a role that may list', async () => {
    const shop = openShop();
    const turns = [
      [{ id: 'call-1', tool: 'shop', input: { url: URL } }],
      [{ id: 'call-2', tool: 'fetch_paid', input: { url: URL } }],
      [{ id: 'call-3', tool: 'list_payments', input: {} }],
    ];
    const { told } = await run({ ...tenant.options, tools: ['shop'], fetch: shop.fetch }, shop.tool, turns);
    expect(told[2]!.text.match(/"amountUsd":"0\.50"/g)).toHaveLength(2);
    expect(tenant.asked.map(({ operation }) => operation)).not.toContain('ListPayments');
  });

  test('never sees a proof', async () => {
    const shop = openShop();
    const { transcript } = await open(shop);
    expect(shop.proofs()).toHaveLength(1);
    expect(transcript).toContain(GOODS);
    expect(transcript).not.toContain(shop.proofs()[0]);
    expect(transcript.toLowerCase()).not.toContain('payment-signature');
  });

  test('is told in the same result that the budget is too small, with the code for programs', async () => {
    const shop = openShop({ amount: '10000001' });
    const { told } = await open(shop, { maxPriceUsd: null });
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ toolCallId: 'call-1', refused: { code: 'bursar:budget_exceeded' } });
    expect(told[0]!.text).toMatch(/[a-z]/);
    expect(shop.visits).toHaveLength(1);
  });

  test('pays for no tool that is not on the list', async () => {
    const shop = openShop();
    const { told } = await open(shop, { tools: [] });
    expect(told).toMatchObject([{ refused: { code: 'client:tool_not_allowed' } }]);
    expect(shop.visits).toHaveLength(1);
    expect(tenant.asked).toEqual([]);
  });

  test('pays a seller once that asks again after the payment', async () => {
    const shop = openShop({ takesProofs: false });
    const { told } = await open(shop);
    expect(told).toMatchObject([{ refused: { code: 'client:not_accepted' } }]);
    expect(shop.visits).toHaveLength(2);
    expect(tenant.paid()).toHaveLength(1);
  });

  test('repeats a call, after a crash say, with the proof that it had', async () => {
    const [first, second] = [openShop(), openShop()];
    await open(first, { scope: 'run-1' });
    await open(second, { scope: 'run-1' });
    expect(second.proofs()).toEqual(first.proofs());
  });

  test('pays nothing that the policy of the program blocks', async () => {
    const shop = openShop();
    const { told } = await open(shop, { preSignPolicy: ({ tool }) => tool !== 'shop' });
    expect(told).toMatchObject([{ refused: { code: 'client:policy_blocked' } }]);
    expect(tenant.paid()).toEqual([]);
  });

  test.each([
    ['asks the program above a price', '0.49', true],
    ['asks nobody below it', '0.50', false],
  ])('%s', async (_what, approveAboveUsd, isAsked) => {
    const shop = openShop();
    const questions: string[] = [];
    const approve: AdapterOptions['approve'] = ({ amountUsd }) => {
      questions.push(amountUsd);
      return false;
    };
    const { told } = await open(shop, { approve, approveAboveUsd });
    expect(questions).toEqual(isAsked ? ['0.50'] : []);
    expect(told[0]!.refused?.code).toBe(isAsked ? 'client:not_approved' : undefined);
  });
});
