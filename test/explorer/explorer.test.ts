import { describe, expect, test } from 'vitest';
import { MUTANTS } from '../support/explorer/mutants.ts';
import { runExplorer, TEST_TIMEOUT_MS } from '../support/explorer/planting.ts';
import { TWO_HANDLERS } from '../support/explorer/scenarios.ts';

const PAYMENTS = 'test/support/explorer/run.ts';

describe('the payment path, explored exhaustively with two handlers', () => {
  test.each(TWO_HANDLERS.map(({ name }, index) => [name, index] as const))(
    'keeps the books whatever fails: %s',
    { timeout: TEST_TIMEOUT_MS },
    async (_name, index) => {
      const [line] = await runExplorer([PAYMENTS, 'two', '--only', `${index}`]);
      expect(line?.violation).toBeNull();
      expect(line?.states).toBeGreaterThan(2_000);
    },
  );
});

describe('the explorer', () => {
  test.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
    'finds %s',
    { timeout: TEST_TIMEOUT_MS },
    async (_name, mutant) => {
      const [line] = await runExplorer([PAYMENTS, 'two', '--only', `${mutant.scenario}`], mutant);
      expect(line?.violation?.rule).toMatch(new RegExp(`^${mutant.rule}`));
    },
  );
});
