import type { Command, Invocation } from '../program/command.ts';
import { suggest } from '../program/suggestion.ts';
import {
  checkContextName,
  contextFile,
  listContexts,
  LOCAL_FILE,
  readContext,
  readLocalFile,
  writeCurrentContext,
} from '../target/context.ts';
import { confirm } from '../terminal/confirmation.ts';
import { formatTable } from '../terminal/layout.ts';
import { done, usageError, type Outcome } from '../terminal/outcome.ts';

const shared = { endpoint: 'none', role: 'nothing: it reads and writes files of this directory' } as const;

async function runContexts({ deps, target }: Invocation): Promise<Outcome> {
  const names = await listContexts(deps.state);
  const contexts = await Promise.all(
    names.map(async (name) => {
      const context = await readContext(deps.state, name);
      return { name, current: name === target.contextName, endpoint: context?.endpoint, userId: context?.userId };
    }),
  );
  const local = await readLocalFile(deps.state);
  if (contexts.length === 0) {
    const found = local === null ? 'none' : `none; without one, commands ask the local stack (${LOCAL_FILE})`;
    return done({ contexts }, `${found}. \`bursar init\` makes one`);
  }
  const rows = contexts.map(({ name, current, endpoint = '', userId = '' }) => [
    current ? `* ${name}` : `  ${name}`,
    userId,
    endpoint,
  ]);
  const layout = { columns: deps.terminal.columns, shrink: [1, 2] };
  return done({ contexts }, formatTable([['  CONTEXT', 'USER', 'ENDPOINT'], ...rows], layout));
}

async function requireContext({ deps, positionals }: Invocation): Promise<string> {
  const name = checkContextName(positionals[0]!);
  const names = await listContexts(deps.state);
  if (names.includes(name)) return name;
  const meant = suggest(name, names);
  throw usageError(
    `there is no context ${name}${meant === null ? '' : `: did you mean ${meant}?`}`,
    `\`bursar init --context ${name}\` makes it`,
  );
}

async function runUse(invocation: Invocation): Promise<Outcome> {
  const name = await requireContext(invocation);
  await writeCurrentContext(invocation.deps.state, name);
  const context = await readContext(invocation.deps.state, name);
  return done({ name }, `commands go to ${context?.endpoint ?? name} now, as ${context?.userId ?? 'its user'}`);
}

async function runRemove(invocation: Invocation): Promise<Outcome> {
  const { deps, options, target } = invocation;
  const name = await requireContext(invocation);
  await confirm(deps, options, {
    text: `forget the context ${name}? What it names stays where it is`,
    unasked: `nobody is there to confirm that the context ${name} is forgotten`,
    undone: 'it was kept',
  });
  await deps.state.remove(contextFile(name));
  if (target.contextName === name) await writeCurrentContext(deps.state, 'default');
  return done({ name }, `${name} is forgotten; \`bursar init --context ${name}\` finds its wallet again`);
}

export const contextList: Command = {
  ...shared,
  name: 'context',
  summary: 'the deployments that init remembers, each under a name',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {},
  examples: [['bursar context', 'which there are, and which one is used']],
  notes: ['`bursar init --context NAME` makes one; every command takes --context NAME.'],
  run: runContexts,
};

export const contextUse: Command = {
  ...shared,
  name: 'context use',
  summary: 'chooses the context of the commands that follow',
  operands: 'NAME',
  operandsMin: 1,
  operandsMax: 1,
  options: {},
  examples: [
    ['bursar context use test', 'the one that `bursar init --context test` made'],
    ['bursar context use default', 'the one without a name'],
  ],
  run: runUse,
};

export const contextRemove: Command = {
  ...shared,
  name: 'context remove',
  summary: 'forgets a context; deletes nothing in the deployment',
  operands: 'NAME',
  operandsMin: 1,
  operandsMax: 1,
  options: { yes: { help: 'do not ask' } },
  examples: [['bursar context remove test', 'asks first']],
  run: runRemove,
};
