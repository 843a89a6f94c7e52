import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { APPROVAL_MUTANTS } from '../support/explorer/approvals/mutants.ts';
import { APPROVALS } from '../support/explorer/approvals/scenarios.ts';
import { plant, runExplorer, TEST_TIMEOUT_MS } from '../support/explorer/planting.ts';

const root = join(import.meta.dirname, '../..');
const mutantsDir = join(root, '.bursar/approval-mutants');
const SCRIPT = 'test/support/explorer/approvals/run.ts';

describe('an approval, explored exhaustively', () => {
  test.each(APPROVALS.map(({ name }, index) => [name, index] as const))(
    'comes to the chain once, by bytes that were kept before they left: %s',
    { timeout: TEST_TIMEOUT_MS },
    async (_name, index) => {
      const [line] = await runExplorer(root, [SCRIPT, `${index}`]);
      expect(line?.violation).toBeNull();
      expect(line?.states).toBeGreaterThan(2_000);
    },
  );
});

describe('the explorer of approvals', () => {
  beforeAll(() => rm(mutantsDir, { recursive: true, force: true }));
  afterAll(() => rm(mutantsDir, { recursive: true, force: true }));

  test.each(APPROVAL_MUTANTS.map((mutant, index) => [mutant.name, mutant, index] as const))(
    'finds %s',
    { timeout: TEST_TIMEOUT_MS },
    async (_name, mutant, index) => {
      const dir = join(mutantsDir, `${index}`);
      await plant(mutant, { root, dir });
      const [line] = await runExplorer(dir, [SCRIPT, `${mutant.scenario}`]);
      expect(line?.violation?.rule).toMatch(new RegExp(`^${mutant.rule}`));
    },
  );
});
