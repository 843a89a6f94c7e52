import type { Answer, CallInput } from '../../contract/client-types.ts';
import { PAGE_SIZE_MAX } from '../../domain/limits.ts';
import { hashPolicy } from '../../domain/policy/index.ts';
import { wholeNumberOf } from '../program/arguments.ts';
import type { Command, Invocation } from '../program/command.ts';
import { ownerOf, readPolicyFile, SCOPE_OPTIONS } from '../policy/document.ts';
import { clientOf } from '../target/target.ts';
import { confirm } from '../terminal/confirmation.ts';
import { formatFacts, formatTable } from '../terminal/layout.ts';
import { done, usageError, type Outcome } from '../terminal/outcome.ts';

type View = Answer<'GetDataPolicy'>['spendPolicy'];

const ROLE = 'ControlPlaneRole for the deployment and managers, ManagementRole for the others';
const IF_HASH = { 'if-hash': { value: 'HASH', help: 'change that policy and no other; `none` where there is none' } };
const HISTORY_DEFAULT = 20;
const SHORT_HASH_CHARS = 12;

function describe(view: View): string {
  const facts = formatFacts({
    scope: view.scope,
    ...(view.userId === undefined ? {} : { user: view.userId }),
    ...(view.agentName === undefined ? {} : { agent: view.agentName }),
    ...(view.paymentSessionId === undefined ? {} : { session: view.paymentSessionId }),
    hash: view.hash,
    revision: `${view.revision}`,
    changed: `${view.updatedAt} by ${view.updatedBy}`,
  });
  return `${facts}\n\n${JSON.stringify(view.policy, null, 2)}`;
}

function ifHashOf({ options }: Invocation): { readonly ifHash?: string } {
  const ifHash = options.text('if-hash');
  if (ifHash === undefined) return {};
  if (/^(?:[0-9a-f]{64}|none)$/.test(ifHash)) return { ifHash };
  throw usageError(`--if-hash must be the 64 hex digits of a policy's hash, or none. Received: ${ifHash}`);
}

async function runSet(invocation: Invocation): Promise<Outcome> {
  const { deps, target, positionals } = invocation;
  const owner = ownerOf(invocation);
  const { document, written } = await readPolicyFile(deps, positionals[0]!);
  // What was read right is what the operation takes.
  const policy = written as CallInput<'PutDataPolicy'>['policy'];
  const change = { policy, ...ifHashOf(invocation) };
  const { spendPolicy } =
    owner.plane === 'control'
      ? await clientOf(deps, target, 'controlPlane').call('PutControlPolicy', { ...owner.members, ...change })
      : await clientOf(deps, target, 'management').call(
          'PutDataPolicy',
          { ...owner.members, ...change },
          { userId: target.userId },
        );
  if (spendPolicy.hash !== hashPolicy(document)) throw new Error('the deployment keeps another policy than was sent');
  return done(spendPolicy, describe(spendPolicy));
}

async function runShow(invocation: Invocation): Promise<Outcome> {
  const { deps, target } = invocation;
  const owner = ownerOf(invocation);
  const { spendPolicy } =
    owner.plane === 'control'
      ? await clientOf(deps, target, 'controlPlane').call('GetControlPolicy', owner.members)
      : await clientOf(deps, target, 'management').call('GetDataPolicy', owner.members, { userId: target.userId });
  return done(spendPolicy, describe(spendPolicy));
}

async function runRemove(invocation: Invocation): Promise<Outcome> {
  const { deps, target, options } = invocation;
  const owner = ownerOf(invocation);
  const change = ifHashOf(invocation);
  await confirm(deps, options, {
    text: `remove the spend policy of the ${owner.members.scope}? Its rules hold no longer`,
    unasked: 'nobody is there to confirm that a spend policy is removed',
    undone: 'it was not removed',
  });
  const answer =
    owner.plane === 'control'
      ? await clientOf(deps, target, 'controlPlane').call('DeleteControlPolicy', { ...owner.members, ...change })
      : await clientOf(deps, target, 'management').call(
          'DeleteDataPolicy',
          { ...owner.members, ...change },
          { userId: target.userId },
        );
  return done(answer, 'removed: what stands above it goes on to hold');
}

/** The column that is cut where the table is too wide. */
const BY = 4;
const short = (hash: string | undefined): string => hash?.slice(0, SHORT_HASH_CHARS) ?? 'none';

async function runHistory(invocation: Invocation): Promise<Outcome> {
  const { deps, target, options } = invocation;
  const owner = ownerOf(invocation);
  const page = { maxResults: `${wholeNumberOf(options, 'limit', 1, PAGE_SIZE_MAX) ?? HISTORY_DEFAULT}` };
  const answer =
    owner.plane === 'control'
      ? await clientOf(deps, target, 'controlPlane').call('ListControlPolicyChanges', { ...owner.members, ...page })
      : await clientOf(deps, target, 'management').call(
          'ListDataPolicyChanges',
          { ...owner.members, ...page },
          { userId: target.userId },
        );
  if (answer.changes.length === 0) return done(answer, 'there never was one');
  const rows = answer.changes.map((each) => [
    `${each.revision}`,
    each.changedAt,
    short(each.oldHash),
    short(each.newHash),
    each.changedBy,
  ]);
  const more = answer.nextToken === undefined ? '' : `\nthere are more: --limit ${PAGE_SIZE_MAX}`;
  const layout = { columns: deps.terminal.columns, shrink: [BY], keepEnd: [BY] };
  return done(answer, formatTable([['REVISION', 'WHEN', 'FROM', 'TO', 'BY'], ...rows], layout) + more);
}

const shared = { operands: '', operandsMin: 0, operandsMax: 0, role: ROLE } as const;

export const policySet: Command = {
  ...shared,
  name: 'policy set',
  summary: 'puts a spend policy in force, in place of the one that is there',
  operands: 'FILE',
  operandsMin: 1,
  operandsMax: 1,
  options: { ...SCOPE_OPTIONS, ...IF_HASH },
  examples: [
    ['bursar policy set limits.json', 'for the user'],
    ['bursar policy set limits.json --scope deployment --if-hash none', 'for everybody, where there is none yet'],
    ['bursar policy set limits.json --scope agent --agent buyer', 'for one agent of the manager'],
  ],
  notes: [
    'A payment has to meet every rule of the deployment, its manager, its user, its agent and its session: a narrower policy only tightens.',
  ],
  run: runSet,
};

export const policyShow: Command = {
  ...shared,
  name: 'policy show',
  summary: 'the spend policy that is in force',
  options: SCOPE_OPTIONS,
  examples: [['bursar policy show --scope deployment', 'of the deployment']],
  run: runShow,
};

export const policyRemove: Command = {
  ...shared,
  name: 'policy remove',
  summary: 'takes a spend policy out of force; its history stays',
  options: { ...SCOPE_OPTIONS, ...IF_HASH, yes: { help: 'do not ask' } },
  examples: [['bursar policy remove --scope session --yes', 'of the session that was created last']],
  run: runRemove,
};

export const policyHistory: Command = {
  ...shared,
  name: 'policy history',
  summary: 'who changed a spend policy, when, from what to what',
  options: {
    ...SCOPE_OPTIONS,
    limit: { value: 'N', help: `how many, 1 to ${PAGE_SIZE_MAX} (default ${HISTORY_DEFAULT})` },
  },
  examples: [['bursar policy history --scope manager', 'the last changes']],
  run: runHistory,
};
