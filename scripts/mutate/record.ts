import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Outcome } from './run.ts';

const SCORES = join(import.meta.dirname, 'scores.json');
const SURVIVORS = join(import.meta.dirname, 'survivors.json');

/** What became of the mutants of one file that compile. */
export interface Score {
  readonly mutants: number;
  readonly killed: number;
  readonly survived: number;
  readonly timedOut: number;
}

/** A change that no test can or need notice, named by the lines that it touches. */
export interface Survivor {
  readonly was: string;
  readonly becomes: string;
  readonly why: string;
}

type Named = Pick<Survivor, 'was' | 'becomes'>;

/** What was reached and explained, by file, as committed. */
export interface Recorded {
  readonly scores: Readonly<Record<string, Score>>;
  readonly survivors: Readonly<Record<string, readonly Survivor[]>>;
}

export function readRecord(): Recorded {
  return {
    scores: JSON.parse(readFileSync(SCORES, 'utf8')) as Recorded['scores'],
    survivors: JSON.parse(readFileSync(SURVIVORS, 'utf8')) as Recorded['survivors'],
  };
}

/** In per cent. One that makes the tests run out of time is noticed. */
export function percentOf({ mutants, survived }: Pick<Score, 'mutants' | 'survived'>): number {
  return mutants === 0 ? 100 : ((mutants - survived) / mutants) * 100;
}

/** One file's figures. */
export function scoreOf(outcomes: readonly Outcome[]): Score {
  const count = (fate: Outcome['fate']): number => outcomes.filter((one) => one.fate === fate).length;
  return {
    mutants: outcomes.length,
    killed: count('killed'),
    survived: count('survived'),
    timedOut: count('timedOut'),
  };
}

/** Several changes can read alike, on lines that are the same: one explanation is for all of them. */
function nameOf({ was, becomes }: Named): string {
  return `${was}\n${becomes}`;
}

/** What is wrong with a file's record: one line for each thing to mend. */
export function findProblems(file: string, outcomes: readonly Outcome[], { scores, survivors }: Recorded): string[] {
  const listed = survivors[file] ?? [];
  const names = new Set(listed.map(nameOf));
  const survived = outcomes.filter(({ fate }) => fate === 'survived');
  const alive = new Set(survived.map(nameOf));
  const made = new Set(outcomes.map(nameOf));
  const before = scores[file];
  const score = scoreOf(outcomes);
  return [
    ...survived
      .filter((one) => !names.has(nameOf(one)))
      .map(
        ({ line, was, becomes, reached }) =>
          `${file}:${line} survived${reached ? '' : ', no test runs it'}\n    - ${was}\n    + ${becomes}`,
      ),
    ...listed
      .filter((one) => !alive.has(nameOf(one)))
      .map((one) => {
        const state = made.has(nameOf(one)) ? 'is noticed now' : 'is not made any more';
        return `${file}: a listed survivor ${state}: take it off the list\n    - ${one.was}\n    + ${one.becomes}`;
      }),
    ...listed
      .filter(({ why }) => why.trim() === '')
      .map((one) => `${file}: a survivor without its reason: ${one.becomes}`),
    ...(before !== undefined && percentOf(score) < percentOf(before)
      ? [`${file}: ${percentOf(score).toFixed(1)} %, and ${percentOf(before).toFixed(1)} % are recorded`]
      : []),
  ];
}

/** Puts the files that were tried into the record, as it is by now. New survivors come without a reason, which somebody has to write. */
export function writeRecord(tried: ReadonlyMap<string, readonly Outcome[]>): void {
  const before = readRecord();
  const scores: Record<string, Score> = { ...before.scores };
  const survivors: Record<string, readonly Survivor[]> = { ...before.survivors };
  for (const [file, outcomes] of tried) {
    scores[file] = scoreOf(outcomes);
    const reasons = new Map((before.survivors[file] ?? []).map((one) => [nameOf(one), one.why]));
    const alive = new Map(outcomes.filter(({ fate }) => fate === 'survived').map((one) => [nameOf(one), one]));
    const listed = [...alive].map(([name, { was, becomes }]) => ({ was, becomes, why: reasons.get(name) ?? '' }));
    if (listed.length > 0) survivors[file] = listed;
    else delete survivors[file];
  }
  writeFileSync(SCORES, `${toJson(scores, 0)}\n`);
  writeFileSync(SURVIVORS, `${toJson(survivors, 2)}\n`);
}

function toJson(record: Readonly<Record<string, unknown>>, depth: number): string {
  const entries = Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (depth === 0) {
    const lines = entries.map(
      ([file, value]) => `  ${JSON.stringify(file)}: ${JSON.stringify(value, null, 1).replaceAll(/\n */g, ' ')}`,
    );
    return `{\n${lines.join(',\n')}\n}`;
  }
  return JSON.stringify(Object.fromEntries(entries), null, depth);
}
