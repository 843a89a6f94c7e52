import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Mutant } from '../support/explorer/mutants.ts';

const root = join(import.meta.dirname, '../..');
const mutantsDir = join(root, '.bursar/simulated-mutants');

/** Faults that the simulation must find, or it would not find ours. */
const PLANTED: readonly (Pick<Mutant, 'name' | 'edits' | 'rule'> & { readonly from: number })[] = [
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
  },
];

async function simulateMutant({ edits, from }: (typeof PLANTED)[number], dir: string): Promise<string> {
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
    const args = [join(dir, 'scripts/simulate.ts'), '--seeds', '500', '--from', `${from}`];
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
