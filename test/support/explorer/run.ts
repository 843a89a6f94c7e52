import { exploreScenario } from './explore-scenario.ts';
import { THREE_HANDLERS, TWO_HANDLERS } from './scenarios.ts';

// Usage: node test/support/explorer/run.ts two|three [--only INDEX] [--states MAX]
// Prints one JSON line per scenario; exits with 1 at the first violation.
const [which = 'two', ...flags] = process.argv.slice(2);
const flag = (name: string): string | undefined => flags[flags.indexOf(name) + 1 || flags.length];
const statesMax = Number(flag('--states') ?? 3_000_000);
const all = which === 'three' ? THREE_HANDLERS : TWO_HANDLERS;
const only = flag('--only');
for (const scenario of only === undefined ? all : [all[Number(only)]!]) {
  const startedAt = performance.now();
  const result = await exploreScenario(scenario, {
    statesMax,
    onProgress: (states) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${scenario.name}: ${states} states`);
    },
  });
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  process.stdout.write(`${JSON.stringify({ scenario: scenario.name, ...result, seconds })}\n`);
  if (result.violation !== null) {
    process.exitCode = 1;
    break;
  }
}
