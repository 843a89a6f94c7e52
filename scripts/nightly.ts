import { untilChildEnds } from './child-end.ts';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { formatTable } from '../lib/cli/terminal/layout.ts';

const USAGE = `usage: npm run nightly -- [--only NAME] [--list]

Runs the long suites one after another and prints one table. Fails where one of them does.

  --only NAME  runs one of them, or more where it is repeated
  --list       names them`;

/** A suite that takes longer than a change waits for. */
interface Suite {
  readonly name: string;
  readonly command: readonly string[];
  /** The environment variable without which there is nothing to run it on. */
  readonly needs?: string;
}

/** How a suite ended. */
interface Finished {
  readonly name: string;
  readonly result: string;
  readonly seconds: number;
}

const ROOT = join(import.meta.dirname, '..');
/** Of one suite; a suite that hangs must not keep the others from running. */
const SUITE_TIMEOUT_MS = 4 * 60 * 60_000;
const STOPPED_EXIT_CODE = 130;

/** In the order in which they run; a new one is a line here. */
const SUITES: readonly Suite[] = [
  { name: 'package matrix', command: ['npm', 'run', 'test:package', '--', '--matrix'] },
  // Node 20 and 22 come with it, and it reads more into a lockfile than npm 11 does.
  { name: 'npm 10', command: ['npx', '--yes', 'npm@10.9.4', 'ci', '--dry-run', '--ignore-scripts'] },
  { name: 'peers compile', command: ['npm', 'run', 'check:peers'] },
  { name: 'nemesis', command: ['npm', 'run', 'nemesis', '--', '--kills', '20'] },
  { name: 'rehearsal-long', command: ['npm', 'run', 'deploy:rehearsal', '--', '--long'] },
  { name: 'vectors', command: ['npm', 'run', 'test:vectors'], needs: 'VECTORS' },
  { name: 'explore', command: ['npm', 'run', 'explore'] },
  { name: 'simulate', command: ['npm', 'run', 'simulate', '--', '--seeds', '100000'] },
  { name: 'simulate policies', command: ['npm', 'run', 'simulate', '--', '--seeds', '30000', '--policed'] },
  { name: 'mutate', command: ['npm', 'run', 'mutate'] },
  { name: 'bench', command: ['npm', 'run', 'bench'] },
  { name: 'load', command: ['npm', 'run', 'bench', '--', 'load'] },
  { name: 'differential', command: ['npm', 'run', 'differential', '--', '--operations', '50000'] },
];

const say = (line: string): void => {
  process.stdout.write(`nightly  ${line}\n`);
};

function choose(): readonly Suite[] {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const names = SUITES.map(({ name }) => name);
  if (values.help || values.list) {
    process.stdout.write(`${values.help ? USAGE : names.join('\n')}\n`);
    process.exit(0);
  }
  const unknown = values.only?.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new Error(`there is no suite ${JSON.stringify(unknown)}: expected one of ${names.join(', ')}`);
  }
  return SUITES.filter(({ name }) => values.only?.includes(name) ?? true);
}

/** Runs a suite to its end, in a process group of its own, so that an end by force takes its children along. */
async function run({ name, command, needs }: Suite, interrupted: AbortSignal): Promise<Finished> {
  if (needs !== undefined && !process.env[needs]) return { name, result: `left out: ${needs} is not set`, seconds: 0 };
  const started = performance.now();
  const [program = '', ...args] = command;
  const child = spawn(program, args, { cwd: ROOT, stdio: 'inherit', detached: true });
  const end = (): void => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM');
  };
  const timer = setTimeout(end, SUITE_TIMEOUT_MS);
  interrupted.addEventListener('abort', end, { once: true });
  try {
    const result = await untilChildEnds(child, end).then(
      ({ code, signal }) => (code === 0 ? 'passed' : `failed: ${signal ?? `exit ${code}`}`),
      (error: Error) => `failed: ${error.message}`,
    );
    return { name, result, seconds: Math.round((performance.now() - started) / 1000) };
  } finally {
    clearTimeout(timer);
    interrupted.removeEventListener('abort', end);
  }
}

async function main(): Promise<number> {
  const suites = choose();
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  const finished: Finished[] = [];
  for (const [index, suite] of suites.entries()) {
    if (stop.signal.aborted) break;
    say(`${index + 1} of ${suites.length}: ${suite.name} (${suite.command.join(' ')})`);
    const one = await run(suite, stop.signal);
    finished.push(one);
    say(`${suite.name}: ${one.result}, ${one.seconds} s`);
  }
  const rows = finished.map(({ name, result, seconds }) => [name, result, `${seconds} s`]);
  process.stdout.write(`\n${formatTable([['suite', 'result', 'time'], ...rows])}\n`);
  if (stop.signal.aborted) return STOPPED_EXIT_CODE;
  return finished.some(({ result }) => result.startsWith('failed')) ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`nightly: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
