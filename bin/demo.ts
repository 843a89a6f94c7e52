import { startStack } from '../lib/local/stack.ts';
import { createSay } from './local-display.ts';
import { checkStory, formatSummary } from './story-summary.ts';
import { playStory } from './story.ts';

const say = createSay(process.stdout.isTTY ? process.stdout.columns : null);

// The story on a stack of its own that keeps nothing; ends with 0 only if every figure holds.
const stack = await startStack({
  port: 0,
  dataDir: null,
  fresh: 'keep',
  progress: (step) => say(`local      ${step}`),
});
try {
  const outcome = await playStory(stack, { say, userId: 'demo' });
  say(formatSummary(outcome));
  const problems = checkStory(outcome);
  for (const problem of problems) process.stderr.write(`demo       ${problem}\n`);
  say(problems.length === 0 ? '\nevery figure holds' : '\nthe story did not end as it should');
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  await stack.close();
}
