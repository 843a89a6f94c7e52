import { globSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { formatTable } from '../lib/cli/terminal/layout.ts';
import { findProblems, percentOf, readRecord, scoreOf, writeRecord, type Score } from './mutate/record.ts';
import { ROOMS, type Room } from './mutate/rooms.ts';
import { runMutants, type Outcome } from './mutate/run.ts';

const USAGE = `usage: npm run mutate -- [--files GLOB] [--min PERCENT] [--write]

Changes the code in small ways, one at a time, and runs the tests of its room: a change that no test notices survives. Changes
that do not compile count neither way. Every survivor must be explained in scripts/mutate/survivors.json, and every one that is
listed there must survive; a file must reach the score that scripts/mutate/scores.json has of it.

  --files GLOB   which files (default: all of all rooms)
  --min PERCENT  fails where the score of a room is lower (default 90)
  --write        puts what was found into both files; a new survivor then waits for its reason`;

const ROOT = join(import.meta.dirname, '..');

/** One room's files that are wanted, and what became of their mutants. */
interface Tried {
  readonly room: Room;
  readonly files: ReadonlyMap<string, readonly Outcome[]>;
  readonly seconds: number;
}

async function tryRoom(room: Room, wanted: ReadonlySet<string> | null): Promise<Tried> {
  const files = globSync(room.files, { cwd: ROOT })
    .toSorted()
    .filter((file) => wanted?.has(file) ?? true);
  const started = performance.now();
  const outcomes = files.length === 0 ? [] : await runMutants(files, room.tests);
  const byFile = Map.groupBy(outcomes, ({ file }) => file);
  return {
    room,
    files: new Map(files.map((file) => [file, byFile.get(file) ?? []])),
    seconds: Math.round((performance.now() - started) / 1000),
  };
}

function sumOf(scores: readonly Score[]): Score {
  const sum = (member: keyof Score): number => scores.reduce((all, score) => all + score[member], 0);
  return { mutants: sum('mutants'), killed: sum('killed'), survived: sum('survived'), timedOut: sum('timedOut') };
}

function toRow(name: string, score: Score, recorded: Score | undefined): string[] {
  const percent = (of: Score): string => `${percentOf(of).toFixed(1)} %`;
  const counts = [score.mutants, score.killed, score.survived, score.timedOut].map(String);
  return [name, ...counts, percent(score), recorded === undefined ? '' : percent(recorded)];
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      files: { type: 'string' },
      min: { type: 'string', default: '90' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const min = Number(values.min);
  const wanted = values.files === undefined ? null : new Set(globSync(values.files, { cwd: ROOT }));
  const recorded = readRecord();
  const rows = [['', 'mutants', 'killed', 'survived', 'timed out', 'score', 'recorded']];
  const problems: string[] = [];
  const tried = new Map<string, readonly Outcome[]>();
  for (const room of ROOMS) {
    const { files, seconds } = await tryRoom(room, wanted);
    if (files.size === 0) continue;
    process.stdout.write(`${room.name}: ${seconds} s\n`);
    for (const [file, outcomes] of files) {
      tried.set(file, outcomes);
      rows.push(toRow(file, scoreOf(outcomes), recorded.scores[file]));
      problems.push(...findProblems(file, outcomes, recorded));
      for (const { fate, line, becomes } of outcomes) {
        if (fate === 'timedOut') process.stdout.write(`timed out  ${file}:${line}  ${becomes}\n`);
      }
    }
    const scores = [...files.values()].map(scoreOf);
    const sum = sumOf(scores);
    if (files.size > 1) rows.push(toRow(`${room.name}, ${files.size} files`, sum, undefined));
    if (percentOf(sum) < min) problems.push(`${room.name}: ${percentOf(sum).toFixed(1)} %, expected at least ${min} %`);
  }
  if (tried.size === 0) throw new Error(`no file of the rooms that keep the score is named by ${values.files}`);
  process.stdout.write(`\n${formatTable(rows)}\n`);
  if (values.write) {
    writeRecord(tried);
    return 0;
  }
  for (const problem of problems) process.stdout.write(`\n${problem}\n`);
  return problems.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`mutate: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
