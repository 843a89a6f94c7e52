import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mutant } from './mutants.ts';

/** What an exploration prints. */
interface Line {
  readonly scenario: string;
  readonly states: number;
  readonly violation: { readonly rule: string; readonly trace: readonly string[] } | null;
}

/** Ends one that hangs. It takes a few seconds of a core, and a busy machine gives it a tenth of one. */
const EXPLORATION_TIMEOUT_MS = 600_000;
export const TEST_TIMEOUT_MS = EXPLORATION_TIMEOUT_MS + 10_000;

/** Explores in a process of its own the code that is in a directory. */
export function runExplorer(dir: string, [script, ...args]: readonly [string, ...string[]]): Promise<readonly Line[]> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ['--max-old-space-size=6000', join(dir, script), ...args],
      { maxBuffer: 2 ** 24, timeout: EXPLORATION_TIMEOUT_MS },
      (error, stdout, stderr) => {
        if (error !== null && error.code !== 1) return reject(new Error(stderr, { cause: error }));
        return resolve(
          stdout
            .trim()
            .split('\n')
            .filter(Boolean)
            .map((line) => JSON.parse(line) as Line),
        );
      },
    );
  });
}

/** Copies the code with a fault in it. Throws where the place to plant in is not there once. */
export async function plant(
  { edits }: Pick<Mutant, 'edits'>,
  { root, dir }: { readonly root: string; readonly dir: string },
): Promise<void> {
  await mkdir(dir, { recursive: true });
  for (const part of ['lib', 'test/support']) {
    await cp(join(root, part), join(dir, part), { recursive: true });
  }
  for (const { file, find, replace } of edits) {
    const source = await readFile(join(dir, file), 'utf8');
    if (source.split(find).length !== 2) throw new Error(`the place to plant in ${file} is not there once`);
    await writeFile(join(dir, file), source.replace(find, replace));
  }
}
