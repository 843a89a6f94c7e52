import { describe, expect, test } from 'vitest';
import { playBudgetEnd } from '../../examples/budget-end/workload.ts';
import { playAnalysis } from '../../examples/financial-analysis/workload.ts';
import { playSweep } from '../../examples/price-sweep/workload.ts';
import { playResearch } from '../../examples/research-with-strands/workload.ts';
import { formatPlayed, toSpendChart, type Played } from '../../examples/workload/main-program.ts';
import { withStack } from '../scenarios/scene.ts';

const scene = withStack();

const show = (played: Played): string => {
  const text = formatPlayed(played);
  // The report is what these tests are for: whoever runs them gets to read it.
  process.stdout.write(`${text}\n`);
  return text;
};
const paidIn = ({ report }: Played) => report.tasks.map(({ purchases }) => purchases.map(({ paidUsd }) => paidUsd));

test('the research assistant buys three sources, and is refused the fourth', async () => {
  const played = await playResearch(scene.stack);
  expect(paidIn(played)).toEqual([['0.50'], ['1.20'], ['0.80'], []]);
  expect(played.report.tasks[3]!.refused).toEqual(['bursar:budget_exceeded']);
  const report = show(played);
  expect(report).toContain('research assistant: USD 2.50 of 10.00');
  expect(report).toMatch(/^How many heat pumps are installed\? +1 +0\.50$/m);
  expect(report).toMatch(/^What changed in ten years\? +0 +0\.00 +bursar:budget_exceeded$/m);
  expect(report).toMatch(/^a task +0\.625$/m);
});

test('the financial analyst buys at once under one budget, and draws what it computed', async () => {
  const played = await playAnalysis(scene.stack);
  expect(paidIn(played)[0]!.toSorted()).toEqual(['0.50', '0.80', '1.20']);
  expect(show(played)).toContain('DE 22.2 %, FR 6.7 %, SE 42.2 %');
  expect(played.chart).toMatch(/^<svg /);
  expect(played.chart!.match(/<rect x="260"[^>]* width="260"/g)).toHaveLength(1);
});

test('an agent whose budget ends takes what it can afford, and says what is missing', async () => {
  const played = await playBudgetEnd(scene.stack);
  expect(paidIn(played)).toEqual([['0.50'], ['0.01']]);
  expect(show(played)).toContain('With too little for the best: without research-papers');
});

describe('forty forecasts for two cents each', () => {
  test('cost eighty cents, and more by other ways', async () => {
    const played = await playSweep(scene.stack);
    expect(paidIn(played)[0]).toEqual(Array.from({ length: 40 }, () => '0.02'));
    const text = show(played);
    expect(text).toContain('payments by x402 and MPP: USD 0.80');
    expect(text).toContain('a card, with its fees: USD 12.8232');
    expect(text).toContain('a month of a subscription: USD 20.00');
  });
});

test('a chart of the spending has a bar for each task, and takes names as text', () => {
  const tasks = [
    { task: 'a < b', purchases: [{ url: 'https://a.example', paidUsd: '0.50' }], refused: [], answer: '' },
    { task: 'c', purchases: [{ url: 'https://a.example', paidUsd: '0.25' }], refused: [], answer: '' },
  ];
  const chart = toSpendChart({ workload: 'test', budgetUsd: '1.00', tasks });
  expect(chart).toContain('a &lt; b');
  expect([...chart.matchAll(/<rect x="260"[^>]* width="(\d+)"/g)].map(([, width]) => width)).toEqual(['260', '130']);
});
