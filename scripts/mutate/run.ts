import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyMutant, findUncompiled } from './compile.ts';
import type { Report, Trial } from './judge.ts';
import { instrument, type Mutant } from './mutants.ts';

const ROOT = join(import.meta.dirname, '../..');
/** A mutant that blocks the process for so long, so that no test can time out, is ended from outside. */
const BLOCKED_MS = 90_000;
const POLL_MS = 500;
/** So many mutants of a room may end the process that tries them, or leave something behind. */
const PROCESSES_MAX = 60;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const STOPPED_EXIT_CODE = 130;
/** A line of a report is not longer. */
const TEXT_MAX = 200;

export type Fate = 'killed' | 'survived' | 'timedOut';

/** One change that compiles, and what became of it. */
export interface Outcome {
  readonly file: string;
  /** Counts from 1; moves when lines are added above, and is told to people only. */
  readonly line: number;
  readonly fate: Fate;
  /** Whether a test runs through it at all. */
  readonly reached: boolean;
  /** The lines that it touches, as they are and as it makes them, blanks collapsed: what names it in the list of survivors. */
  readonly was: string;
  readonly becomes: string;
}

interface Found {
  readonly fates: Map<string, Fate>;
  readonly reached: Set<string>;
  readonly careful: Set<string>;
}

/** Changes the files in small ways, one at a time, and runs the tests that reach each change, up to the first red one. */
export async function runMutants(files: readonly string[], tests: readonly string[]): Promise<readonly Outcome[]> {
  const folder = join(ROOT, '.bursar', `mutate-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  try {
    const instrumented = await instrument(files);
    writeFileSync(join(folder, 'sources.json'), JSON.stringify(instrumented));
    const uncompiled = await findUncompiled(instrumented.mutants);
    const mutants = instrumented.mutants.filter(({ id }) => !uncompiled.has(id));
    const found: Found = { fates: new Map(), reached: new Set(), careful: new Set() };
    for (let started = 0; !(await tryAll(folder, mutants, tests, found)); started += 1) {
      if (started === PROCESSES_MAX) throw new Error(`the mutants ended ${PROCESSES_MAX} processes`);
    }
    return mutants.map((mutant) => toOutcome(mutant, found));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One process, for all that is open. False where it ended before it was done. */
async function tryAll(
  folder: string,
  mutants: readonly Mutant[],
  tests: readonly string[],
  { fates, reached, careful }: Found,
): Promise<boolean> {
  const path = (name: string): string => join(folder, name);
  const trial: Trial = { mutants: mutants.map(({ id }) => id), resolved: [...fates.keys()], careful: [...careful] };
  writeFileSync(path('trial.json'), JSON.stringify(trial));
  writeFileSync(path('report.jsonl'), '');
  const ended = await runVitest(folder, tests, () => readFileSync(path('report.jsonl'), 'utf8').length);
  const lines = readFileSync(path('report.jsonl'), 'utf8').split('\n').filter(Boolean);
  const reports = lines.map((line) => JSON.parse(line) as Report);
  for (const line of reports) {
    if (line.at === 'red') throw new Error(`a test is red without a mutant: ${line.test}: ${line.message}`);
    if (line.at === 'noticed') fates.set(line.mutant, line.timedOut ? 'timedOut' : 'killed');
    if (line.at === 'reached') for (const id of line.mutants) reached.add(id);
    if (line.at === 'left_behind') careful.add(line.file);
  }
  const last = reports.findLast(({ at }) => at === 'begin');
  const leftBehind = reports.at(-1)?.at === 'left_behind';
  if (ended === 'whole') return true;
  if (leftBehind) return false;
  // The mutant has blocked the process, or ended it.
  if (last?.at !== 'begin') throw new Error('Vitest ended before it tried anything');
  fates.set(last.mutant, ended === 'blocked' ? 'timedOut' : 'killed');
  return false;
}

async function runVitest(
  folder: string,
  tests: readonly string[],
  progress: () => number,
): Promise<'whole' | 'blocked' | 'early'> {
  const child = spawn('node_modules/.bin/vitest', ['run', '--config', 'scripts/mutate/vitest.config.ts'], {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      MUTATE_TESTS: JSON.stringify(tests),
      MUTATE_SOURCES: join(folder, 'sources.json'),
      MUTATE_TRIAL: join(folder, 'trial.json'),
      MUTATE_REPORT: join(folder, 'report.jsonl'),
    },
  });
  const end = (): void => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, 'SIGKILL');
  };
  const stop = (): void => {
    end();
    process.exit(STOPPED_EXIT_CODE);
  };
  process.once('exit', end);
  for (const signal of SIGNALS) process.once(signal, stop);
  let blocked = false;
  let seen = { size: 0, since: performance.now() };
  const watch = setInterval(() => {
    const size = progress();
    if (size !== seen.size) seen = { size, since: performance.now() };
    if (performance.now() - seen.since < BLOCKED_MS) return;
    blocked = true;
    end();
  }, POLL_MS);
  await new Promise((resolve) => child.once('close', resolve));
  clearInterval(watch);
  process.removeListener('exit', end);
  for (const signal of SIGNALS) process.removeListener(signal, stop);
  if (blocked) return 'blocked';
  return readFileSync(join(folder, 'report.jsonl'), 'utf8').includes('"at":"done"') ? 'whole' : 'early';
}

function toOutcome(mutant: Mutant, { fates, reached }: Found): Outcome {
  const { id, file, location } = mutant;
  const source = readFileSync(join(ROOT, file), 'utf8');
  const { start, end } = location;
  const lines = source.split('\n');
  const changed = applyMutant(mutant, source).split('\n');
  const tail = lines.length - end.line - 1;
  return {
    file,
    line: start.line + 1,
    fate: fates.get(id) ?? 'survived',
    reached: reached.has(id),
    was: shorten(lines.slice(start.line, end.line + 1).join(' ')),
    becomes: shorten(changed.slice(start.line, changed.length - tail).join(' ')),
  };
}

function shorten(text: string): string {
  const flat = text.replaceAll(/\s+/g, ' ').trim();
  return flat.length <= TEXT_MAX ? flat : `${flat.slice(0, TEXT_MAX)}…`;
}
