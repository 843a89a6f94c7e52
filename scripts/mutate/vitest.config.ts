import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: process.cwd(),
    include: JSON.parse(process.env['MUTATE_TESTS'] ?? '[]') as string[],
    // What takes minutes or counts milliseconds says nothing under a mutant that the others would not.
    exclude: [
      join('**', 'parallel-payments.test.ts'),
      join('**', 'sweep-load.test.ts'),
      join('**', 'planted-faults.test.ts'),
    ],
    retry: 0,
    testTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 1,
  },
});
