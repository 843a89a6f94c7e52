import { readPolicy } from '../../contract/policy.ts';
import { BODY_MAX_BYTES } from '../../domain/limits.ts';
import { POLICY_SCOPES, type PolicyDocument, type PolicyScope } from '../../domain/policy/index.ts';
import type { CliDeps, Invocation } from '../program/command.ts';
import { requireManager, requireSession } from '../target/ids.ts';
import { usageError } from '../terminal/outcome.ts';
import { printable } from '../terminal/terminal.ts';

const PROBLEMS_SHOWN_MAX = 10;
const SCHEMA_HINT = 'docs/policy.md has ten policies to begin with';

/** Reads a spend policy from a file, and what it says as JSON. Throws `CliError` that names each member which is wrong. */
export async function readPolicyFile(
  { files }: Pick<CliDeps, 'files'>,
  name: string,
): Promise<{ readonly document: PolicyDocument; readonly written: unknown }> {
  const bytes = await files.read(name, BODY_MAX_BYTES);
  if (bytes === null) throw usageError(`there is no file ${printable(name)}`);
  let written: unknown;
  try {
    written = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw usageError(`${printable(name)} is no JSON: expected a spend policy`, SCHEMA_HINT);
  }
  const read = readPolicy(written);
  if (read.ok) return { document: read.value, written };
  const shown = read.error.slice(0, PROBLEMS_SHOWN_MAX).map(({ message }) => `  ${printable(message)}`);
  const more = read.error.length > shown.length ? `\n  and ${read.error.length - shown.length} more` : '';
  throw usageError(`${printable(name)} is no spend policy:\n${shown.join('\n')}${more}`, SCHEMA_HINT);
}

export const SCOPE_OPTIONS = {
  scope: { value: 'SCOPE', help: `whose: ${POLICY_SCOPES.join(', ')} (default user)` },
  agent: { value: 'NAME', help: 'of --scope agent: as its calls state it' },
  session: { value: 'ID', help: 'of --scope session; else the one that was created last' },
} as const;

export function scopeOf({ options }: Pick<Invocation, 'options'>): PolicyScope {
  const text = options.text('scope') ?? 'user';
  const scope = POLICY_SCOPES.find((each) => each === text);
  if (scope === undefined) throw usageError(`--scope must be one of ${POLICY_SCOPES.join(', ')}. Received: ${text}`);
  return scope;
}

/** Whose policy a command line means, as the operations take it: the operator's, or the backend's. */
export type NamedOwner =
  | {
      readonly plane: 'control';
      readonly members: { readonly scope: 'deployment' | 'manager'; readonly paymentManagerArn?: string };
    }
  | {
      readonly plane: 'data';
      readonly members: {
        readonly scope: 'user' | 'agent' | 'session';
        readonly paymentManagerArn: string;
        readonly agentName?: string;
        readonly paymentSessionId?: string;
      };
    };

/** Throws `CliError` for options that do not belong to the scope, and where something is missing. */
export function ownerOf({ options, target }: Pick<Invocation, 'options' | 'target'>): NamedOwner {
  const scope = scopeOf({ options });
  const [agentName, session] = [options.text('agent'), options.text('session')];
  if (agentName !== undefined && scope !== 'agent') throw usageError('--agent is of --scope agent alone');
  if (session !== undefined && scope !== 'session') throw usageError('--session is of --scope session alone');
  if (scope === 'deployment') return { plane: 'control', members: { scope } };
  const paymentManagerArn = requireManager(target);
  switch (scope) {
    case 'manager':
      return { plane: 'control', members: { scope, paymentManagerArn } };
    case 'user':
      return { plane: 'data', members: { scope, paymentManagerArn } };
    case 'agent':
      if (agentName === undefined) throw usageError('--scope agent needs the name of the agent: --agent NAME');
      return { plane: 'data', members: { scope, paymentManagerArn, agentName } };
    case 'session':
      return {
        plane: 'data',
        members: { scope, paymentManagerArn, paymentSessionId: requireSession(target, session) },
      };
  }
}
