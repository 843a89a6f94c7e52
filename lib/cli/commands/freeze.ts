import type { Answer, CallInput } from '../../contract/client-types.ts';
import { findNetwork } from '../../domain/assets.ts';
import type { Command, Invocation } from '../program/command.ts';
import { managerIdOf, requireManager } from '../target/ids.ts';
import { clientOf } from '../target/target.ts';
import { confirm } from '../terminal/confirmation.ts';
import { formatFacts, formatTable } from '../terminal/layout.ts';
import { done, usageError, type Outcome } from '../terminal/outcome.ts';
import { printable } from '../terminal/terminal.ts';
import { toldGate } from './gate.ts';

type Freeze = Answer<'ListFreezes'>['freezes'][number];
type Subject = CallInput<'CreateFreeze'>['subject'];

const NAMED = {
  user: 'the id of the user',
  agent: 'the name of the agent, as its calls state it',
  session: 'the id of the session',
  instrument: 'the id of the wallet',
  payee: 'the address of the payee',
  asset: 'the symbol of the token or its contract, and --network',
} as const;
const PARTS = Object.keys(NAMED);

const ROLE = 'ControlPlaneRole for the deployment and a manager, ManagementRole for the rest';
const shared = {
  operandsMin: 0,
  operandsMax: 2,
  operands: '[WHAT [NAME]]',
  role: ROLE,
} as const;
const NETWORK = { network: { value: 'NETWORK', help: 'of an asset: such as eip155:8453' } } as const;
const WHAT_NOTE = `WHAT is manager, ${PARTS.slice(0, -1).join(', ')} or asset; without it the whole deployment is meant. All but the deployment stand within one manager.`;

/** What a command line names: the deployment, a manager, or a part of one. */
type Named =
  | { readonly kind: 'deployment'; readonly members: { readonly paymentManagerArn?: never } }
  | { readonly kind: 'manager'; readonly members: { readonly paymentManagerArn: string } }
  | { readonly kind: 'part'; readonly paymentManagerArn: string; readonly subject: Subject };

function named({ positionals, options, target }: Invocation): Named {
  const [what, name] = positionals;
  const network = options.text('network');
  if (network !== undefined && what !== 'asset') throw usageError('--network is of an asset alone');
  if (what === undefined) return { kind: 'deployment', members: {} };
  if (what === 'manager') {
    if (name !== undefined) throw usageError('a manager is named with --manager');
    return { kind: 'manager', members: { paymentManagerArn: requireManager(target) } };
  }
  if (!isPart(what)) throw usageError(`expected manager, ${PARTS.join(', ')}. Received: ${printable(what)}`);
  if (name === undefined) throw usageError(`${what} needs ${NAMED[what]}`);
  return { kind: 'part', paymentManagerArn: requireManager(target), subject: subjectOf(what, name, network) };
}

function isPart(text: string): text is keyof typeof NAMED {
  return Object.hasOwn(NAMED, text);
}

function subjectOf(what: keyof typeof NAMED, name: string, network: string | undefined): Subject {
  switch (what) {
    case 'user':
      return { userId: name };
    case 'agent':
      return { agentName: name };
    case 'session':
      return { paymentSessionId: name };
    case 'instrument':
      return { paymentInstrumentId: name };
    case 'payee':
      return { payTo: name };
    case 'asset':
      if (network === undefined) throw usageError('an asset needs its network: --network eip155:8453');
      // What is no token of the deployment is refused by the operation, in its words.
      return { asset: { network, token: name } };
  }
}

function nameOf({ subject }: Freeze): string {
  if (subject === undefined) return '';
  const { asset, ...names } = subject;
  return asset === undefined ? (Object.values(names)[0] ?? '') : `${asset.token} on ${asset.network}`;
}

const told = (freeze: Freeze): Outcome =>
  done(
    freeze,
    formatFacts({
      [freeze.scope]: printable(nameOf(freeze)),
      manager: managerIdOf(freeze.paymentManagerArn),
      payments: freeze.frozenAt === undefined ? 'go on' : `frozen since ${freeze.frozenAt}`,
    }),
  );

export const freeze: Command = {
  ...shared,
  name: 'freeze',
  summary:
    'stops new payments and withdrawals at once: all, or those of one manager, user, agent, session, wallet, payee or token',
  options: NETWORK,
  examples: [
    ['bursar freeze', 'nothing new is reserved or signed from then on'],
    ['bursar freeze user ada', 'for one user of the manager'],
    [
      'bursar freeze asset USDC --network eip155:8453',
      'in a token on one network; EURC and tokens of the deployment likewise',
    ],
  ],
  notes: [
    WHAT_NOTE,
    'What was signed before is still replayed under its client token, and can still be settled until it ends. `bursar thaw` ends the freeze.',
  ],
  run: async (invocation) => {
    const { deps, target } = invocation;
    const what = named(invocation);
    if (what.kind === 'part') {
      const { paymentManagerArn, subject } = what;
      const answer = await clientOf(deps, target, 'management').call('CreateFreeze', { paymentManagerArn, subject });
      return told(answer.freeze);
    }
    return toldGate(await clientOf(deps, target, 'controlPlane').call('FreezeGate', what.members));
  },
};

export const thaw: Command = {
  ...shared,
  name: 'thaw',
  summary: 'lets payments go on after a freeze',
  options: { ...NETWORK, yes: { help: 'without being asked' } },
  examples: [
    ['bursar thaw', 'asks first'],
    ['bursar thaw user ada', 'ends the freeze of one user'],
  ],
  notes: [WHAT_NOTE],
  run: async (invocation) => {
    const what = named(invocation);
    return what.kind === 'part' ? thawPart(invocation, what) : thawGate(invocation, what);
  },
};

async function thawGate(
  { deps, target, options }: Invocation,
  { kind, members }: Exclude<Named, { kind: 'part' }>,
): Promise<Outcome> {
  const client = clientOf(deps, target, 'controlPlane');
  const now = await client.call('GetGate', {});
  const frozenAt =
    kind === 'deployment'
      ? now.gate.frozenAt
      : now.gate.frozenManagers?.find((each) => each.paymentManagerArn === members.paymentManagerArn)?.frozenAt;
  if (frozenAt === undefined) return toldGate(now);
  await confirm(deps, options, {
    text: `payments of the ${kind} are frozen since ${frozenAt}: let them go on?`,
    unasked: 'nobody is there to confirm that payments go on',
    undone: 'payments stay frozen',
  });
  return toldGate(await client.call('ThawGate', { ...members, frozenAt }));
}

async function thawPart(
  { deps, target, options }: Invocation,
  { paymentManagerArn, subject }: Extract<Named, { kind: 'part' }>,
): Promise<Outcome> {
  const client = clientOf(deps, target, 'management');
  const { freezes } = await client.call('ListFreezes', { paymentManagerArn });
  const found = freezes.find((each) => isSame(each.subject, subject));
  if (found?.frozenAt === undefined) return done({ frozen: false }, 'it is not frozen');
  const { frozenAt } = found;
  await confirm(deps, options, {
    text: `payments of ${found.scope} ${printable(nameOf(found))} are frozen since ${frozenAt}: let them go on?`,
    unasked: 'nobody is there to confirm that payments go on',
    undone: 'payments stay frozen',
  });
  return told((await client.call('EndFreeze', { paymentManagerArn, subject, frozenAt })).freeze);
}

/** Addresses are answered with their checksum, however they were typed; networks by their CAIP-2 id, tokens by symbol and contract. */
function isSame(a: Freeze['subject'], b: Subject): boolean {
  if (a === undefined) return false;
  if (a.asset === undefined || b.asset === undefined) {
    return JSON.stringify(a).toLowerCase() === JSON.stringify(b).toLowerCase();
  }
  const { network, token } = b.asset;
  const isNamed = token === a.asset.token || token.toLowerCase() === a.asset.address.toLowerCase();
  return isNamed && a.asset.network === (findNetwork(network)?.id ?? network);
}

export const freezes: Command = {
  ...shared,
  name: 'freezes',
  summary: 'lists what is frozen besides the deployment',
  operands: '',
  operandsMax: 0,
  options: {},
  role: 'ManagementRole',
  examples: [['bursar freezes', 'of all managers']],
  run: async ({ deps, target }) => {
    const answer = await clientOf(deps, target, 'management').call('ListFreezes', {});
    if (answer.freezes.length === 0) return done(answer, 'nothing is frozen but what `bursar gate` says');
    const rows = answer.freezes.map((each) => [
      each.scope,
      printable(nameOf(each)),
      managerIdOf(each.paymentManagerArn),
      each.frozenAt ?? '',
    ]);
    return done(answer, formatTable([['WHAT', 'NAME', 'MANAGER', 'SINCE'], ...rows]));
  },
};
