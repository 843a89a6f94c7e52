import { FunctionTool } from '@strands-agents/sdk';
import type { Page } from 'playwright-core';
import { memberOf } from '../../lib/json/record.ts';

const TEXT_MAX_CHARS = 20_000;

/** What a page came to: for models. */
type Reading = { readonly title: string; readonly text: string; readonly links: string[] };

/**
 * Tools by which a model reads in a page of a browser. They know nothing of payments.
 * @param whyUnpaid what to say of a page that was asked for a payment and not paid, in place of its text
 */
export function createBrowsingTools(page: Page, whyUnpaid: (url: string) => string | null): readonly FunctionTool[] {
  const read = async (): Promise<Reading> => {
    const unpaid = whyUnpaid(page.url());
    const text = unpaid ?? (await page.locator('body').innerText());
    const links = unpaid === null ? await page.getByRole('link').allInnerTexts() : [];
    return { title: await page.title(), text: text.slice(0, TEXT_MAX_CHARS), links };
  };
  return [
    new FunctionTool({
      name: 'open_page',
      description: 'Opens a URL in the browser, and reads what the page says and the texts of its links.',
      inputSchema: toSchema('url'),
      callback: async (input) => {
        await page.goto(textOf(input, 'url'));
        return read();
      },
    }),
    new FunctionTool({
      name: 'follow_link',
      description: 'Clicks the link with this text on the page that is open, and reads where it leads to.',
      inputSchema: toSchema('text'),
      callback: async (input) => {
        const loaded = page.waitForEvent('load');
        await Promise.all([loaded, page.getByRole('link', { name: textOf(input, 'text'), exact: true }).click()]);
        return read();
      },
    }),
  ];
}

function toSchema(member: string): object {
  return { type: 'object', properties: { [member]: { type: 'string' } }, required: [member] };
}

function textOf(input: unknown, member: string): string {
  const value = memberOf(input, member);
  if (typeof value !== 'string') throw new TypeError(`${member} must be a text`);
  return value;
}
