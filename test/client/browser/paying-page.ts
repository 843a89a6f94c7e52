import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import {
  payInPlaywright,
  payOverCdp,
  type PagePaymentEvent,
  type PagePaymentOptions,
  type PayingPages,
} from '../../../lib/client/browser/index.ts';
import { createPayer, type PayerOptions } from '../../../lib/client/index.ts';
import { launchChromium } from '../../support/chromium.ts';
import { createBooks } from '../books.ts';

/** Ends what hangs. */
const WAIT_MAX_MS = 10_000;

type TurnOn = (page: Page, options: PagePaymentOptions) => Promise<PayingPages>;

/** By what a page is made to pay. */
export const WAYS: readonly (readonly [name: string, turnOn: TurnOn])[] = [
  ['a route of Playwright', payInPlaywright],
  ['the DevTools protocol', async (page, options) => payOverCdp(await page.context().newCDPSession(page), options)],
];

/** A browser for a whole file; each test's pages are closed after it. */
export function withBrowser(): { readonly newPage: () => Promise<Page> } {
  let browser: Browser | null = null;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterEach(async () => {
    for (const context of browser!.contexts()) await context.close();
  });
  afterAll(async () => {
    await browser?.close();
  });
  return {
    newPage: async () => {
      // What Playwright answers a page with has no address, and a page without one may not ask for what is on this machine.
      const page = await browser!.newPage({ permissions: ['local-network-access'] });
      page.setDefaultTimeout(WAIT_MAX_MS);
      return page;
    },
  };
}

export interface Opening extends Partial<PagePaymentOptions> {
  readonly budgetUsd?: string;
  readonly payerOptions?: Partial<PayerOptions>;
}

/** A page whose 402s are paid out of books in memory. */
export async function openPage(
  page: Page,
  turnOn: TurnOn,
  { budgetUsd = '10.00', payerOptions, ...more }: Opening = {},
) {
  const books = createBooks({ budgetUsd });
  const events: PagePaymentEvent[] = [];
  const payer = createPayer({
    client: books.client(),
    session: { paymentManagerArn: 'arn', paymentSessionId: 'session', userId: 'user' },
    instrument: { paymentInstrumentId: 'instrument' },
    ...payerOptions,
  });
  const paying = await turnOn(page, { payer, origins: 'any', onEvent: (event) => events.push(event), ...more });
  return { page, paying, books, events, told: () => events.map(({ type }) => type) };
}
