import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Mutant } from './mutants.ts';

const ROOT = join(import.meta.dirname, '../..');
/** So many copies of files are compiled at once. */
const COPIES_MAX = 400;
/** What a scheme adds to the shapes of the core. A second copy of the file must not add it again. */
const ADDITION = /^declare module '[^']+'/gm;

interface Changed {
  readonly id: string;
  readonly path: string;
  readonly text: string;
}

/**
 * The mutants that the compiler refuses, in a copy of the sources: nobody could merge them, and they count neither way. Each is a
 * file of its own beside the original, so that one run of the compiler judges hundreds.
 */
export async function findUncompiled(mutants: readonly Mutant[]): Promise<ReadonlySet<string>> {
  const copy = join(ROOT, '.bursar', `mutate-types-${process.pid}`);
  await rm(copy, { recursive: true, force: true });
  await mkdir(copy, { recursive: true });
  try {
    await cp(join(ROOT, 'lib'), join(copy, 'lib'), { recursive: true });
    const files = [...new Set(mutants.map(({ file }) => file))];
    const sources = new Map<string, string>();
    for (const file of files) sources.set(file, await readFile(join(ROOT, file), 'utf8'));
    const additions = globSync('lib/**/*.ts', { cwd: copy })
      .map((file) => join(copy, file))
      .filter((path) => readFileSync(path, 'utf8').search(ADDITION) !== -1);
    const toChanged = (id: string, file: string, text: string): Changed => ({
      id,
      path: join(copy, file),
      text: text.replaceAll(ADDITION, (_, at: number) => `export declare namespace Added${at}`),
    });
    const unchanged = files.map((file, index) => toChanged(`file${index}`, file, sources.get(file) ?? ''));
    const [wrong] = await compileAside(copy, additions, unchanged);
    if (wrong !== undefined) throw new Error(`a copy of ${files[Number(wrong.slice('file'.length))]} does not compile`);
    const compileAll = async (changed: readonly Changed[]): Promise<Set<string>> => {
      const refused = new Set<string>();
      for (let start = 0; start < changed.length; start += COPIES_MAX) {
        const errors = await compileAside(copy, additions, changed.slice(start, start + COPIES_MAX));
        for (const id of errors) refused.add(id);
      }
      return refused;
    };
    const withMutant = (one: Mutant): Changed =>
      toChanged(one.id, one.file, applyMutant(one, sources.get(one.file) ?? ''));
    const refused = await compileAll(mutants.map(withMutant));
    // After a condition that is a constant the compiler forgets what it knew. Nobody who writes such a fault writes a constant.
    const constant = mutants.filter(({ id, replacement }) => refused.has(id) && /^(?:true|false)$/.test(replacement));
    const inWords = constant.map((one) => withMutant({ ...one, replacement: `(${one.replacement} as boolean)` }));
    const stillRefused = await compileAll(inWords);
    for (const { id } of constant) if (!stillRefused.has(id)) refused.delete(id);
    return refused;
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** The text of the file with the change made. */
export function applyMutant({ location, replacement }: Mutant, source: string): string {
  const lines = source.split('\n');
  const offset = ({ line, column }: Mutant['location']['start']): number =>
    lines.slice(0, line).reduce((sum, text) => sum + text.length + 1, 0) + column;
  return source.slice(0, offset(location.start)) + replacement + source.slice(offset(location.end));
}

/** The ids of those that have errors. */
async function compileAside(
  copy: string,
  additions: readonly string[],
  changed: readonly Changed[],
): Promise<ReadonlySet<string>> {
  const nameOf = ({ id, path }: Changed): string => join(dirname(path), `${basename(path, '.ts')}.mutant-${id}.ts`);
  await Promise.all(changed.map((one) => writeFile(nameOf(one), one.text)));
  try {
    const config = {
      extends: join(ROOT, 'tsconfig.json'),
      files: [...additions, ...changed.map(nameOf)],
      include: [],
      // What a change leaves unused could go with it.
      compilerOptions: { noEmit: true, noUnusedLocals: false, noUnusedParameters: false },
    };
    await writeFile(join(copy, 'tsconfig.json'), JSON.stringify(config));
    const output = await new Promise<string>((resolve) => {
      const command = join(ROOT, 'node_modules/.bin/tsc');
      execFile(command, ['-p', copy, '--pretty', 'false'], { maxBuffer: 2 ** 26 }, (_, stdout) => resolve(stdout));
    });
    const lines = output.split('\n');
    return new Set(lines.flatMap((line) => /\.mutant-(\w+)\.ts\(\d+,\d+\): error /.exec(line)?.[1] ?? []));
  } finally {
    await Promise.all(changed.map((one) => rm(nameOf(one))));
  }
}
