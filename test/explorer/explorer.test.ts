import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MUTANTS, type Mutant } from '../support/explorer/mutants.ts';
import { TWO_HANDLERS } from '../support/explorer/scenarios.ts';

interface Line {
  readonly scenario: string;
  readonly states: number;
  readonly violation: { readonly rule: string; readonly trace: readonly string[] } | null;
}

/** Ends one that hangs. It takes a few seconds of a core, and a busy machine gives it a tenth of one. */
const EXPLORATION_TIMEOUT_MS = 600_000;
const ENDING_MS = 10_000;

const root = join(import.meta.dirname, '../..');
const mutantsDir = join(root, '.bursar/mutants');

function runExplorer(dir: string, args: readonly string[]): Promise<readonly Line[]> {
  const script = join(dir, 'test/support/explorer/run.ts');
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ['--max-old-space-size=6000', script, 'two', ...args],
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

async function plant(mutant: Mutant, dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  for (const part of ['lib', 'test/support']) {
    await cp(join(root, part), join(dir, part), { recursive: true });
  }
  for (const { file, find, replace } of mutant.edits) {
    const source = await readFile(join(dir, file), 'utf8');
    expect(source.split(find), `the place to plant in ${file}`).toHaveLength(2);
    await writeFile(join(dir, file), source.replace(find, replace));
  }
}

describe('the payment path, explored exhaustively with two handlers', () => {
  test.each(TWO_HANDLERS.map(({ name }, index) => [name, index] as const))(
    'keeps the books whatever fails: %s',
    { timeout: EXPLORATION_TIMEOUT_MS + ENDING_MS },
    async (_name, index) => {
      const [line] = await runExplorer(root, ['--only', `${index}`]);
      expect(line?.violation).toBeNull();
      expect(line?.states).toBeGreaterThan(2_000);
    },
  );
});

describe('the explorer', () => {
  beforeAll(() => rm(mutantsDir, { recursive: true, force: true }));
  afterAll(() => rm(mutantsDir, { recursive: true, force: true }));

  test.each(MUTANTS.map((mutant, index) => [mutant.name, mutant, index] as const))(
    'finds %s',
    { timeout: EXPLORATION_TIMEOUT_MS + ENDING_MS },
    async (_name, mutant, index) => {
      const dir = join(mutantsDir, `${index}`);
      await plant(mutant, dir);
      const [line] = await runExplorer(dir, ['--only', `${mutant.scenario}`]);
      expect(line?.violation?.rule).toMatch(new RegExp(`^${mutant.rule}`));
    },
  );
});
