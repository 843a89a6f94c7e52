import { describe, expect, test } from 'vitest';
import { APPROVAL_MUTANTS } from '../support/explorer/approvals/mutants.ts';
import { APPROVALS } from '../support/explorer/approvals/scenarios.ts';
import { runExplorer, TEST_TIMEOUT_MS } from '../support/explorer/planting.ts';

const SCRIPT = 'test/support/explorer/approvals/run.ts';

describe('an approval, explored exhaustively', () => {
  test.each(APPROVALS.map(({ name }, index) => [name, index] as const))(
    'comes to the chain once, by bytes that were kept before they left: %s',
    { timeout: TEST_TIMEOUT_MS },
    async (_name, index) => {
      const [line] = await runExplorer([SCRIPT, `${index}`]);
      expect(line?.violation).toBeNull();
      expect(line?.states).toBeGreaterThan(2_000);
    },
  );
});

describe('the explorer of approvals', () => {
  test.each(APPROVAL_MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
    'finds %s',
    { timeout: TEST_TIMEOUT_MS },
    async (_name, mutant) => {
      const [line] = await runExplorer([SCRIPT, `${mutant.scenario}`], mutant);
      expect(line?.violation?.rule).toMatch(new RegExp(`^${mutant.rule}`));
    },
  );
});
