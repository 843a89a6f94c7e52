import { expect, test } from 'vitest';
import { playBrowsing } from '../../examples/browser-agent/workload.ts';
import { formatPlayed } from '../../examples/workload/main-program.ts';
import { withStack } from '../scenarios/scene.ts';
import { launchChromium } from '../support/chromium.ts';

const scene = withStack();

test('an agent in a browser reads two stories of a paper, and sees why it cannot read the third', async () => {
  const browser = await launchChromium();
  try {
    const played = await playBrowsing(scene.stack, browser);
    const { tasks } = played.report;
    expect(tasks.map(({ purchases }) => purchases.map(({ paidUsd }) => paidUsd))).toEqual([['0.25'], ['0.40'], []]);
    expect(tasks.map(({ refused }) => refused)).toEqual([[], [], ['bursar:budget_exceeded']]);
    const text = formatPlayed(played);
    process.stdout.write(`${text}\n`);
    expect(text).toContain('The harbour will cost 412 million');
    expect(text).toContain('a night train leaves for the coast');
    expect(text).not.toContain('since 1926');
    expect(text).toContain('browser agent: USD 0.65 of 1.00');
  } finally {
    await browser.close();
  }
});
