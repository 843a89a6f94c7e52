import type { Mutant } from './mutants.ts';

/** Faults of limits that are raised. */
export const OF_TOP_UPS: readonly Mutant[] = [
  {
    name: 'a top-up that forgets its client token',
    edits: [
      {
        file: 'lib/service/tenants/top-ups.ts',
        find: 'const entropy = idEntropy(deps.random, scope, clientToken)',
        replace: 'const entropy = idEntropy(deps.random, scope, undefined)',
      },
    ],
    scenario: 23,
    rule: 'I7',
  },
  {
    name: 'a limit that is raised of a session that is deleted',
    edits: [{ file: 'test/support/model-top-ups.ts', find: '    session.deleted ||\n', replace: '' }],
    scenario: 23,
    rule: 'closed',
  },
  {
    name: 'a top-up that writes what is available as it was read',
    edits: [
      {
        file: 'test/support/model-top-ups.ts',
        find: 'available: toMicroUsd((available ?? 0n) + to - from)',
        replace: 'available: to',
      },
    ],
    scenario: 22,
    rule: 'the books of session',
  },
];
