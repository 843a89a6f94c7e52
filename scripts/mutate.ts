import { globSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';
import { formatTable } from '../lib/cli/terminal/layout.ts';
import { createCompileCheck } from './mutate/compile.ts';

const USAGE = `usage: npm run mutate -- [--files GLOB] [--min PERCENT]

Changes the code in small ways, one at a time, and runs the tests of its room: a change that no test notices survives. Changes
that do not compile count neither way. Lists every survivor, and every change that made the tests run out of time.

  --files GLOB   which files (default: all that must keep the score)
  --min PERCENT  fails where a file's score is lower (default 90)`;

const ROOT = join(import.meta.dirname, '..');
const SIMULATED = ['test/simulation/**/*.test.ts', 'test/ledger/model-ledger.test.ts'];

/** What keeps the score, and the tests that are run on it. */
const ROOMS: readonly { readonly files: string; readonly tests: readonly string[] }[] = [
  {
    files: 'lib/domain/**/*.ts',
    tests: ['test/domain/**/*.test.ts', 'test/service/paying/gate.test.ts', ...SIMULATED],
  },
  { files: 'lib/service/paying/*.ts', tests: ['test/service/paying/**/*.test.ts', ...SIMULATED] },
  { files: 'lib/service/sweeping/*.ts', tests: ['test/service/sweeping/**/*.test.ts', ...SIMULATED] },
  {
    files: 'lib/ledger/dynamodb/books/*.ts',
    tests: ['test/ledger/**/*.test.ts', 'test/service/sweeping/**/*.test.ts'],
  },
  { files: 'lib/protocols/**/*.ts', tests: ['test/protocols/**/*.test.ts'] },
  { files: 'lib/client/**/*.ts', tests: ['test/client/**/*.test.ts'] },
];

interface Scored {
  readonly file: string;
  readonly killed: number;
  readonly survived: number;
  readonly timedOut: number;
  readonly uncompiled: number;
  readonly lines: readonly string[];
}

async function mutate(file: string, tests: readonly string[], compiles: Compiles): Promise<Scored> {
  process.env['MUTATE_TESTS'] = JSON.stringify(tests);
  const stryker = new Stryker({
    mutate: [file],
    testRunner: 'vitest',
    vitest: { configFile: 'scripts/mutate/vitest.config.ts' },
    plugins: ['@stryker-mutator/vitest-runner'],
    coverageAnalysis: 'perTest',
    concurrency: 1,
    reporters: [],
    tempDirName: '.bursar/stryker',
    ignorePatterns: ['/.bursar', '/dist', '/cdk.out', '/.cache'],
    // Its own preparation of the file needs a compiler of an earlier major version.
    tsconfigFile: 'none',
    dryRunTimeoutMinutes: 30,
    allowConsoleColors: false,
  });
  const counts = { killed: 0, survived: 0, timedOut: 0, uncompiled: 0 };
  const lines: string[] = [];
  for (const { status, location, replacement = '', mutatorName } of await stryker.runMutationTest()) {
    const line = `${file}:${location.start.line}:${location.start.column} ${mutatorName}: ${replacement.slice(0, 100)}`;
    if (status === 'Killed' || status === 'RuntimeError') counts.killed += 1;
    else if (status === 'Timeout') {
      counts.timedOut += 1;
      lines.push(`ran out of time  ${line}`);
    } else if (status === 'Survived' || status === 'NoCoverage') {
      if (await compiles({ file, ...toOffsets(location), replacement })) {
        counts.survived += 1;
        lines.push(`${status === 'Survived' ? 'survived' : 'not run '}         ${line}`);
      } else counts.uncompiled += 1;
    }
  }
  return { file, ...counts, lines };
}

type Compiles = Awaited<ReturnType<typeof createCompileCheck>>;
type Location = { readonly start: Position; readonly end: Position };
type Position = { readonly line: number; readonly column: number };

/** Reports count lines and columns from 1. */
function toOffsets({ start, end }: Location): Location {
  const fromZero = ({ line, column }: Position): Position => ({ line: line - 1, column: column - 1 });
  return { start: fromZero(start), end: fromZero(end) };
}

/** Of those that compile; one that makes the tests run out of time is noticed. */
function scoreOf({ killed, survived, timedOut }: Scored): number {
  const all = killed + survived + timedOut;
  return all === 0 ? 100 : ((killed + timedOut) / all) * 100;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      files: { type: 'string' },
      min: { type: 'string', default: '90' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const min = Number(values.min);
  const wanted = values.files === undefined ? null : new Set(globSync(values.files, { cwd: ROOT }));
  const compiles = await createCompileCheck();
  const scored: Scored[] = [];
  for (const { files, tests } of ROOMS) {
    for (const file of globSync(files, { cwd: ROOT }).toSorted()) {
      if (wanted !== null && !wanted.has(file)) continue;
      const one = await mutate(file, tests, compiles);
      scored.push(one);
      process.stdout.write(`${one.lines.map((line) => `${line}\n`).join('')}${file}: ${scoreOf(one).toFixed(1)} %\n`);
    }
  }
  if (scored.length === 0) throw new Error(`no file of the rooms that keep the score is named by ${values.files}`);
  const rows = scored.map((one) => [
    one.file,
    `${scoreOf(one).toFixed(1)} %`,
    ...[one.killed, one.survived, one.timedOut, one.uncompiled].map(String),
  ]);
  const head = ['file', 'score', 'killed', 'survived', 'out of time', 'do not compile'];
  process.stdout.write(`\n${formatTable([head, ...rows])}\n`);
  return scored.every((one) => scoreOf(one) >= min) ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`mutate: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
