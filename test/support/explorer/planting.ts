import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Mutant } from './mutants.ts';

/** What an exploration prints. */
interface Line {
  readonly scenario: string;
  readonly states: number;
  readonly violation: { readonly rule: string; readonly trace: readonly string[] } | null;
}

/** A text that stands in for another in one file, for as long as a process lives. */
export interface PlantedEdit {
  readonly url: string;
  readonly find: string;
  readonly replace: string;
}

/** Where a process is told of its edits, as JSON. */
export const PLANTED_VARIABLE = 'EXPLORER_PLANTED';

/** Ends one that hangs. It takes a few seconds of a core, and a busy machine gives it a tenth of one. */
const EXPLORATION_TIMEOUT_MS = 600_000;
export const TEST_TIMEOUT_MS = EXPLORATION_TIMEOUT_MS + 10_000;

const root = join(import.meta.dirname, '../../..');

/**
 * Explores in a process of its own, the code as it stands or with a fault planted in it. Throws where the place to plant in is not
 * there once.
 */
export function runExplorer(
  [script, ...args]: readonly [string, ...string[]],
  { edits }: Pick<Mutant, 'edits'> = { edits: [] },
): Promise<readonly Line[]> {
  const planted = edits.map(({ file, find, replace }): PlantedEdit => {
    const path = join(root, file);
    if (readFileSync(path, 'utf8').split(find).length !== 2) {
      throw new Error(`the place to plant in ${file} is not there once`);
    }
    return { url: pathToFileURL(path).href, find, replace };
  });
  const hooks = planted.length === 0 ? [] : ['--import', join(import.meta.dirname, 'planted.ts')];
  const env = {
    ...process.env,
    [PLANTED_VARIABLE]: JSON.stringify(planted),
    // Each of many processes would strip the types of the same files.
    NODE_COMPILE_CACHE: join(root, '.cache/explorer'),
  };
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ['--max-old-space-size=6000', ...hooks, join(root, script), ...args],
      { maxBuffer: 2 ** 24, timeout: EXPLORATION_TIMEOUT_MS, env },
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
