import type { Answer } from '../../contract/client-types.ts';
import type { Command } from '../program/command.ts';
import { confirm } from '../terminal/confirmation.ts';
import { done, usageError, type Outcome } from '../terminal/outcome.ts';
import { managerIdOf } from '../target/ids.ts';
import { clientOf } from '../target/target.ts';
import { formatFacts } from '../terminal/layout.ts';

type Gate = Answer<'GetGate'>['gate'];

const shared = { operandsMin: 0, operandsMax: 0, operands: '', options: {}, role: 'ControlPlaneRole' } as const;
const YES = { yes: { help: 'without being asked' } } as const;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z$/;

function describe(gate: Gate): string {
  return formatFacts({
    payments: gate.frozenAt === undefined ? 'go on' : `frozen since ${gate.frozenAt}`,
    floor: gate.floor === undefined ? 'none' : `sessions from before ${gate.floor} are closed`,
    ...(gate.frozenManagers === undefined
      ? {}
      : { managers: gate.frozenManagers.map((each) => `${managerIdOf(each.paymentManagerArn)} frozen`).join(', ') }),
  });
}

export const toldGate = ({ gate }: Answer<'GetGate'>): Outcome => done(gate, describe(gate));

export const gateShow: Command = {
  ...shared,
  name: 'gate',
  summary: 'says whether payments are frozen, and since when sessions are taken',
  examples: [['bursar gate', 'reads the gate']],
  run: async ({ deps, target }) => toldGate(await clientOf(deps, target, 'controlPlane').call('GetGate', {})),
};

export const floor: Command = {
  ...shared,
  name: 'floor',
  summary: 'closes every session that was opened before an instant, for good',
  operands: 'now|INSTANT',
  operandsMin: 1,
  operandsMax: 1,
  options: YES,
  examples: [
    ['bursar floor now', 'after a restore: nobody knows what the sessions in it have paid'],
    ['bursar floor 2026-11-28T12:00:00Z', 'closes the sessions from before noon'],
  ],
  notes: ['The floor only rises. Keys of new wallets skip ahead of all that may have been derived before it.'],
  run: async ({ deps, target, options, positionals }) => {
    const [text = ''] = positionals;
    const instant = text === 'now' ? new Date(deps.now()).toISOString() : text;
    if (!INSTANT.test(instant) || Number.isNaN(Date.parse(instant))) {
      throw usageError(`expected now or an instant in UTC such as 2026-11-28T12:00:00Z. Received: ${text}`);
    }
    await confirm(deps, options, {
      text: `close every session from before ${instant}? They cannot be opened again`,
      unasked: 'nobody is there to confirm that the sessions are closed',
      undone: 'the floor stays where it is',
    });
    return toldGate(await clientOf(deps, target, 'controlPlane').call('RaiseGateFloor', { floor: instant }));
  },
};
