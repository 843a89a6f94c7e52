import { expect, test } from 'vitest';
import { playResearchOverMcp } from '../../examples/research-over-mcp/workload.ts';
import { formatPlayed } from '../../examples/workload/main-program.ts';
import { withStack } from '../scenarios/scene.ts';

const scene = withStack();

test('an assistant with nothing but tools over MCP buys three sources, and is refused the fourth', async () => {
  const played = await playResearchOverMcp(scene.stack);
  const { tasks } = played.report;
  const paid = tasks.map(({ purchases }) => purchases.map(({ paidUsd }) => paidUsd));
  expect(paid).toEqual([['0.50'], ['1.20'], ['0.80'], []]);
  expect(tasks[3]!.refused).toEqual(['bursar:budget_exceeded']);
  const told = tasks.map(({ answer }) => /offered for USD ([\d.]+), (?:\d+ characters|not) read/.exec(answer)?.[1]);
  expect(told).toEqual(['0.50', '1.20', '0.80', '9.00']);
  expect(tasks.map(({ answer }) => answer.includes('not read'))).toEqual([false, false, false, true]);
  const text = formatPlayed(played);
  process.stdout.write(`${text}\n`);
  expect(text).toContain('research assistant over MCP: USD 2.50 of 10.00');
  expect(text).toMatch(/^a task +0\.625$/m);
});
