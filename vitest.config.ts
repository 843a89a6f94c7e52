import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // What asks a stack of its own is run by npm run conformance; the tables of x402 are not, and are run here as well.
    exclude: ['test/long/**', 'test/vectors/**', 'test/conformance/*.test.ts', 'test/conformance/x402/sellers.test.ts'],
    retry: 0,
    // These end what hangs and prove nothing: what a test takes depends on what else the machine does.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
