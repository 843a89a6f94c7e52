import { readFileSync } from 'node:fs';
import { join, matchesGlob, relative } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import type { Instrumented } from './mutants.ts';

const ROOT = join(import.meta.dirname, '../..');
const tests = JSON.parse(process.env['MUTATE_TESTS'] ?? '[]') as readonly string[];
const instrumented = process.env['MUTATE_SOURCES'];
const sources =
  instrumented === undefined ? {} : (JSON.parse(readFileSync(instrumented, 'utf8')) as Instrumented).sources;

/** The first red test ends a mutant, so the quick ones go first: in the order in which a room lists them. */
class RoomOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const path = relative(ROOT, moduleId);
      return tests.findIndex((pattern) => matchesGlob(path, pattern));
    };
    return files.toSorted((a, b) => place(a) - place(b) || a.moduleId.localeCompare(b.moduleId));
  }
}

export default defineConfig({
  plugins: [
    { name: 'mutants', enforce: 'pre', load: (id) => sources[relative(ROOT, id.replace(/\?.*$/, ''))] ?? null },
  ],
  test: {
    root: ROOT,
    include: [...tests],
    // What takes minutes or counts milliseconds says nothing under a mutant that the others would not.
    exclude: ['**/parallel-payments.test.ts', '**/sweep-load.test.ts', '**/planted-faults.test.ts'],
    runner: join(import.meta.dirname, 'judge.ts'),
    sequence: { sequencer: RoomOrder },
    reporters: [{}],
    // It would answer with what another run has loaded.
    fsModuleCache: false,
    silent: true,
    retry: 0,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    pool: 'forks',
    isolate: false,
    maxWorkers: 1,
  },
});
