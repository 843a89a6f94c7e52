import { describe, expect, test } from 'vitest';
import { payOverCdp, type PagePaymentEvent } from '../../../lib/client/browser/index.ts';
import { createPayer } from '../../../lib/client/index.ts';
import { booksOf, clientOf, newUser, openSession, openWallet, sellerOf, withStack } from '../../scenarios/scene.ts';
import { openDevtoolsPage } from './devtools.ts';
import { WAYS, withBrowser } from './paying-page.ts';

// The functions that deploy, a chain, and sellers made of the official packages, which show browsers a page that asks for a wallet.

const scene = withStack();
const { newPage } = withBrowser();

/** A user with a wallet and a session of so many dollars, whose pages may pay what the sellers of the stack ask. */
async function openUser(budgetUsd: string) {
  const { stack } = scene;
  const userId = newUser();
  const wallet = await openWallet(stack, userId, 'SeedVault');
  await stack.chain.mint(wallet.address, 5_000_000n);
  const paymentSessionId = await openSession(stack, userId, budgetUsd);
  const events: PagePaymentEvent[] = [];
  const payer = createPayer({
    client: clientOf(stack, 'processPayment'),
    session: { paymentManagerArn: stack.info.paymentManagerArn, paymentSessionId, userId },
    instrument: { paymentInstrumentId: wallet.instrumentId },
  });
  const origins = [new URL(sellerOf(stack, 'weather').url).origin];
  return {
    options: { payer, origins, onEvent: (event: PagePaymentEvent) => events.push(event) },
    events,
    spent: async () => Number((await booksOf(stack, userId, paymentSessionId)).spent),
  };
}

describe.each(WAYS)('by %s', (_way, turnOn) => {
  test.each([
    ['x402 version 2, whose terms stand in a header beside a page', 'weather', 0.01, 'sunny'],
    ['x402 version 1, which shows browsers nothing but a page', 'weather-v1', 0.01, 'sunny'],
    ['MPP', 'forecast-mpp', 0.02, 'a mild winter'],
  ])('a page that is sold by %s is paid, settled and shown', async (_what, name, price, content) => {
    const { options, events, spent } = await openUser('1.00');
    const page = await newPage();
    await turnOn(page, options);
    const response = await page.goto(sellerOf(scene.stack, name).url);
    expect(response?.status()).toBe(200);
    expect(await page.locator('body').innerText()).toContain(content);
    expect(await spent()).toBe(price);
    expect(events).toMatchObject([{ type: 'delivered', settlement: { success: true } }]);
  });

  test('above the budget the seller’s own page is shown, and nothing is paid', async () => {
    const { options, events, spent } = await openUser('0.40');
    const page = await newPage();
    await turnOn(page, options);
    const response = await page.goto(sellerOf(scene.stack, 'market-data').url);
    expect([response?.status(), await spent()]).toEqual([402, 0]);
    expect(await page.content()).toContain('Payment Required');
    expect(events).toMatchObject([{ type: 'refused', code: 'bursar:budget_exceeded', mayHavePaid: false }]);
  });
});

test('a browser that is driven by messages of the DevTools protocol alone pays as well', async () => {
  const { options, events, spent } = await openUser('1.00');
  const page = await openDevtoolsPage();
  try {
    await payOverCdp(page.session, options);
    const text = await page.open(sellerOf(scene.stack, 'weather-v1').url);
    expect(events).toMatchObject([{ type: 'delivered' }]);
    expect(text).toContain('sunny');
    expect(await spent()).toBe(0.01);
  } finally {
    await page.close();
  }
});
