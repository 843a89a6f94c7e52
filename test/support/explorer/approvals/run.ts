import { exploreApprovals } from './explore.ts';
import { APPROVALS } from './scenarios.ts';

// Usage: node test/support/explorer/approvals/run.ts [INDEX]
// Prints one JSON line per scenario; exits with 1 at the first violation.
const [only] = process.argv.slice(2);
for (const scenario of only === undefined ? APPROVALS : [APPROVALS[Number(only)]!]) {
  const startedAt = performance.now();
  const result = await exploreApprovals(scenario, { statesMax: 1_000_000 });
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  process.stdout.write(`${JSON.stringify({ scenario: scenario.name, ...result, seconds })}\n`);
  if (result.violation !== null) {
    process.exitCode = 1;
    break;
  }
}
