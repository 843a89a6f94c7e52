import { readFileSync } from 'node:fs';

// Prints the closing line of a test run from vitest's JSON report: `tests: N passed, N failed`.
const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('usage: node scripts/summary.ts REPORT');
const report = JSON.parse(readFileSync(path, 'utf8')) as {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
};
const skipped = report.numPendingTests === 0 ? '' : `, ${report.numPendingTests} skipped`;
process.stdout.write(`tests: ${report.numPassedTests} passed, ${report.numFailedTests} failed${skipped}\n`);
if (report.numPassedTests === 0 || report.numFailedTests > 0) process.exitCode = 1;
