import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Mutant } from '../support/explorer/mutants.ts';

const root = join(import.meta.dirname, '../..');
const mutantsDir = join(root, '.bursar/simulated-mutants');

interface Planted extends Pick<Mutant, 'name' | 'edits' | 'rule'> {
  readonly from: number;
  readonly policed: boolean;
}

const SEEDS = 500;

/** Faults of policies, freezes of parts and ceilings. */
const OF_POLICIES: readonly (Omit<Planted, 'policed' | 'from'> & { readonly from?: number })[] = [
  {
    name: 'a reserve that is not counted for windows',
    edits: [
      {
        file: 'lib/service/paying/reservation.ts',
        find: '      charges: of.charges,\n      prune',
        replace: "      charges: of.charges.filter(({ kind }) => kind === 'session'),\n      prune",
      },
    ],
    rule: '(over the limit|I8)',
  },
  {
    name: 'a steal-back that is counted twice',
    edits: [
      {
        file: 'lib/domain/payment/window.ts',
        find: 'max(0n, available + sum) - givesBack',
        replace: 'max(0n, available + 2n * sum) - givesBack',
      },
    ],
    rule: '(over the limit|I11)',
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
    rule: 'a false denial',
  },
  {
    name: 'a new attempt that is counted for nothing',
    edits: [
      {
        file: 'lib/service/paying/reservation.ts',
        find: 'reserveAttempt(deps, attempted, of));',
        replace: 'reserveAttempt(deps, attempted, tries === 1 ? of : { ...of, charges: [] }));',
      },
    ],
    rule: '(I2|over the limit|I8)',
  },
  {
    name: 'freezes of parts that are looked at once only',
    edits: [
      {
        file: 'lib/service/paying/drive-payment.ts',
        find: 'gateRefusal(gate.value, session, facts)',
        replace: 'gateRefusal({ ...gate.value, freezes: new Map() }, session, facts)',
      },
    ],
    rule: 'frozen',
  },
  {
    name: 'a thaw of a part that comes late and undoes a later freeze',
    edits: [
      {
        file: 'test/support/model-operator.ts',
        find: 'if (books.gate.freezes.get(key) !== since) return { books, reply: undefined };',
        replace: '',
      },
    ],
    rule: 'frozen',
    // The first seed that shows it.
    from: 510,
  },
  {
    name: 'a ceiling that is returned twice',
    edits: [{ file: 'test/support/model-ledger.ts', find: '  left.delete(entry);\n', replace: '' }],
    rule: '(I4|the books)',
  },
];

/** Faults that the simulation must find, or it would not find ours. */
const PLANTED: readonly Planted[] = [
  ...OF_POLICIES.map((planted) => ({ from: 1, ...planted, policed: true })),
  {
    name: 'a handler that lost the decide and returns its own signature',
    edits: [
      {
        file: 'lib/service/paying/drive-payment.ts',
        find: 'deps.claims?.note(decided),\n  ]);\n  return outcomeOf(decided);',
        replace: 'deps.claims?.note(decided),\n  ]);\n  return ok({ ...payment, signatures });',
      },
    ],
    rule: 'I[57]',
    from: 1,
    policed: false,
  },
  {
    name: 'a thaw that comes late and undoes a later freeze',
    edits: [
      {
        file: 'test/support/model-operator.ts',
        find: 'if (books.gate.frozenAt !== call.args[0]) return { books, reply: undefined };',
        replace: '',
      },
    ],
    rule: 'frozen',
    // The first seed that shows it is far along; the others are left to the night.
    from: 2_300,
    policed: false,
  },
  {
    name: 'a session that reserves more than it has',
    edits: [
      {
        file: 'test/support/model-ledger.ts',
        find: '  const affordable = available === null || available >= request.amount;',
        replace: '  const affordable = available === null || available + 1n >= request.amount;',
      },
    ],
    rule: 'not an amount',
    from: 1,
    policed: false,
  },
];

async function simulateMutant({ edits, from, policed }: Planted, dir: string): Promise<string> {
  await mkdir(dir, { recursive: true });
  for (const part of ['lib', 'test/support', 'test/simulation', 'scripts']) {
    await cp(join(root, part), join(dir, part), { recursive: true });
  }
  for (const { file, find, replace } of edits) {
    const source = await readFile(join(dir, file), 'utf8');
    expect(source.split(find), `the place to plant in ${file}`).toHaveLength(2);
    await writeFile(join(dir, file), source.replace(find, replace));
  }
  return new Promise((resolve) => {
    const script = join(dir, 'scripts/simulate.ts');
    const args = [script, '--seeds', `${SEEDS}`, '--from', `${from}`, ...(policed ? ['--policed'] : [])];
    execFile(process.execPath, args, (_error, _stdout, stderr) => resolve(stderr));
  });
}

beforeAll(() => rm(mutantsDir, { recursive: true, force: true }));
afterAll(() => rm(mutantsDir, { recursive: true, force: true }));

test.each(PLANTED.map((planted, index) => [planted.name, planted, index] as const))(
  'the simulation finds %s',
  { timeout: 120_000 },
  async (_name, planted, index) => {
    const said = await simulateMutant(planted, join(mutantsDir, `${index}`));
    expect(said).toMatch(new RegExp(`^seed [0-9]+: ${planted.rule}`));
  },
);
