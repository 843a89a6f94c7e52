import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
const COPY = join(ROOT, '.bursar/mutate-types');
const run = promisify(execFile);

/** A place in a file, with lines and columns from 0. */
interface Place {
  readonly line: number;
  readonly column: number;
}

export interface Change {
  readonly file: string;
  readonly start: Place;
  readonly end: Place;
  readonly replacement: string;
}

/** Tells which changes the compiler refuses, in a copy of the sources: nobody could merge them. */
export async function createCompileCheck(): Promise<(change: Change) => Promise<boolean>> {
  await rm(COPY, { recursive: true, force: true });
  await mkdir(COPY, { recursive: true });
  await cp(join(ROOT, 'lib'), join(COPY, 'lib'), { recursive: true });
  return async ({ file, start, end, replacement }) => {
    const path = join(COPY, file);
    const source = await readFile(path, 'utf8');
    const offset = ({ line, column }: Place): number =>
      source
        .split('\n')
        .slice(0, line)
        .reduce((sum, text) => sum + text.length + 1, 0) + column;
    const config = { extends: join(ROOT, 'tsconfig.json'), include: [file], compilerOptions: { noEmit: true } };
    await writeFile(join(COPY, 'tsconfig.json'), JSON.stringify(config));
    await writeFile(path, source.slice(0, offset(start)) + replacement + source.slice(offset(end)));
    try {
      await run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', COPY]);
      return true;
    } catch {
      return false;
    } finally {
      await writeFile(path, source);
    }
  };
}
