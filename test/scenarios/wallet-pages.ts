import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

export const PHONE = { width: 375, height: 740 };

export const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name }).waitFor();

/** Nothing that axe finds, in light and in dark; and nothing to the side on a phone. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    // By the debugger, since the page's own policy lets no other script run.
    const violations = await page.evaluate(
      `${axe.source}; axe.run(document).then(({ violations }) => violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]))`,
    );
    expect(violations, colorScheme).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(PHONE.width);
}
