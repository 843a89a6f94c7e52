import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Published conformance vectors, which live outside the repository: `VECTORS=<folder> npm run test:vectors`.
export default defineConfig({
  root: join(import.meta.dirname, '..', '..'),
  test: { include: ['test/vectors/**/*.test.ts'], retry: 0, pool: 'forks', maxWorkers: 2 },
});
