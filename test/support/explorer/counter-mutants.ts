import type { Mutant } from './mutants.ts';

const DRIVE = 'lib/service/paying/drive-payment.ts';
const RECOVERY = 'lib/service/sweeping/recovery.ts';
const MODEL = 'test/support/model-ledger.ts';
const WINDOWS = 'test/support/model-windows.ts';

/** Faults of what a policy counts. */
export const OF_COUNTERS: readonly Mutant[] = [
  {
    name: 'an own entry that is released without what it took of counters',
    edits: [
      { file: DRIVE, find: 'held: charges.map(toHeldCharge)', replace: 'held: charges.map(toHeldCharge).slice(1)' },
    ],
    scenario: 16,
    rule: 'I8',
  },
  {
    name: 'a sweeper that releases an entry without what it took of counters',
    edits: [{ file: RECOVERY, find: 'charges: held.charges, now', replace: 'charges: [], now' }],
    scenario: 17,
    rule: 'I8',
  },
  {
    name: 'a release that gives a counter nothing back',
    edits: [
      {
        file: MODEL,
        find: "if (kind === 'session') used.set(key, (used.get(key) ?? 0n) - quantity);",
        replace: "if (kind === 'session') continue;",
      },
    ],
    scenario: 16,
    rule: 'I8',
  },
  {
    name: 'a release that refills a window that has closed',
    edits: [{ file: MODEL, find: 'grant !== undefined && grant.closesAt > now', replace: 'grant !== undefined' }],
    scenario: 17,
    rule: 'closed',
  },
  {
    name: 'a steal-back of what is spent',
    edits: [{ file: WINDOWS, find: 'if (theirs.free < amount) return stale(books);', replace: '' }],
    scenario: 15,
    rule: 'the books of session',
  },
  {
    name: 'a session that is taken from without its window knowing',
    edits: [
      {
        file: WINDOWS,
        find: 'grants.set(sessionId, { ...theirPart, amount: theirPart.amount - amount });',
        replace: '',
      },
    ],
    scenario: 18,
    rule: '(I11|window)',
  },
  {
    name: 'a denial before the other sessions are asked',
    edits: [
      {
        file: 'lib/service/paying/window-grants.ts',
        find: 'const found = await lookAround(deps, window, asking, plan.deficit, giveUpAt);',
        replace:
          "const found = { kind: 'short', free: 0n, siblings: [] } as { kind: string; free: bigint; siblings: never[] };",
      },
    ],
    scenario: 18,
    rule: 'a false denial',
  },
  {
    name: 'a grant that is spent without being counted',
    edits: [
      {
        file: MODEL,
        find: 'grants.set(key, { ...grant, free: grant.free - quantity, used: grant.used + quantity });',
        replace: 'grants.set(key, { ...grant, used: grant.used + quantity });',
      },
    ],
    scenario: 18,
    rule: 'I11',
  },
  {
    name: 'a window that grants what it does not have',
    edits: [
      {
        file: 'lib/domain/payment/window.ts',
        find: 'if (available < missing) return',
        replace: 'if (available < 0n) return',
      },
    ],
    scenario: 14,
    rule: '(I11|over the limit)',
  },
  {
    name: 'a reserve that does not ask whether a cap has room',
    edits: [
      {
        file: MODEL,
        find: '    short.length > 0\n',
        replace: "    short.some(({ kind }) => kind === 'window')\n",
      },
    ],
    scenario: 16,
    rule: 'over the limit',
  },
  {
    name: 'a reserve that is counted for nothing',
    edits: [
      {
        file: 'lib/service/paying/reservation.ts',
        find: '      charges: of.charges,\n      prune',
        replace: '      charges: [],\n      prune',
      },
    ],
    scenario: 16,
    rule: 'over the limit',
  },
];
