import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MUTANTS } from '../support/explorer/mutants.ts';
import { plant, runExplorer, TEST_TIMEOUT_MS } from '../support/explorer/planting.ts';
import { TWO_HANDLERS } from '../support/explorer/scenarios.ts';

const root = join(import.meta.dirname, '../..');
const PAYMENTS = 'test/support/explorer/run.ts';
const mutantsDir = join(root, '.bursar/mutants');

describe('the payment path, explored exhaustively with two handlers', () => {
  test.each(TWO_HANDLERS.map(({ name }, index) => [name, index] as const))(
    'keeps the books whatever fails: %s',
    { timeout: TEST_TIMEOUT_MS },
    async (_name, index) => {
      const [line] = await runExplorer(root, [PAYMENTS, 'two', '--only', `${index}`]);
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
    { timeout: TEST_TIMEOUT_MS },
    async (_name, mutant, index) => {
      const dir = join(mutantsDir, `${index}`);
      await plant(mutant, { root, dir });
      const [line] = await runExplorer(dir, [PAYMENTS, 'two', '--only', `${mutant.scenario}`]);
      expect(line?.violation?.rule).toMatch(new RegExp(`^${mutant.rule}`));
    },
  );
});
