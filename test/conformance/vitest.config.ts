import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { operationsTable } from './table.ts';

// One worker: the files share what they build at the target, and a deployed stack need not bear a crowd.
export default defineConfig({
  root: join(import.meta.dirname, '..', '..'),
  test: {
    include: ['test/conformance/**/*.test.ts'],
    reporters: [operationsTable, 'default'],
    retry: 0,
    testTimeout: 120_000,
    hookTimeout: 300_000,
    pool: 'forks',
    maxWorkers: 1,
  },
});
